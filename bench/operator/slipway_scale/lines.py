"""Reading what the stopwatch has written."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

WRITES = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Line:
    """One reconcile or one request."""

    at: float
    what: str
    seconds: float
    of: str


def read(path: Path, since: float, until: float) -> list[Line]:
    """The lines of a window of the wall clock."""
    found = []
    for text in path.read_text().splitlines():
        at, what, seconds, of = text.split(" ", 3)
        if since <= float(at) < until:
            found.append(Line(float(at), what, float(seconds), of))
    return found


def durations(lines: list[Line]) -> list[float]:
    """How long reconciles took, the shortest first."""
    return sorted(line.seconds for line in lines if line.what == "reconcile")


def requests(lines: list[Line]) -> Counter[str]:
    """How often which method was used; the lease apart."""
    return Counter(line.what for line in lines if line.what != "reconcile" and "/leases" not in line.of)


def writes(lines: list[Line]) -> int:
    """Requests that change something; the lease apart."""
    return sum(requests(lines)[method] for method in WRITES)


def route_changes(lines: list[Line]) -> int:
    """How often a route was written."""
    return sum(line.what == "PATCH" and "/httproutes/" in line.of for line in lines)


def quantile(values: list[float], share: float) -> float:
    """Of sorted values, the one that this share does not exceed."""
    return values[min(int(len(values) * share), len(values) - 1)] if values else 0.0
