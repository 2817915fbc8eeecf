"""Verdicts after the promotion, while the old revision is kept warm."""

import pytest
from tests.unit.operator.world import World, revision, serving, spec

from slipway_operator.api import reasons
from slipway_operator.rollout.late import on_trial
from slipway_operator.rollout.observation import Measured

V1, V2 = revision("1"), revision("2")
HELD_BACK = {V2: 900_000, V1: 100_000}
OWN = {"name": "refunds", "web": {"url": "https://x/refunds", "jsonPath": "$.x"}}


def promoted(weight: int = 10, *, keep="10m", analysis=None, **rollout) -> World:
    """Version 2 serves, and version 1 is kept warm."""
    world = serving("1")
    given = {"interval": "2s", **(analysis or {})}
    world.apply(spec("2", keepStable={"for": keep, "weight": weight}, analysis=given, **rollout))
    return world.run_until("Healthy").run(5)


def bounded(of: str = "Value") -> dict:
    """The comparison, and a number of the user's own."""
    threshold = {"of": of, "max": 0.2, "window": "2s", "failureLimit": 1, "minRequests": 0}
    return {"metrics": [{"name": "error-rate"}, {**OWN, "threshold": threshold}]}


def test_the_old_revision_keeps_its_share_from_the_last_step_on():
    world = promoted()
    assert world.status.stable.revision == V2
    assert world.splits[-1] == HELD_BACK
    assert world.splits[-2] == {V1: 500_000, V2: 500_000}, "stable was without requests in between"
    assert "; version 1 keeps 10 % of requests until 12:1" in world.status.message
    assert world.status.history[0].outcome == "Promoted"
    assert world.condition("RolloutSucceeded")[0] == "True"


def test_the_evidence_goes_on_where_it_stood():
    world = promoted()
    (before,) = [look for look in world.status.analysis if look.metric == "error-rate"]
    world.run(30)
    (after,) = [look for look in world.status.analysis if look.metric == "error-rate"]
    assert after.samples.canary > before.samples.canary + 200 * 20
    assert after.verdict == "Pass"


def test_a_late_fail_goes_back_by_itself():
    world = promoted()
    world.run(60)
    world.failing[V2] = 0.2
    world.run_until("RolledBack", limit=60)
    assert world.status.stable.revision == V1
    assert world.status.failed.reason == "ErrorRateWorse"
    assert "after its promotion: back to version 1" in world.status.failed.message
    assert world.status.history[0].outcome == "RolledBack"
    world.run(120)
    assert set(world.revisions) == {V1}
    assert world.splits[-1] == {V1: 1_000_000}


def test_an_outage_of_both_convicts_nobody():
    world = promoted()
    world.failing = {V1: 0.5, V2: 0.5}
    world.run(120)
    assert world.status.stable.revision == V2


def test_the_holdback_ends_with_its_time():
    world = promoted(keep="1m").run(90)
    assert world.splits[-2:] == [{V2: 999_999, V1: 1}, {V2: 1_000_000}]
    assert set(world.revisions) == {V2}
    assert world.status.evidence is None
    assert world.status.message == "Version 2 serves"


def test_an_old_revision_without_pods_gets_nothing():
    world = promoted()
    world.pod(V1, ready=False)
    world.run(10)
    assert world.splits[-1] == {V2: 1_000_000}
    world.pod(V1)
    world.run(10)
    assert world.splits[-1] == HELD_BACK


def test_a_new_rollout_has_stable_as_its_control():
    world = promoted()
    world.apply(spec("3", steps=((10, "5m"),)))
    world.run(15)
    third = world.status.canary.revision
    assert world.splits[-1] == {V2: 900_000, third: 100_000}
    world.say("abort")
    world.run_until("RolledBack").run(5)
    assert world.splits[-1] == {V2: 1_000_000}, "the holdback is over once another rollout has begun"


@pytest.mark.parametrize("strategy", ["Direct", "BlueGreen"])
def test_what_was_switched_to_at_once_is_judged_then(strategy):
    world = promoted(strategy=strategy)
    assert world.splits[-1] == HELD_BACK
    world.run(30)
    world.failing[V2] = 0.2
    world.run_until("RolledBack", limit=60)


def test_promote_full_keeps_the_holdback():
    world = serving("1")
    world.apply(spec("2", steps=((10, "5m"),), keepStable={"for": "10m", "weight": 10}))
    world.run(12)
    world.say("promote-full")
    world.run_until("Healthy", limit=20)
    assert world.splits[-1] == HELD_BACK


def test_rollback_by_command_ends_it():
    world = promoted()
    world.say("rollback")
    world.run_until("RolledBack", limit=10)
    assert world.splits[-1] == {V1: 1_000_000}


def on_own_numbers(keep="10m") -> World:
    """Version 2 was promoted, and only its complaints can still take it back."""
    world = serving("1")
    world.measured["refunds"] = Measured(0.1)
    analysis = {"interval": "2s", **bounded()}
    world.apply(spec("2", keepStable={"for": keep}, analysis=analysis))
    return world.run_until("Healthy").run(10)


def third(world: World, **rollout) -> World:
    """Another rollout begins."""
    given = {"interval": "2s", **bounded(), "onInconclusive": "Promote"}
    world.apply(spec("3", steps=((10, "5m"),), keepStable={"for": "10m"}, analysis=given, **rollout))
    return world.run(15)


def test_another_canary_s_conviction_is_not_what_was_promoted_s():
    world = third(on_own_numbers())
    world.failing[revision("3")] = 0.5
    world.run_until("RolledBack", limit=60)
    assert world.status.failed.reason == "ErrorRateWorse"
    world.apply(spec("2"))
    world.run(30)
    assert world.status.stable.revision == V2
    assert world.status.phase == "Healthy"


def test_what_another_canary_has_measured_does_not_count():
    world = third(on_own_numbers())
    world.measured["refunds"] = Measured(0.9)
    world.run(1)
    world.say("abort")
    world.run(1)
    world.measured["refunds"] = Measured(0.1)
    world.run(30)
    (kept,) = world.status.evidence.thresholds
    assert kept.failed == 0
    assert [look.verdict for look in world.status.analysis] == ["Pass"]


def test_another_rollout_that_has_gone_back_does_not_end_the_trial():
    world = third(on_own_numbers())
    world.say("abort")
    world.run_until("RolledBack", limit=10).run(10)
    assert world.status.failed.version == "3"
    world.measured["refunds"] = Measured(0.9)
    world.run(20)
    assert world.status.stable.revision == V1
    ended = world.status.history[0]
    assert (ended.version, ended.outcome, ended.reason) == ("2", "RolledBack", reasons.OUT_OF_BOUNDS)


def test_one_measurement_does_not_count_for_the_rollout_and_after_it():
    world = serving("1")
    world.counting = False
    world.measured["refunds"] = Measured(0.1)
    metrics = {"metrics": [bounded()["metrics"][1]], "onInconclusive": "Promote"}
    rollout = {"keepStable": {"for": "10m"}, "analysis": {"interval": "2s", **metrics}}
    world.apply(spec("2", steps=((100, "2s"),), **rollout))
    while world.status.stable.revision == V1:
        before = world.status.evidence.thresholds if world.status.evidence else []
        world.tick()
    (after,) = world.status.evidence.thresholds
    assert after.passed <= sum(part.passed for part in before) + 1


def test_without_a_holdback_nothing_is_compared_and_the_status_says_so():
    world = promoted(weight=0)
    assert on_trial(world.status) is None
    assert world.splits[-1] == {V2: 1_000_000}
    assert (
        "no holdback, so that its answers are compared no more: restarts, ready pods can"
        in world.status.message
    )
    world.failing[V2] = 0.5
    world.run(60)
    assert world.status.stable.revision == V2


def test_without_a_holdback_bounds_still_decide():
    world = serving("1")
    world.measured["refunds"] = Measured(0.1)
    given = {"interval": "2s", **bounded()}
    world.apply(spec("2", keepStable={"for": "10m"}, analysis=given))
    world.run_until("Healthy").run(30)
    assert "restarts, ready pods, refunds can" in world.status.message
    assert [look.metric for look in world.status.analysis] == ["refunds"]
    world.measured["refunds"] = Measured(0.9)
    world.run_until("RolledBack", limit=20)
    assert world.status.failed.reason == reasons.OUT_OF_BOUNDS
    assert world.status.stable.revision == V1


@pytest.mark.parametrize("of", ["Ratio", "Difference"])
def test_what_is_compared_with_stable_is_not_measured_without_a_holdback(of):
    world = serving("1")
    world.measured["refunds"] = Measured(0.01, 0.1)
    world.apply(spec("2", keepStable={"for": "10m"}, analysis={"interval": "2s", **bounded(of)}))
    world.run_until("Healthy").run(10)
    assert on_trial(world.status) is None


def test_a_source_that_is_away_takes_nothing_back():
    world = serving("1")
    world.measured["refunds"] = Measured(0.1)
    world.apply(spec("2", keepStable={"for": "10m"}, analysis={"interval": "2s", **bounded()}))
    world.run_until("Healthy").run(10)
    world.measured["refunds"] = Measured(message="no answer", error=True)
    world.run(120)
    assert world.status.verdict == "Error"
    assert world.status.stable.revision == V2


def test_who_went_back_by_command_is_not_on_trial():
    world = promoted(weight=10, keep="1m").run(90)
    world.commands["rollback"] = "x/1"
    world.run_until("RolledBack", limit=30).run(5)
    assert world.status.previous.revision == V2
    assert on_trial(world.status) is None
    assert world.splits[-1] == {V1: 1_000_000}
