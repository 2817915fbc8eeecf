"""Counting answers by version: how many, how many failed, how many agree with the model's own offline answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slipway_demo.traffic import Answer


@dataclass(frozen=True)
class Tally:
    """Answers of one version."""

    requests: int = 0
    failed: int = 0
    agreed: int = 0
    """Answers that are what the model itself says offline."""
    p50: float = 0.0
    """Milliseconds, median."""
    p99: float = 0.0
    """Milliseconds, 99th percentile."""

    @property
    def answered(self) -> int:
        """Requests that got an answer."""
        return self.requests - self.failed


def tally(answers: Iterable[Answer], offline: Sequence[Any]) -> Tally:
    """Count ``answers`` against the model's own ``offline`` labels, by row."""
    found = list(answers)
    good = [answer for answer in found if not answer.failed]
    times = sorted(answer.seconds * 1000 for answer in good)
    return Tally(
        requests=len(found),
        failed=len(found) - len(good),
        agreed=sum(answer.label == offline[answer.row] for answer in good),
        p50=times[len(times) // 2] if times else 0.0,
        p99=times[len(times) * 99 // 100] if times else 0.0,
    )


def by_revision(answers: Iterable[Answer]) -> Mapping[str, list[Answer]]:
    """Answers by the revision that gave them; those of nobody under the empty name."""
    groups: dict[str, list[Answer]] = {}
    for answer in answers:
        groups.setdefault(answer.revision, []).append(answer)
    return groups


def split(answers: Sequence[Answer], since: float, revision: str) -> float | None:
    """The share (0 to 1) of ``revision`` among the answers that left after ``since``; None without any."""
    recent = [answer for answer in answers if answer.at >= since]
    if not recent:
        return None
    return sum(answer.revision == revision for answer in recent) / len(recent)
