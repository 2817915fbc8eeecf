"""What h2load saw, summed up."""

from pathlib import Path

import numpy as np
import pytest

from slipway_bench import load
from slipway_bench.tools import BenchError

TOOLS, BODY = None, Path("body")


def table(statuses: list[int], *, spacing: float, took: float) -> np.ndarray:
    starts = 1.7e15 + np.arange(len(statuses)) * spacing
    return np.column_stack([starts, statuses, np.full(len(statuses), took)])


def offered(monkeypatch: pytest.MonkeyPatch, seen: np.ndarray) -> load.Burst:
    monkeypatch.setattr(load, "_h2load", lambda *_: seen)
    return load.offered(TOOLS, "http://127.0.0.1", BODY, 10_000, 499, 0.1, Path())


def test_the_rate_is_that_of_the_answers_while_all_connections_send(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = table([200] * 1000, spacing=100, took=500)
    seen[:20, 0] -= np.linspace(1e6, 0, 20)  # the first connections are alone for a while
    seen[:20, 2] = 9e5
    burst = offered(monkeypatch, seen)
    assert burst.rate == pytest.approx(10_000, rel=0.01)
    assert (burst.p50, burst.p99, burst.failed) == (0.5, 0.5, 0)


def test_refused_and_failed_requests_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    burst = offered(monkeypatch, table([200] * 90 + [503] * 7 + [500] * 2 + [-1], spacing=100, took=500))
    assert (burst.refused, burst.failed) == (7, 3)
    assert burst.rate == pytest.approx(10_000 * 85.5 / 90, rel=0.05), (
        "what was not answered counts as answered"
    )


def test_no_good_answer_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BenchError, match="status 404"):
        offered(monkeypatch, table([404] * 10, spacing=100, took=500))
