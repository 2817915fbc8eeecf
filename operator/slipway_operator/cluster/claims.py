"""Who holds which host name, over all ModelDeployments that are watched.

A name is held by the one whose status already lists it; among those that only ask for it, by the oldest. What is
here is a view of the cluster, seeded by a list at the start and kept up by the watch: it may be lost at any time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slipway_operator.api import reasons
from slipway_operator.rollout.observation import Problem

Key = tuple[str, str]
"""Namespace and name of a ModelDeployment."""


@dataclass(frozen=True)
class Claim:
    """The host names one ModelDeployment asks for, and those that it holds."""

    created: str
    wanted: frozenset[str]
    held: frozenset[str]


class Claims:
    """The register of host names."""

    def __init__(self) -> None:
        self._claims: dict[Key, Claim] = {}
        self._askers: dict[str, set[Key]] = {}
        """Host name → who asks for it."""

    def note(self, key: Key, body: dict[str, Any], wanted: Sequence[str]) -> None:
        """Enter or renew a ModelDeployment."""
        held = body.get("status", {}).get("hostnames", [])
        created = body["metadata"].get("creationTimestamp", "")
        self.forget(key)
        self._claims[key] = Claim(created, frozenset(wanted), frozenset(held))
        for hostname in wanted:
            self._askers.setdefault(hostname, set()).add(key)

    def forget(self, key: Key) -> None:
        """The ModelDeployment is gone."""
        claim = self._claims.pop(key, None)
        for hostname in claim.wanted if claim else ():
            askers = self._askers[hostname]
            askers.discard(key)
            if not askers:
                del self._askers[hostname]

    def conflict(self, key: Key, hostname: str) -> Key | None:
        """The other ModelDeployment that this host name belongs to; None if it is ours."""
        rivals = []
        for other in self._askers.get(hostname, ()):
            claim = self._claims[other]
            rivals.append((hostname not in claim.held, claim.created, other))
        first = min(rivals, default=None)
        return first[2] if first and first[2] != key else None

    def rivals(self, key: Key) -> set[Key]:
        """The others that ask for a host name of this one."""
        claim = self._claims.get(key)
        askers = (self._askers[hostname] for hostname in claim.wanted) if claim else ()
        return set().union(*askers) - {key}

    def problem(self, key: Key, hostnames: Sequence[str]) -> Problem | None:
        """The sentence for the first of ``hostnames`` that belongs to another; None if all are ours."""
        for hostname in hostnames:
            if holder := self.conflict(key, hostname):
                namespace, name = holder
                return Problem(
                    reasons.HOSTNAME_CONFLICT,
                    f"host name {hostname} belongs to ModelDeployment {name} in namespace {namespace}:"
                    " give one of the two another name in spec.traffic.hostnames",
                )
        return None
