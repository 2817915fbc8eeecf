"""Shared policies: what they fill in, what they leave alone, and when they are looked at."""

from tests.unit.operator.world import World, revision, serving, spec

from slipway_operator.api.spec import Rollout, RolloutFields
from slipway_operator.rollout.effective import effective_rollout
from slipway_operator.rollout.observation import Policy, Problem

V1, V2 = revision("1"), revision("2")
MISSING = Problem("RolloutPolicyNotFound", "there is no RolloutPolicy cautious in namespace ml")


def policy(**fields) -> Policy:
    return Policy("RolloutPolicy/cautious", RolloutFields.model_validate(fields))


def effective(own, shared):
    return effective_rollout(Rollout.model_validate(own), shared and policy(**shared))


def test_what_the_deployment_does_not_say_the_policy_says():
    shared = {"deadline": "5m", "steps": [{"weight": 1, "hold": "1h"}], "historyLimit": 3}
    found = effective({"policyRef": {"name": "cautious"}}, shared)
    assert (found.policy, found.deadline_seconds, found.history_limit) == ("RolloutPolicy/cautious", 300, 3)
    assert [(step.weight, step.hold) for step in found.steps] == [(1, "1h")]
    assert found.progress_deadline_seconds == 600, "what neither says is the default"


def test_a_field_of_its_own_wins_and_a_list_is_replaced_whole():
    shared = {
        "deadline": "5m",
        "steps": [{"weight": 1}, {"weight": 2}],
        "analysis": {"interval": "1m", "falseAlarmRate": 0.05},
        "gates": {"warmup": {"requests": 70, "timeout": "3m"}, "golden": {"enabled": False}},
    }
    own = {
        "deadline": "7m",
        "steps": [{"weight": 30, "hold": "9s"}],
        "analysis": {"interval": "20s"},
        "gates": {"warmup": {"requests": 5}},
    }
    found = effective(own, shared)
    assert found.deadline_seconds == 420
    assert [step.weight for step in found.steps] == [30]
    assert (found.analysis.interval_seconds, found.analysis.false_alarm_rate) == (20, 0.05)
    warmup = next(gate for gate in found.gates if gate.name == "warmup")
    assert (warmup.requests, warmup.timeout_seconds) == (5, 180)
    assert "golden" not in [gate.name for gate in found.gates]


def test_without_a_policy_all_is_as_before():
    assert effective({}, None) == effective_rollout(None)


def test_a_rollout_keeps_the_policy_it_has_started_with():
    world = serving("1")
    world.policy = policy(deadline="9m")
    world.apply(spec("2", policyRef={"name": "cautious"}))
    world.run(8)
    assert world.status.rollout.deadline_seconds == 540
    world.policy = policy(deadline="1s")
    world.run(3)
    world.policy, world.policy_problem = None, MISSING
    world.run_until("Healthy")
    assert world.status.stable.revision == V2
    assert world.status.rollout.deadline_seconds == 540


def test_nothing_new_starts_while_the_policy_is_missing_and_stable_goes_on():
    world = serving("1")
    world.policy_problem = MISSING
    world.apply(spec("2", policyRef={"name": "cautious"}))
    world.run(30)
    assert world.created == [V1]
    assert world.status.message == f"RolloutPolicyNotFound: {MISSING.message}"
    assert world.condition("Stalled") == ("True", MISSING.reason)
    assert world.condition("Ready")[0] == "True"
    world.policy, world.policy_problem = policy(), None
    world.run_until("Healthy")
    assert world.status.stable.revision == V2


def test_a_revision_that_is_gone_is_made_again_also_without_its_policy():
    world = serving("1")
    world.policy_problem = MISSING
    del world.revisions[V1]
    world.run(3)
    assert world.created == [V1, V1]


def test_the_first_revision_waits_for_its_policy_too():
    world = World(policy_problem=MISSING)
    world.run(5)
    assert (world.created, world.status.phase) == ([], "Pending")
