"""Strategies other than the canary's steps, and the way back after a promotion."""

import pytest
from tests.unit.operator.world import World, revision, serving, spec

from slipway_operator.api import reasons
from slipway_operator.api.gates import ShadowReport
from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.rollout.effective import effective_rollout
from slipway_operator.rollout.gates import running
from slipway_operator.rollout.observation import Failure, GateOutcome

V1, V2 = revision("1"), revision("2")
CRASH = Failure(reasons.CRASH_LOOP, "container ends with code 1")


def by(strategy, version="2", steps=None, **rollout) -> ModelDeploymentSpec:
    made = spec(version, **rollout).model_dump(by_alias=True, exclude_none=True)
    made["rollout"] |= {"strategy": strategy, "steps": steps}
    return ModelDeploymentSpec.model_validate(made)


def rolling(strategy, **rollout) -> World:
    world = serving("1")
    world.apply(by(strategy, **rollout))
    return world


def names(strategy, **rollout):
    return [gate.name for gate in effective_rollout(by(strategy, **rollout).rollout).gates]


def test_which_gates_are_on_is_the_strategy_s():
    usual = ["contract", "artifact", "warmup", "golden"]
    assert names("Canary") == names("BlueGreen") == usual
    assert names("Shadow") == [*usual, "shadow"]
    assert names("Direct") == []
    assert names("Direct", gates={"golden": {}}) == ["golden"]
    assert names("Shadow", gates={"golden": {"enabled": False}}) == [
        "contract",
        "artifact",
        "warmup",
        "shadow",
    ]


def test_where_a_policy_s_steps_do_not_fit_the_strategy_wins():
    found = effective_rollout(by("BlueGreen", steps=[{"weight": 5}, {"approval": {}}]).rollout)
    assert [(step.weight, bool(step.approval)) for step in found.steps] == [(0, True)]
    assert effective_rollout(by("Direct", steps=[{"weight": 5}]).rollout).steps == []


def test_blue_green_switches_once_after_its_gates_and_keeps_the_old_one_warm():
    world = rolling("BlueGreen")
    world.run_until("Healthy")
    assert world.status.stable.revision == V2
    assert world.splits[1:] == [{V1: 999_999, V2: 1}, {V2: 999_999, V1: 1}, {V2: 1_000_000}]
    assert world.reasons().count(reasons.GATES_PASSED) == 1
    assert world.status.previous.revision == V1
    assert world.status.history[0].outcome == "Promoted"


def test_blue_green_may_wait_for_approval_at_weight_0():
    world = rolling("BlueGreen", steps=[{"approval": {}}])
    world.run(60)
    assert world.status.phase == "Paused"
    assert world.route.split == {V1: 1_000_000}
    assert "waits for approval at 0 % of requests" in world.status.message
    world.say("promote")
    world.run_until("Healthy")
    assert world.status.stable.revision == V2


def test_direct_switches_as_soon_as_the_pods_serve():
    world = rolling("Direct")
    world.run_until("Promoting", limit=6)
    world.run_until("Healthy", limit=20)
    assert world.status.stable.revision == V2
    assert world.asked == []


@pytest.mark.parametrize("strategy", ["BlueGreen", "Direct"])
def test_what_cannot_serve_never_gets_the_switch(strategy):
    world = serving("1")
    world.startup = False
    world.apply(by(strategy))
    world.run(3)
    world.pod(V2, ready=False, failure=CRASH)
    world.run_until("RolledBack")
    assert not any(V2 in split for split in world.splits)


def compared() -> World:
    """A world in which version 2 was compared with version 1."""
    world = rolling("Shadow")
    report = ShadowReport(requests=200, failed=0, identical=150, rows=200, agreement=0.99)
    usual = world.gate

    def gate():
        found = usual()
        asked = running(world.status)
        if asked and asked[0].name == "shadow":
            return GateOutcome(asked[1], "Passed", "200 requests compared", report=report)
        return found

    world.gate = gate
    return world.run_until("Progressing").run_until("Healthy")


def test_shadow_compares_tells_and_never_serves():
    world = compared()
    world.run(30)
    assert not any(V2 in split for split in world.splits)
    assert world.status.stable.revision == V1
    assert V2 in world.deleted
    assert world.status.message == "Version 1 serves; version 2: 200 requests compared"
    assert world.status.history[0].outcome == "Compared"
    assert world.condition("RolloutSucceeded") == ("True", reasons.COMPARED)
    assert world.condition("Stalled")[0] == "False"
    assert world.created == [V1, V2], "it is compared once"


def test_what_was_compared_is_compared_again_when_somebody_says_so():
    world = compared()
    world.run(10)
    world.say("retry")
    world.run(10)
    assert world.created == [V1, V2, V2]


def test_what_was_compared_is_rolled_out_when_the_strategy_says_so():
    world = compared()
    world.apply(by("BlueGreen"))
    world.run_until("Progressing").run_until("Healthy")
    assert world.status.stable.revision == V2
    assert world.status.compared is None


def test_a_comparison_that_fails_is_a_failed_gate():
    world = rolling("Shadow")
    world.verdicts = {"shadow": "Failed"}
    world.run_until("RolledBack")
    assert world.status.failed.reason == reasons.GATE_FAILED


def promoted() -> World:
    """Version 2 was promoted and version 1 is kept warm."""
    world = serving("1")
    world.apply(spec("2", keepStable={"for": "10m"}))
    return world.run_until("Healthy")


@pytest.mark.parametrize(
    ("pod", "reason", "words"),
    [
        (
            {"restarts": 1, "words": "out of memory"},
            reasons.CANARY_RESTARTED,
            "restarted once while under traffic: out of memory",
        ),
        ({"ready": False, "failure": CRASH}, reasons.CANARY_UNREADY, "none of its pods is ready"),
    ],
)
def test_what_fails_after_its_promotion_goes_back_while_the_old_one_is_warm(pod, reason, words):
    world = promoted()
    world.run(60)
    world.pod(V2, **pod)
    world.tick()
    assert world.splits[-1] == {V2: 999_999, V1: 1}, "the way back begins in the same turn"
    world.run(4)
    assert world.route.split[V1] >= 999_999, "all requests are answered by version 1 within 5 seconds"
    world.run_until("RolledBack", limit=10)
    assert world.status.stable.revision == V1
    assert world.status.failed.reason == reason
    assert world.status.failed.message == f"{words} after its promotion: back to version 1"
    world.run(120)
    assert world.created == [V1, V2], "it is not tried again"


def test_nobody_goes_back_to_what_is_not_there_or_cannot_serve():
    world = promoted()
    world.pod(V1, ready=False, failure=CRASH)
    world.pod(V2, restarts=1)
    world.run(30)
    assert world.status.stable.revision == V2


def test_restarts_that_an_older_operator_has_not_noted_are_forgiven():
    world = promoted()
    stable = world.status.stable.model_copy(update={"restarts": None})
    world.status = world.status.model_copy(update={"stable": stable})
    world.pod(V2, restarts=4)
    world.run(60)
    assert world.status.stable.revision == V2


def test_after_its_time_the_old_one_is_let_go_and_nothing_goes_back():
    world = promoted()
    world.run(610)
    assert world.status.previous is None
    world.pod(V2, restarts=3)
    world.run(10)
    assert world.status.stable.revision == V2


def test_while_there_is_a_choice_requests_may_ask_for_a_revision():
    world = serving("1")
    assert world.route.pins == frozenset(), "no choice, no rules"
    world.apply(spec("2", keepStable={"for": "1m"}))
    seen = {}
    while not (seen and world.status.phase == "Healthy"):
        world.tick()
        at = "gates" if world.status.canary and not world.status.step else world.status.phase
        seen.setdefault(at, set()).add(world.route.pins)
    assert seen["gates"] == {frozenset()}, "nobody reaches it before its gates are passed"
    assert frozenset({V1, V2}) in seen["Progressing"]
    assert world.route.pins == {V1, V2}, "the old one is there as long as it is warm"
    world.run(90)
    assert world.route.pins == frozenset()
    assert world.deleted == [V1]
