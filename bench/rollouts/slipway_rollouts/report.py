"""What clients noticed: failed requests, and latencies around changes of the route beside those at other times. Pure."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from slipway_demo.traffic import Answer

WINDOW = 4.0
"""Seconds; a change of the route lies in the middle of its window."""
STARTING = 10.0
"""Seconds for which pods that were asked for are busy with their start: imports, gates, the cluster's own work."""


@dataclass(frozen=True)
class Seen:
    """All of it."""

    done: Counter[str]
    requests: int
    failed: int
    reasons: Counter[str]
    """Failed requests by status, revision and words."""
    changes: int
    with_change: float
    """p99 in seconds of a window with a change, the median of all such windows."""
    calm_change: float
    """The same where no pod was starting."""
    without: float


def summary(
    done: Sequence[str], answers: Sequence[Answer], changes: Sequence[float], starts: Sequence[float]
) -> Seen:
    """``changes``: when the route was changed, ``starts``: when pods were asked for, on the answers' clock."""
    ordered = sorted(answers, key=lambda answer: answer.at)
    first, last = (ordered[0].at, ordered[-1].at) if ordered else (0.0, 0.0)
    near = {at: _p99(_between(ordered, at - WINDOW / 2, at + WINDOW / 2)) for at in changes}
    calm = [p99 for at, p99 in near.items() if not any(start < at < start + STARTING for start in starts)]
    windows = [first + index * WINDOW for index in range(int((last - first) // WINDOW))]
    quiet = [at for at in windows if all(not at - WINDOW < change < at + 2 * WINDOW for change in changes)]
    far = [_p99(_between(ordered, at, at + WINDOW)) for at in quiet]
    return Seen(
        done=Counter(done),
        requests=len(answers),
        failed=sum(answer.failed for answer in answers),
        reasons=Counter(map(_reason, (answer for answer in answers if answer.failed))),
        changes=len(changes),
        with_change=_median(near.values()),
        calm_change=_median(calm),
        without=_median(far),
    )


def table(seen: Seen) -> str:
    """As it is committed."""
    ways = ", ".join(f"{count} {name}" for name, count in seen.done.items())
    windows = f"p99 in windows of {WINDOW:g} s, median of all windows: with a change / without"
    calm = f"the same, of the changes that came more than {STARTING:g} s after pods were asked for"
    return "\n".join(
        [
            "| | must | is |",
            "|---|---|---|",
            f"| rollouts and ways back | 30 | {sum(seen.done.values())}: {ways} |",
            f"| requests | ≥ 100,000 | {seen.requests:,} |",
            f"| failed | 0 | {seen.failed} |",
            f"| changes of the route | | {seen.changes} |",
            f"| {windows} | ≤ 2 × | {_beside(seen.with_change, seen.without)} |",
            f"| {calm} | | {_beside(seen.calm_change, seen.without)} |",
        ]
    )


def failures(seen: Seen) -> str:
    """What failed, the most frequent first."""
    return "".join(f"  {number} × {reason}\n" for reason, number in seen.reasons.most_common(10))


def _beside(seconds: float, usual: float) -> str:
    ratio = seconds / usual if usual else float("nan")
    return f"{1000 * seconds:.1f} ms / {1000 * usual:.1f} ms ({ratio:.2f} ×)"


def _median(values: Iterable[float | None]) -> float:
    return median([value for value in values if value is not None] or [0.0])


def _reason(answer: Answer) -> str:
    return f"{answer.status or 'no answer'} by {answer.revision or 'the gateway'}: {answer.error[:100]}"


def _between(ordered: Sequence[Answer], start: float, end: float) -> list[float]:
    begin, past = (bisect_left(ordered, moment, key=lambda answer: answer.at) for moment in (start, end))
    return [answer.seconds for answer in ordered[begin:past]]


def _p99(seconds: list[float]) -> float | None:
    return sorted(seconds)[int(0.99 * (len(seconds) - 1))] if seconds else None
