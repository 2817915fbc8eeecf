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

    def note(self, key: Key, body: dict[str, Any], wanted: Sequence[str]) -> None:
        """Enter or renew a ModelDeployment."""
        held = body.get("status", {}).get("hostnames", [])
        created = body["metadata"].get("creationTimestamp", "")
        self._claims[key] = Claim(created, frozenset(wanted), frozenset(held))

    def forget(self, key: Key) -> None:
        """The ModelDeployment is gone."""
        self._claims.pop(key, None)

    def conflict(self, key: Key, hostname: str) -> Key | None:
        """The other ModelDeployment that this host name belongs to; None if it is ours."""
        rivals = [
            (hostname not in claim.held, claim.created, other)
            for other, claim in self._claims.items()
            if hostname in claim.wanted
        ]
        first = min(rivals, default=None)
        return first[2] if first and first[2] != key else None

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
