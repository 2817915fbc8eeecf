"""What somebody deletes or edits behind the operator's back."""

import pytest
from tests.unit.operator.world import World, revision, serving, spec

from slipway_operator.api import reasons
from slipway_operator.rollout.split import WHOLE

V1, V2 = revision("1"), revision("2")


def repairs(world: World) -> list[str]:
    """What was told of repairs; and that it stays so however often it is looked at."""
    world.run(5)
    return [event.message for event in world.events if event.reason == reasons.REPAIRED]


def rolling() -> World:
    """Version 2 at its first step."""
    world = serving("1")
    world.apply(spec("2", steps=((10, "5m"), (50, "5m"))))
    return world.run(12)


def test_nothing_is_repaired_where_nobody_has_done_anything():
    world = serving("1")
    world.apply(spec("2"))
    world.run_until("Healthy").run(90)
    world.apply(spec("1"))
    world.run_until("Healthy").run(90)
    assert repairs(world) == []


def test_a_deleted_inference_service_is_made_anew():
    world = serving("1")
    world.lose(V1)
    assert repairs(world) == [f"InferenceService churn-{V1} was deleted: made anew"]
    assert world.status.phase == "Healthy"


def test_stable_is_made_anew_while_the_spec_asks_for_another():
    world = rolling()
    world.lose(V1)
    assert repairs(world) == [f"InferenceService churn-{V1} was deleted: made anew"]
    assert world.status.stable.revision == V1
    assert world.status.canary.revision == V2


def test_what_nobody_knows_how_to_make_is_not_made_of_something_else():
    world = rolling()
    world.recorded.clear()
    world.lose(V1)
    world.run(5)
    assert world.created == [V1, V2]


def test_the_revision_that_is_kept_warm_is_made_anew():
    world = serving("1")
    world.apply(spec("2"))
    world.run_until("Healthy")
    world.lose(V1)
    assert repairs(world) == [f"InferenceService churn-{V1} was deleted: made anew"]


def test_a_canary_that_was_not_made_yet_is_no_repair():
    world = serving("1")
    world.startup = False
    world.apply(spec("2"))
    world.tick()
    world.lose(V2)  # as if the operator had died before it was made
    assert repairs(world) == []
    assert V2 in world.revisions


def test_a_deleted_copy_of_the_runtime_is_made_anew():
    world = rolling()
    for name in (V1, V2):
        world.lose_runtime(name)
    assert repairs(world) == [f"ServingRuntime churn-{name} was deleted: made anew" for name in (V1, V2)]


def test_what_cannot_be_made_anew_for_want_of_its_runtime_is_told_and_not_claimed():
    world = serving("1")
    world.recorded.clear()
    world.runtime_hash = None
    world.lose(V1)
    assert repairs(world) == []
    assert world.condition("Stalled") == ("True", reasons.RUNTIME_MISSING)
    assert "create that again" in world.status.message
    world.runtime_hash = "r1"
    assert repairs(world) == [f"InferenceService churn-{V1} was deleted: made anew"]


@pytest.mark.parametrize("kind", ["InferenceService", "ServingRuntime"])
def test_an_edited_object_is_put_back(kind):
    world = serving("1")
    world.edit(V1, kind)
    told = f"{kind} churn-{V1} was edited by kubectl-edit (field predictor.model.storageUri): put back"
    assert repairs(world) == [told]


def test_a_deleted_deployment_is_told_once_each_time():
    world = serving("1")
    told = f"Deployment churn-{V1}-predictor was deleted: KServe makes it anew"
    world.lose_deployment(V1)
    assert repairs(world) == [told]
    world.pod(V1)
    world.run(3)
    world.lose_deployment(V1)
    assert repairs(world) == [told, told]


def test_the_deployment_of_a_deleted_inference_service_goes_with_it():
    world = serving("1")
    world.lose(V1)
    world.tick()
    world.lose_deployment(V1)
    assert repairs(world) == [f"InferenceService churn-{V1} was deleted: made anew"]


def test_a_deleted_route_is_made_anew_and_has_to_take_again():
    world = rolling()
    world.route = None
    world.accepting = False
    assert repairs(world) == ["HTTPRoute churn was deleted: put back"]
    assert world.route.split == {V1: 900_000, V2: 100_000}
    assert world.status.traffic is None


@pytest.mark.parametrize(
    "split",
    [
        {V1: 500_000, V2: 500_000},
        {V2: WHOLE},
        {V1: 1, V2: 1},
        {"somebody-elses": WHOLE},
        {V1: 50, "somebody-elses": 50},
        {},
    ],
)
def test_an_edited_route_is_put_back(split):
    world = rolling()
    world.edit_route(split)
    assert repairs(world) == ["HTTPRoute churn was edited by kubectl-edit (field rules): put back"]
    assert world.route.split == {V1: 900_000, V2: 100_000}
    assert all(sum(written.values()) == WHOLE for written in world.splits), world.splits


def test_what_leaves_is_forgotten_unless_it_was_promoted():
    world = serving("1")
    world.apply(spec("2"))
    world.run_until("Healthy").run(90)
    assert set(world.recorded) == {V1, V2}
    world.apply(spec("3", steps=((10, "5m"),)))
    world.run(12)
    world.say("abort")
    world.run_until("RolledBack").run(30)
    assert set(world.recorded) == {V1, V2}


def test_the_record_is_as_long_as_the_history():
    world = serving("1")
    world.apply(spec("2", historyLimit=1))
    world.run_until("Healthy").run(90)
    assert set(world.recorded) == {V2}
