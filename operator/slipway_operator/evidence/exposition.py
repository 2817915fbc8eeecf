"""Reading a Prometheus exposition for a few of its series."""

from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from slipway_operator.rollout.analysis.signals import SLOWER


def samples(text: str, *series: str) -> Iterator[Sample]:
    """The samples whose lines begin with one of ``series``; the rest is not parsed.

    Raises ValueError for a text that is none.
    """
    lines = [line for line in text.splitlines() if line.startswith(series)]
    for family in text_string_to_metric_families("\n".join(lines) + "\n"):
        yield from family.samples


def slower(below: dict[str, int]) -> dict[str, int]:
    """The counters of a latency signal from a histogram: upper bounds in seconds, each with how many took no longer."""
    total = below.get("+Inf")
    if total is None:
        return {}
    return {"timed": total} | {
        f"{SLOWER}{bound}": total - count for bound, count in below.items() if bound != "+Inf"
    }
