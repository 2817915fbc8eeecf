"""Numbers of the user's own with bounds, tick by tick."""

import pytest
from tests.unit.operator.world import revision, serving, spec

from slipway_operator.api import reasons
from slipway_operator.rollout.observation import Measured

V1, V2 = revision("1"), revision("2")
PROMETHEUS = {"url": "http://prometheus:9090", "query": "up"}
STEPS = ((10, "20s"), (50, "30s"))


def own(of=None, dry=None, **threshold):
    bounds = {"max": 0.2, "window": "4s", **threshold}
    metric = {"name": "refunds", "prometheus": PROMETHEUS, "threshold": bounds | ({"of": of} if of else {})}
    return metric | ({"dryRun": dry} if dry is not None else {})


def rolling(*metrics, steps=STEPS, load=200.0, **analysis):
    """Version 2 on its way, its own metric at 0.1 unless the test says otherwise."""
    world = serving("1")
    world.load = load
    world.measured = {"refunds": Measured(0.1)}
    world.apply(spec("2", steps=steps, analysis={"interval": "2s", "metrics": list(metrics), **analysis}))
    return world


def look(world):
    return next(part for part in world.status.analysis if part.metric == "refunds")


def test_a_number_within_its_bounds_lets_the_canary_pass():
    world = rolling(own())
    world.run_until("Healthy")
    assert world.status.stable.revision == V2
    assert look(world).verdict == "Pass"
    assert look(world).message.startswith("the canary's value is 0.1 (allowed: at most 0.2); 0 of ")
    assert (look(world).source, look(world).canary) == ("prometheus", "0.1")


def test_a_number_out_of_bounds_too_often_takes_the_canary_back():
    world = rolling(own())
    world.measured["refunds"] = Measured(0.3)
    world.run_until("RolledBack")
    assert world.status.failed.reason == reasons.OUT_OF_BOUNDS
    assert "refunds: the canary's value is 0.3 (allowed: at most 0.2); 3 of 3 checks out of bounds" in (
        world.status.failed.message
    )


def test_as_many_failed_checks_as_its_limit_says_are_put_up_with():
    world = rolling(own(failureLimit=2))
    world.run(14)
    world.measured["refunds"] = Measured(0.3)
    before = look(world)
    while world.status.evidence.thresholds[0].failed < 2:
        world.tick()
    world.measured["refunds"] = Measured(0.1)
    world.run_until("Healthy")
    assert before.verdict in ("Pass", "Inconclusive")
    assert world.status.stable.revision == V2


@pytest.mark.parametrize(
    ("of", "canary", "stable", "good"),
    [
        ("Ratio", 0.3, 0.2, False),
        ("Ratio", 0.3, 0.29, True),
        ("Difference", 0.5, 0.2, True),
        ("Difference", 0.9, 0.2, False),
    ],
)
def test_a_number_can_be_held_against_stable_s(of, canary, stable, good):
    world = rolling(own(of, max=1.1 if of == "Ratio" else 0.4))
    world.measured["refunds"] = Measured(canary, stable)
    world.run_until("Healthy" if good else "RolledBack")
    assert f"the {of.lower()} is " in look(world).message
    assert f"the canary's {canary} to stable's {stable}" in look(world).message


def test_a_dry_run_tells_and_does_not_decide():
    world = rolling(own(dry=True))
    world.measured["refunds"] = Measured(0.3)
    world.run(35)
    assert (look(world).verdict, look(world).dry_run) == ("Fail", True)
    assert world.status.canary, "a dry run must not take a canary back"


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        (Measured(message="the query gives no series"), "Inconclusive"),
        (Measured(message="Prometheus answers 503", error=True), "Error"),
    ],
)
def test_without_a_number_the_canary_neither_passes_nor_fails(measured, verdict):
    world = rolling(own())
    world.measured["refunds"] = measured
    world.run(200)
    assert world.status.canary, "no number is no reason to go back"
    assert world.status.weight == 50, "and none to go on"
    assert (look(world).verdict, look(world).message) == (verdict, measured.message)
    assert f"refunds: {measured.message}" in world.status.message
    world.measured["refunds"] = Measured(0.1)
    world.run_until("Healthy")


def test_a_check_rests_on_enough_requests_to_the_canary():
    world = rolling(own(minRequests=50), load=10.0, steps=((10, "600s"),))
    world.run(60)
    assert look(world).verdict == "Inconclusive"
    assert "requests to the canary since the last check, 50 are needed" in look(world).message
    world.run(200)
    assert world.status.evidence.thresholds[0].passed >= 3


def test_no_number_is_taken_before_the_weight_was_in_force_for_its_window():
    world = rolling(own(window="15s"))
    while world.status.step is None or world.status.step.took_at is None:
        world.tick()
    world.run(14)
    assert look(world).message.startswith("not measured yet")
    world.run(3)
    assert look(world).canary == "0.1"


def test_own_metrics_decide_also_where_nobody_counts_requests():
    world = rolling(own())
    world.counting = False
    world.measured["refunds"] = Measured(0.3)
    world.run_until("RolledBack")
    assert world.status.failed.reason == reasons.OUT_OF_BOUNDS


def test_beside_a_comparison_both_have_to_pass():
    world = rolling({"name": "error-rate"}, own())
    world.measured["refunds"] = Measured(message="nothing yet")
    world.run(100)
    assert world.status.canary
    assert {part.metric: part.verdict for part in world.status.analysis} == {
        "error-rate": "Pass",
        "refunds": "Inconclusive",
    }
    world.failing[V2] = 0.5
    world.run_until("RolledBack")
    assert world.status.failed.reason == "ErrorRateWorse"
