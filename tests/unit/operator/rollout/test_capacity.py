"""Replicas while a rollout runs: a weight waits for its pods, and stable keeps what it had."""

from dataclasses import replace

import pytest
from tests.unit.operator.world import World, revision, serving, spec

from slipway_operator.api import reasons
from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.rollout.observation import PodState, RevisionState

V1, V2 = revision("1"), revision("2")
SCALED = {"predictor": {"minReplicas": 1, "maxReplicas": 10}}
LONG = ((10, "20s"), (50, "20s"))


def rolling(replicas=8, steps=LONG, **rollout) -> World:
    """Version 1 serves with so many pods, as its autoscaler has found right; version 2 is asked for."""
    world = serving("1")
    world.scale = SCALED
    world.run(3)
    world.replicas(V1, replicas)
    world.apply(spec("2", steps=steps, **rollout))
    return world


def least(world, name):
    return world.revisions[name].scale["predictor"]["minReplicas"]


def at(world, weight, limit=200):
    """Run until this weight has taken."""
    for _ in range(limit):
        world.tick()
        if world.status.step and world.status.step.took_at and world.status.weight == weight:
            return world
    raise AssertionError(f"{weight} % not reached: {world.status.message}")


def test_replicas_come_before_the_weight_that_needs_them():
    world = rolling()
    seen = {}
    world.tick()
    while world.status.phase != "Healthy":
        world.tick()
        weight = world.route.split.get(V2, 0) // 10_000
        seen[weight] = min(
            seen.get(weight, 99), world.revisions[V2].ready_pods if V2 in world.revisions else 0
        )
    assert seen[10] >= 1
    assert seen[50] >= 4, "half of the requests came to less than half of the pods"
    assert seen[100] >= 8


@pytest.mark.parametrize(("capacity", "pods"), [({"canary": "Full"}, 8), ({"replicas": 3}, 3), ({}, 1)])
def test_how_many_at_the_first_weight_is_the_user_s_to_say(capacity, pods):
    world = at(rolling(capacity=capacity), 10)
    assert world.revisions[V2].ready_pods == pods


def test_a_fixed_number_is_still_enough_for_all_requests_at_the_end():
    world = rolling(capacity={"replicas": 3})
    world.run_until("Healthy")
    assert world.revisions[V2].ready_pods == 8


def settled(world, name):
    """Run until the autoscaler has seen the load; nobody takes pods of this revision away before."""
    for _ in range(290):  # some of the five minutes went by on the way
        assert least(world, name) == 8, "pods are taken away before the autoscaler has seen the load"
        world.tick()
    world.run(10)
    return world


def test_stable_keeps_what_it_had_and_what_is_promoted_too_until_its_autoscaler_has_seen_the_load():
    world = at(rolling(keepStable={"for": "1h"}), 10)
    assert least(world, V1) == 8
    world.run_until("Healthy")
    assert least(world, V1) == 8, "kept warm with all its pods: going back is one change of the route"
    assert least(settled(world, V2), V2) == 1
    assert least(world, V1) == 8


def test_after_a_rollback_stable_is_its_autoscaler_s_again_once_that_has_seen_the_load():
    world = at(rolling(), 10)
    world.failing[V2] = 0.5
    world.run_until("RolledBack")
    assert least(settled(world, V1), V1) == 1
    assert world.status.capacity is None


def test_a_late_way_back_finds_the_pods_and_keeps_them():
    world = at(rolling(keepStable={"for": "1h"}), 10)
    world.run_until("Healthy")
    settled(world, V2)
    world.say("rollback")
    world.run_until("RolledBack")
    assert least(settled(world, V1), V1) == 1


def test_a_rollout_that_begins_while_they_are_kept_begins_with_them():
    world = at(rolling(), 10)
    world.failing[V2] = 0.5
    world.run_until("RolledBack")
    world.apply(spec("3", steps=LONG))
    at(world, 10)
    assert world.status.capacity == {"predictor": 8}
    assert world.status.capacity_until is None


def test_the_upper_bound_is_the_user_s():
    world = rolling(replicas=12)
    world.run_until("Healthy")
    assert max(len(state.pods) for state in world.revisions.values() if state.revision == V2) == 10


def test_without_room_it_waits_with_the_reason_and_goes_back_at_the_deadline():
    world = at(rolling(deadline="5m"), 10)
    world.room = 3
    world.run(100)
    assert world.status.weight == 10, "a weight that its pods cannot carry"
    assert world.status.phase == "Progressing"
    assert (
        "waits for pods: 4 ready pods of its predictor are needed for 50 % of requests, 3 are ready: Unschedulable"
        in world.status.message
    )
    world.run_until("RolledBack", limit=400)
    assert world.status.failed.reason == reasons.DEADLINE
    assert "no node has room" in world.status.failed.message


def test_it_goes_on_when_there_is_room_again():
    world = at(rolling(), 10)
    world.room = 3
    world.run(60)
    world.room = 100
    world.replicas(V2, 4)
    world.run_until("Healthy")
    assert world.status.stable.revision == V2


def test_where_nothing_scales_nothing_is_changed():
    world = serving("1")
    world.scale = {"predictor": {"minReplicas": 3}}
    world.run(3)
    world.replicas(V1, 3)
    world.apply(spec("2"))
    world.run_until("Healthy")
    assert world.revisions[V1].scale == world.revisions[V2].scale == world.scale
    assert world.status.capacity is None


def transformed(version: str) -> ModelDeploymentSpec:
    """A version with a transformer."""
    template = {"spec": {"transformer": {"minReplicas": 2, "containers": [{"name": "kserve-container"}]}}}
    return ModelDeploymentSpec.model_validate({**spec(version).to_json(), "template": template})


def test_a_component_that_only_the_new_spec_has_is_not_asked_of_stable():
    world = serving("1")
    world.scale = {**SCALED, "transformer": {"minReplicas": 2, "maxReplicas": 4}}
    world.startup = False
    world.apply(transformed("2"))
    world.run(3)
    assert world.status.canary.component == "transformer"
    assert world.revisions[V1].scale == SCALED


def test_a_revision_on_its_way_back_waits_for_no_pods_of_a_component_that_it_has_not():
    world = serving("1")
    world.apply(transformed("2"))
    world.scale = {**SCALED, "transformer": {"minReplicas": 2, "maxReplicas": 4}}
    world.tick()
    both = world.status.canary.revision
    pods = tuple(
        PodState(f"{component}-{number}", ready=True, component=component)
        for component in ("predictor", "transformer")
        for number in range(4)
    )
    world.revisions[both] = replace(
        world.revisions[both], serving=True, pods=pods, wanted={"predictor": 4, "transformer": 4}
    )
    world.run_until("Healthy").run(90)
    assert set(world.revisions) == {both}
    world.startup = False
    world.commands["rollback"] = "x/1"
    world.run(3)
    world.revisions[V1] = RevisionState(V1)
    world.replicas(V1, 4)
    world.run_until("RolledBack", limit=30)
    assert world.status.stable.revision == V1


def test_a_component_that_the_new_spec_has_no_more_keeps_its_bounds():
    world = serving("1")
    whole = {"predictor": {"minReplicas": 1}, "transformer": {"minReplicas": 4}}
    world.revisions[V1] = replace(world.revisions[V1], components=("predictor", "transformer"), scale=whole)
    world.scale = {"predictor": {"minReplicas": 3}}
    world.apply(spec("2"))
    world.tick()
    assert world.revisions[V1].scale == {**whole, **world.scale}
