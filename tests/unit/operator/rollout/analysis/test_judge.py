"""Whole rollouts by evidence: convictions, passes, and what becomes of no verdict."""

import pytest
from tests.unit.operator.world import revision, serving, spec

from slipway_operator.api import reasons

V1, V2 = revision("1"), revision("2")
LONG = ((10, "20s"), (50, "20s"))


def look(world, metric="error-rate"):
    (found,) = [part for part in world.status.analysis if part.metric == metric]
    return found


def rolling(load=200.0, steps=LONG, **rollout):
    """Version 2 on its way, under load."""
    world = serving("1")
    world.load = load
    world.apply(spec("2", steps=steps, **rollout))
    return world


def test_a_good_canary_passes_and_is_promoted_in_its_time():
    world = rolling()
    started = world.now
    world.run_until("Healthy")
    assert world.status.stable.revision == V2
    assert (world.now - started).total_seconds() < 60


def test_a_failing_canary_is_convicted_with_the_numbers_in_the_sentence():
    world = rolling()
    world.failing[V2] = 0.15
    world.run_until("RolledBack", limit=40)
    failed = world.status.failed
    assert failed.reason == "ErrorRateWorse"
    assert "15.0% (" in failed.message
    assert "of the canary's requests failed, 0.0%" in failed.message
    assert "tolerated are 0.5 points more" in failed.message
    assert "requests it got failed" in failed.message


def test_an_outage_of_both_convicts_nobody():
    world = rolling(steps=((10, "20s"), (50, "60s")))
    world.run(15)
    world.failing = {V1: 0.3, V2: 0.3}
    world.run(20)
    assert world.status.canary, "rolled back for what stable suffers as well"
    world.failing = {}
    world.run_until("Healthy")
    assert world.status.stable.revision == V2


def test_one_bad_check_convicts_nobody():
    world = rolling()
    world.run(12)
    world.failing[V2] = 0.9
    world.tick(2)
    world.failing = {}
    world.run_until("Healthy")
    assert world.status.stable.revision == V2


def test_a_slow_canary_is_convicted():
    world = rolling(load=0.0, steps=((10, "60s"),))
    for _ in range(40):
        world.count(V1, 180)
        world.count(V2, 20, slower_0_005=20, slower_0_01=20)
        world.tick()
        if world.status.failed:
            break
    assert world.status.failed.reason == "LatencyWorse"
    assert "of the canary's requests took longer than 10 ms, 0.0%" in world.status.failed.message


@pytest.mark.parametrize("decides", [True, False])
def test_a_canary_that_rejects_what_stable_takes_is_told_of_and_goes_back_where_that_decides(decides):
    metrics = [{"name": "error-rate"}, {"name": "rejections", "dryRun": not decides}]
    world = rolling(steps=((20, "60s"),), analysis={"interval": "2s", "metrics": metrics})
    for name in (V1, V2):
        world.own[name] = {"asked": 1000, "rejected": 20}
    for _ in range(30):
        world.own[V1] = {"asked": world.own[V1]["asked"] + 160, "rejected": world.own[V1]["rejected"] + 3}
        world.own[V2] = {"asked": world.own[V2]["asked"] + 40, "rejected": world.own[V2]["rejected"] + 6}
        world.tick()
    if decides:
        assert world.status.failed.reason == "RejectionsWorse"
        assert "of the canary's requests break its contract, 1.9%" in world.status.failed.message
    else:
        assert (look(world, "rejections").verdict, look(world, "rejections").source) == (
            "Fail",
            "selfReported",
        )
        assert world.status.canary


def test_a_canary_that_falls_back_on_defaults_more_often_goes_back():
    world = rolling(steps=((20, "60s"),))
    for name in (V1, V2):
        world.own[name] = {"asked": 1000, "rejected": 0, "fallbacks": 20}
    for _ in range(40):
        for name, asked, fallbacks in ((V1, 160, 3), (V2, 40, 8)):
            own = world.own[name]
            world.own[name] = own | {"asked": own["asked"] + asked, "fallbacks": own["fallbacks"] + fallbacks}
        world.tick()
    assert world.status.failed.reason == "FallbacksWorse"
    told = "of the canary's requests were answered with a default for a value, 1.9%"
    assert told in world.status.failed.message


def test_a_canary_whose_contract_has_no_defaults_is_not_held_up_by_stables():
    world = rolling()
    for _ in range(60):
        for name in (V1, V2):
            own = world.own.get(name, {"asked": 100, "rejected": 0})
            world.own[name] = own | {"asked": own["asked"] + 50}
        world.own[V1]["fallbacks"] = world.own[V1]["asked"] // 20
        world.tick()
    assert world.status.phase == "Healthy", world.status.message
    assert world.status.stable.revision == V2


def test_where_no_default_can_stand_in_nothing_is_said_of_fallbacks():
    world = rolling()
    world.run_until("Healthy")
    assert {part.metric for part in world.status.analysis} == {
        "error-rate",
        "latency",
        "rejections",
        "predictions",
    }


def test_without_traffic_the_canary_stays_where_it_is_and_says_what_is_missing():
    world = rolling(load=0.0)
    world.run(120)
    assert world.status.phase == "Progressing"
    assert world.status.weight == 50
    assert world.status.verdict == "Inconclusive"
    assert "stays at 50 % of requests: error-rate: " in world.status.message
    assert "more canary requests are needed, and it gets none at present" in world.status.message
    world.load = 200.0
    world.run_until("Healthy")


def test_how_long_the_evidence_takes_is_told():
    world = rolling(load=2.0)
    world.run(60)
    assert "s at the present rate)" in look(world).message
    assert look(world).samples.canary > 0


def test_a_rollout_without_a_verdict_ends_at_its_deadline():
    world = rolling(load=0.0, deadline="5m")
    world.run(310)
    assert world.status.failed.reason == reasons.DEADLINE
    assert "not promoted within 5m: error-rate: " in world.status.failed.message


@pytest.mark.parametrize(
    ("what", "phase", "outcome"),
    [("Promote", "Healthy", "Promoted"), ("Rollback", "RolledBack", "RolledBack")],
)
def test_what_becomes_of_no_verdict_is_the_users_choice(what, phase, outcome):
    world = rolling(load=0.0, analysis={"interval": "2s", "onInconclusive": what})
    world.run_until(phase)
    assert world.status.history[0].outcome == outcome
    assert world.status.history[0].reason == (reasons.INCONCLUSIVE if what == "Rollback" else None)


def test_steps_are_left_early_where_that_is_wished():
    early = rolling(steps=((10, "5m"), (50, "5m")), analysis={"interval": "2s", "stepUpEarly": True})
    early.run_until("Healthy", limit=120)


def test_counters_that_cannot_be_read_are_an_error_and_no_conviction():
    world = rolling()
    world.run(12)
    world.readings_error = "pod p: refused"
    world.failing[V2] = 1.0
    world.run(40)
    assert look(world).verdict == world.status.verdict == "Error"
    assert "pod p: refused" in look(world).message
    assert world.status.canary, "no evidence, no verdict"
    world.readings_error = None
    world.run_until("RolledBack", limit=20)


def test_a_runtime_without_counters_is_promoted_by_restarts_and_readiness_alone():
    world = rolling()
    world.counting = False
    world.run_until("Healthy")
    assert world.status.stable.revision == V2


def test_a_dry_run_tells_and_does_not_decide():
    metrics = [{"name": "error-rate", "dryRun": True}, {"name": "latency"}]
    world = rolling(analysis={"interval": "2s", "metrics": metrics})
    world.failing[V2] = 0.5
    world.run(25)
    assert (look(world).verdict, look(world).dry_run) == ("Fail", True)
    assert world.status.verdict != "Fail"
    world.run_until("Healthy")


def test_the_tolerance_is_the_users():
    world = rolling(
        analysis={"interval": "2s", "metrics": [{"name": "error-rate", "tolerance": 20, "reject": 40}]}
    )
    world.failing[V2] = 0.15
    world.run_until("Healthy")


def test_the_evidence_survives_in_status_alone_and_stays_small():
    cuts = {f"score:{cut / 20:g}": 0 for cut in range(1, 21)}
    world = rolling()
    for name in (V1, V2):
        world.own[name] = {"scored": 1000} | {cut: 50 * number for number, cut in enumerate(cuts, 1)}
    for _ in range(15):
        world.tick()
        for counts in world.own.values():
            counts |= {key: value * 2 for key, value in counts.items()}
    kept = world.status.evidence
    assert {signal.metric: len(signal.shares) for signal in kept.signals}["predictions"] == 38
    assert len(kept.model_dump_json(by_alias=True, exclude_none=True)) < 6000
    assert type(kept).model_validate_json(kept.model_dump_json(by_alias=True)) == kept
