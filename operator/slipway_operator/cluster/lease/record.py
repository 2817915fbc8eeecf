"""The Lease's record, and when it may be taken. Pure.

The times that stand in the record are for people. What counts is for how long *we* have seen the record stand still, by
our own monotonic clock: the clocks of two nodes need not agree.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]

DURATION = 15
"""Seconds from the last sign of life of the holder until another one may take over."""
RENEW_DEADLINE = 10.0
"""Seconds from the last successful renewal until the holder stops acting by itself."""
RETRY = 2.0
"""Seconds between two renewals, and between two looks of those who wait."""


def holder(lease: Json) -> str:
    """Who holds it; empty where nobody does."""
    return lease.get("spec", {}).get("holderIdentity") or ""


def held(lease: Json, identity: str, now: datetime) -> Json:
    """The lease as ``identity`` holds it now."""
    spec = lease.get("spec", {})
    moment = _micro(now)
    ours = {"holderIdentity": identity, "leaseDurationSeconds": DURATION, "renewTime": moment}
    if holder(lease) != identity:
        ours |= {"acquireTime": moment, "leaseTransitions": spec.get("leaseTransitions", 0) + 1}
    return {**lease, "spec": spec | ours}


def released(lease: Json, now: datetime) -> Json:
    """The lease given up: whoever waits may take it at the next look."""
    spec = {**lease["spec"], "holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": _micro(now)}
    return {**lease, "spec": spec}


@dataclass
class Sight:
    """For how long a lease has been seen to stand still."""

    _spec: Json = field(default_factory=dict)
    _since: float = 0.0

    def is_free(self, lease: Json, now: float) -> bool:
        """Whether it may be taken at ``now``, in seconds of any one clock that is never set."""
        spec = lease.get("spec", {})
        if spec != self._spec:
            self._spec, self._since = spec, now
        return not holder(lease) or now - self._since >= spec.get("leaseDurationSeconds", DURATION)


def _micro(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
