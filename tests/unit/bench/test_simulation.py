"""The simulation judges by the operator's own code, and its tables count right."""

import numpy as np
import pytest
from tests.unit.operator.world import revision, serving, spec

from slipway_simulation import ours, peers, report
from slipway_simulation.scenarios import Cell, Result, everything
from slipway_simulation.workload import HISTORY, RAMP, Requests


def naming(cells):
    return {"requests": int(cells.sum()), "errors": int(cells[0])}


def rollout(stable, canary, checks=32):
    """The same counts in every check: (failed, answered)."""
    return Requests(
        np.tile(stable, (1, HISTORY, 1)), np.tile(stable, (1, checks, 1)), np.tile(canary, (1, checks, 1))
    )


@pytest.mark.parametrize(
    ("canary", "verdict"), [((1, 149), "Pass"), ((30, 120), "Fail"), ((0, 2), "Inconclusive")]
)
def test_the_simulated_verdict_is_the_operators(canary, verdict):
    (outcome,) = ours.judge(rollout((2, 598), canary), "error-rate", naming)
    assert outcome.verdict == verdict
    world = serving("1")
    world.load = 0.0
    world.apply(spec("2", steps=((20, "5m"),), analysis={"interval": "2s"}))
    for _ in range(2 * 32 + 8):
        world.count(revision("1"), 300, errors=1)
        world.count(revision("2"), sum(canary) // 2, errors=canary[0] // 2)
        world.tick()
        if world.status.failed:
            break
    judged = "Fail" if world.status.failed else world.status.analysis[0].verdict
    assert judged == verdict


def test_flaggers_rule_counts_failed_checks_and_acts_a_tick_later():
    bad = np.array([[True, False, True, True, False, False]])
    last, verdict = peers.limited(bad, 3, 1)
    assert (last[0], verdict[0]) == (4, "Fail")
    assert peers.limited(bad, 4)[1][0] == "Pass"


def test_no_requests_are_a_failed_check_for_the_peers():
    nothing = np.zeros((1, 32, 2), dtype=int)
    assert peers.error_rules(nothing)["Flagger T=5"][1][0] == "Fail"


def test_quantile_is_prometheus_own():
    bounds = np.array([1.0, 2.0, 4.0])
    cells = np.array([[10, 10, 0, 0]])
    assert peers.quantile(cells, bounds, 0.75)[0] == 1.5
    assert np.isnan(peers.quantile(np.zeros((1, 4), dtype=int), bounds, 0.5)[0])
    assert peers.quantile(np.array([[0, 0, 0, 5]]), bounds, 0.5)[0] == 4.0


def test_every_cell_has_a_name_of_its_own_and_runs():
    cells = list(everything(2))
    names = {(cell.signal, cell.scenario, cell.rate) for cell in cells}
    assert len(names) == len(cells)
    quick = next(cell for cell in cells if cell.rate == 1.0 and "A/A" in cell.scenario)
    assert set(quick.run(seed=1)) >= {"Slipway", "Flagger T=5", "Argo as documented"}
    assert len(RAMP) == 32


def test_what_does_not_hold_is_told():
    good = Cell("errors", "A/A", 1.0, 4, lambda *_: {}, good=True)
    result = Result(np.array(["Fail", "Pass", "Pass", "Pass"]), np.ones(4), np.ones(4))
    (row,) = report.rows(good, {"Slipway": result})
    assert (row.rolled_back, row.promoted, row.inconclusive) == (25.0, 75.0, 0.0)
    assert report.broken([row]) == ["25.00 % false rollbacks: errors, A/A, 1/s"]
    assert report.broken(report.rows(good, {"Flagger": result})) == []
