"""The benchmark's page: every target is of a cell that is measured, and a missed one is said to be missed."""

import pytest

from slipway_bench import report, scenarios
from slipway_bench.__main__ import _flags
from slipway_bench.load import Burst
from slipway_bench.measure import Offered, Overload, Result, Results, Window
from slipway_bench.servers import SERVERS


def burst(rate: float, *, p99: float = 0.2, failed: int = 0) -> Burst:
    return Burst(rate, p99 / 2, p99, p99 * 2, failed)


def results(ratio: float, **options: float) -> Results:
    found = Results(starts={"slipway": 1.0, "kserve": 4.0}, memory={"slipway": 2**28, "kserve": 2**28})
    for cell in scenarios.CELLS:
        for name in cell.servers:
            rate = 100.0 if name.startswith("kserve") else 100.0 * ratio
            found.cells[cell, name] = Result((Window(burst(rate, **options), 0.01, 20.0),))
    return found


def verdicts(page: str) -> dict[str, bool]:
    rows = [
        line.strip("| ").split(" | ")
        for line in page.splitlines()
        if line.endswith(("| yes |", "| **no** |"))
    ]
    return {row[0]: row[-1] == "yes" for row in rows}


@pytest.mark.parametrize("ratio", [50.0, 5.0])
def test_ratios_are_judged(ratio: float) -> None:
    judged = verdicts(report.render(results(ratio), "make bench"))
    assert {target.title: judged[target.title] for target in scenarios.TARGETS} == {
        target.title: ratio >= target.must for target in scenarios.TARGETS
    }
    assert judged["start to ready, LR"]


@pytest.mark.parametrize(
    ("found", "what", "well"),
    [
        (
            Results(offered={("slipway", "LR", 10_000): Offered(burst(9_990), 0.001)}),
            "LR, 10,000 requests/s offered",
            True,
        ),
        (
            Results(offered={("slipway", "LR", 10_000): Offered(burst(9_990, p99=6), 0.001)}),
            "LR, 10,000 requests/s offered",
            False,
        ),
        (
            Results(offered={("slipway", "LR", 10_000): Offered(burst(9_990, failed=1), 0.001)}),
            "LR, 10,000 requests/s offered",
            False,
        ),
        (
            Results(offered={("slipway", "LR", 10_000): Offered(burst(8_000), 0.001)}),
            "LR, 10,000 requests/s offered",
            False,
        ),
        (Results(growth=(10**6, 1000, 1010)), "resident memory", True),
        (Results(growth=(10**6, 1000, 1030)), "resident memory", False),
        (Results(overload=Overload(200, burst(190, p99=90), 20)), "a model of 5 ms a row", True),
        (Results(overload=Overload(200, burst(170, p99=90), 20)), "a model of 5 ms a row", False),
        (Results(overload=Overload(200, burst(190, p99=110), 20)), "a model of 5 ms a row", False),
        (Results(overload=Overload(200, burst(190, p99=90), 60)), "a model of 5 ms a row", False),
    ],
)
def test_the_rest_is_judged(found: Results, what: str, well: bool) -> None:
    judged = verdicts(report.render(found, "make bench"))
    assert [verdict for title, verdict in judged.items() if title.startswith(what)] == [well]


def test_a_machine_that_becomes_slower_changes_no_ratio() -> None:
    ours, theirs = (
        Result(tuple(Window(burst(rate * speed), 0.0, 20.0) for speed in (1.0, 0.9, 0.5)))
        for rate in (300.0, 10.0)
    )
    assert ours.times(theirs) == pytest.approx(30)
    assert ours.burst.rate == pytest.approx(270)
    assert ours.spread == pytest.approx(150 / 270)


def test_a_machine_that_stops_in_one_window_changes_no_latency() -> None:
    cell = next(cell for cell in scenarios.CELLS if cell.model == "LR" and cell.connections == 1)
    windows = tuple(Window(burst(100.0, p99=p99), 0.0, 20.0) for p99 in (0.2, 5.0, 0.25))
    judged = verdicts(report.render(Results(cells={(cell, "slipway"): Result(windows)}), "make bench"))
    assert judged["LR, one connection, p99"]


def test_the_table_shows_every_server_and_failures() -> None:
    page = report.render(results(30, failed=7), "make bench")
    assert all(f"- `{name}`: {server.says}" in page for name, server in SERVERS.items())
    assert "**7 failed**" in page


def test_the_command_is_repeated_as_it_was_given() -> None:
    assert _flags(["--out", "x.md"]) == ""
    assert _flags(["--out", "x.md", "--seconds", "1"]) == " BENCH='--seconds 1'"
