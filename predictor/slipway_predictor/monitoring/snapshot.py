"""What one process has counted, as plain data: one is read out of `Metrics`, those of several workers are added up.

Travels between processes as JSON. A figure is added up by its meaning: counts and histograms are summed, what is under
way as well; a warning or a label set that one worker has, all have.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

Figures = tuple[list[tuple[str, float]], float]
"""A histogram: upper bounds as Prometheus writes them, each with how many values are at most that; and the sum."""

_COUNTS = ("requests", "reasons", "rejected", "filled")
_LEAST = frozenset({"process_start_time_seconds", "process_max_fds"})
"""The figures of processes of which the least stands for all; the others are summed."""


@dataclass(slots=True)
class Snapshot:
    """All figures of one or several processes that serve the same model."""

    requests: dict[str, int] = field(default_factory=dict)
    """By protocol and code, in one word with a blank between."""
    reasons: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    """By input."""
    fallbacks: int = 0
    """Requests in which a default stands in for a value."""
    filled: dict[str, int] = field(default_factory=dict)
    """Those values by input, every input with a default among them."""
    histograms: dict[str, Figures] = field(default_factory=dict)
    active: int = 0
    served: list[dict[str, str]] = field(default_factory=list)
    """Version, digest and engine; several where workers chose different engines."""
    warnings: list[str] = field(default_factory=list)
    """What was wrong at load, in one word each."""
    process: dict[str, float] = field(default_factory=dict)
    workers: int = 1
    restarts: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON document."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Read what `to_json` made."""
        return cls(**{entry.name: document[entry.name] for entry in fields(cls)})

    def left(self) -> "Snapshot":
        """Return what remains of a process that has ended: its counts."""
        counted = {name: getattr(self, name) for name in (*_COUNTS, "fallbacks", "histograms")}
        return Snapshot(**counted, workers=0, restarts=self.restarts)


def merge(snapshots: Iterable[Snapshot]) -> Snapshot:
    """Add up."""
    total = Snapshot(workers=0)
    for one in snapshots:
        for name in _COUNTS:
            _count(getattr(total, name), getattr(one, name))
        for name, figures in one.histograms.items():
            known = total.histograms.get(name)
            total.histograms[name] = figures if known is None else _add(known, figures)
        for name, value in one.process.items():
            least = name in _LEAST and name in total.process
            so_far = total.process.get(name, 0.0)
            total.process[name] = min(so_far, value) if least else so_far + value
        total.served += [about for about in one.served if about not in total.served]
        total.warnings += [word for word in one.warnings if word not in total.warnings]
        total.active += one.active
        total.fallbacks += one.fallbacks
        total.workers += one.workers
        total.restarts += one.restarts
    return total


def _count(total: dict[str, int], more: dict[str, int]) -> None:
    for key, count in more.items():
        total[key] = total.get(key, 0) + count


def _add(one: Figures, other: Figures) -> Figures:
    if [name for name, _ in one[0]] != [name for name, _ in other[0]]:
        return one  # of a worker with other bounds, which the same bundle does not give
    buckets = [(name, count + more) for (name, count), (_, more) in zip(one[0], other[0], strict=True)]
    return buckets, one[1] + other[1]
