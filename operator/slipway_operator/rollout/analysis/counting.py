"""From counters that only go up, pod by pod, to what each revision counted since the last reading.

A pod seen for the first time only says where it starts from: what it counted before belongs to no check. A counter
that went down is a restart, and starts from zero.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from slipway_operator.api.evidence import Counts, Evidence, PodCounts
from slipway_operator.rollout.observation import Readings

Totals = Mapping[str, int]
"""Counts by the counters' names; only those that every pod of the revision reports."""
Entries = Mapping[str, tuple[str, Totals]]
"""Pod or proxy → (revision, counts)."""


@dataclass(frozen=True)
class News:
    """What was counted since the last reading."""

    stable: Totals = field(default_factory=dict)
    canary: Totals = field(default_factory=dict)


def news(evidence: Evidence, readings: Readings, canary: str) -> News:
    """What stable's and the canary's pods have counted since ``evidence`` was read."""
    last = {part.pod: part.counts for part in evidence.pods}
    gained = [
        {
            name: (revision, _gain(last[name], counts))
            for name, (revision, counts) in entries.items()
            if name in last
        }
        for entries in (readings.pods, readings.gateway)
    ]
    theirs = [{name: part for name, part in entries.items() if part[0] != canary} for entries in gained]
    ours = [{name: part for name, part in entries.items() if part[0] == canary} for entries in gained]
    return News(stable=_merge(*theirs), canary=_merge(*ours))


def totals(readings: Readings, revision: str) -> Totals:
    """Everything that was counted of a revision, as far back as the counters go."""
    return _merge(
        *(
            {name: part for name, part in entries.items() if part[0] == revision}
            for entries in (readings.pods, readings.gateway)
        )
    )


def remember(evidence: Evidence, readings: Readings, gained: News, now: datetime) -> Evidence:
    """``evidence`` with these readings as the last ones, and the canary's cost."""
    entries = {**readings.pods, **readings.gateway}
    pods = [PodCounts(pod=pod, counts=dict(counts)) for pod, (_, counts) in sorted(entries.items())]
    cost = Counts(
        requests=evidence.canary_total.requests + gained.canary.get("requests", 0),
        errors=evidence.canary_total.errors + gained.canary.get("errors", 0),
    )
    seconds = (now - evidence.read_at).total_seconds() if evidence.read_at else 0.0
    rate = round(gained.canary.get("requests", 0) / seconds, 3) if seconds > 0 else None
    return evidence.model_copy(
        update={"pods": pods, "read_at": now, "canary_total": cost, "canary_rate": rate}
    )


def _gain(last: Mapping[str, int], counts: Totals) -> Totals:
    """What one pod counted; all of it if any counter went down."""
    known = {key: value for key, value in counts.items() if key in last}
    if any(value < last[key] for key, value in known.items()):
        return known
    return {key: value - last[key] for key, value in known.items()}


def _merge(pods: Entries, gateway: Entries) -> Totals:
    """Sums over pods and over proxies; where both count a thing, the gateway is believed."""
    return {**_sum(part for _, part in pods.values()), **_sum(part for _, part in gateway.values())}


def _sum(parts: Iterable[Totals]) -> Totals:
    parts = list(parts)
    if not parts:
        return {}
    keys = set.intersection(*(set(part) for part in parts))
    return {key: sum(part[key] for part in parts) for key in keys}
