"""What people ask for in mid-rollout."""

import pytest
from tests.unit.operator.world import World, revision, serving, spec

from slipway_operator.api import reasons

V1, V2, V3 = revision("1"), revision("2"), revision("3")
LONG = ((10, "5m"), (50, "5m"))


def rolling(steps=LONG, **rollout):
    """Version 2 at its first step."""
    world = serving("1")
    world.apply(spec("2", steps=steps, **rollout))
    return world.run(12)


def stepped(*steps):
    """Version 2 with steps as written in the spec."""
    world = serving("1")
    body = spec("2").model_dump(by_alias=True, exclude_none=True)
    body["rollout"]["steps"] = list(steps)
    world.apply(type(world.spec).model_validate(body))
    return world.run(12)


def test_abort_takes_the_traffic_away_and_the_revision_is_not_tried_again():
    world = rolling()
    world.say("abort")
    world.run_until("RolledBack")
    assert world.route.split == {V1: 1_000_000}
    assert world.status.history[0].outcome == "Aborted"
    assert (world.status.failed.revision, world.status.failed.reason) == (V2, reasons.ABORTED)
    world.run(60)
    assert world.created == [V1, V2]


def test_a_command_is_obeyed_once():
    world = rolling()
    world.say("abort")
    world.run_until("RolledBack")
    world.apply(spec("3"))
    world.run(12)
    assert world.status.canary.revision == V3, "the old abort has hit the new rollout"


def test_retry_tries_the_same_revision_again():
    world = rolling()
    world.say("abort")
    world.run_until("RolledBack")
    world.say("retry")
    world.run(12)
    assert world.status.canary.revision == V2
    assert world.status.failed is None


def test_promote_leaves_the_step_at_once():
    world = rolling()
    assert world.status.weight == 10
    world.say("promote")
    world.run(5)
    assert world.status.weight == 50
    assert not world.status.step.released


def test_promote_stands_in_for_a_verdict():
    world = serving("1")
    world.load = 0.0
    world.apply(spec("2"))
    world.run(60)
    assert "stays at 50 %" in world.status.message
    world.say("promote")
    world.run_until("Healthy", limit=20)
    assert world.status.stable.revision == V2


def test_promote_full_leaves_the_rest_out():
    world = rolling()
    world.say("promote-full")
    world.run_until("Healthy", limit=20)
    assert world.status.history[0].outcome == "FastPromoted"
    assert all(split.get(V2, 0) in (0, 1, 100_000, 999_999, 1_000_000) for split in world.splits)


def test_abort_beats_promote():
    world = rolling()
    world.say("promote-full", "abort")
    world.run_until("RolledBack")
    assert world.status.stable.revision == V1
    assert "promote-full ignored: abort came with it" in [event.message for event in world.events]


def test_abort_is_obeyed_after_a_promote_full_too():
    world = rolling()
    world.say("promote-full")
    world.tick()
    world.say("abort")
    world.run_until("RolledBack")
    assert world.route.split == {V1: 1_000_000}


def test_pause_stops_the_clock_and_resume_goes_on_with_it():
    world = rolling(steps=((10, "20s"), (50, "20s")), deadline="2m")
    held_until = world.status.step.hold_until
    world.say("pause")
    world.run(300)
    assert (world.status.phase, world.status.weight) == ("Paused", 10)
    world.say("resume")
    world.tick()
    assert (world.status.step.hold_until - held_until).total_seconds() == pytest.approx(300, abs=2)
    assert world.status.canary.waited_seconds == pytest.approx(300, abs=2)
    world.run_until("Healthy", limit=90)


def test_a_paused_canary_that_fails_goes_back_all_the_same():
    world = rolling()
    world.say("pause")
    world.failing[V2] = 0.5
    world.run_until("RolledBack", limit=60)


def test_rollback_after_a_promotion_is_one_change_of_the_route():
    world = serving("1")
    world.apply(spec("2"))
    world.run_until("Healthy")
    world.run(5)
    world.say("rollback")
    begun = world.now
    world.run_until("RolledBack")
    assert (world.now - begun).total_seconds() < 10
    assert world.route.split == {V1: 1_000_000}
    assert world.status.stable.revision == V1
    assert world.created == [V1, V2], "the warm revision serves again; none was made"
    assert world.status.history[0].outcome == "RolledBack"
    world.run(30)
    assert world.deleted == [V2]


@pytest.mark.parametrize(
    ("verb", "why"),
    [
        ("abort", "no rollout is under way"),
        ("promote", "no rollout is under way"),
        ("promote-full", "no rollout is under way"),
        ("pause", "no rollout is under way"),
        ("resume", "nothing is paused"),
        ("retry", "has neither failed nor been compared"),
        ("rollback", "no earlier revision is kept warm"),
    ],
)
def test_what_cannot_be_done_is_told(verb, why):
    world = serving("1")
    world.say(verb)
    world.tick()
    assert world.events[-1].reason == reasons.COMMAND_IGNORED
    assert why in world.events[-1].message
    assert world.status.phase == "Healthy"
    told = len(world.events)
    world.run(10)
    assert len(world.events) == told, "told once"


def test_the_first_revision_cannot_be_aborted():
    world = World(startup=False)
    world.run(3)
    world.say("abort")
    world.tick()
    assert "nothing serves yet" in world.events[-1].message


def test_approval_waits_for_promote_and_the_deadline_does_not_count_it():
    world = stepped({"weight": 10, "hold": "5s"}, {"approval": {}}, {"weight": 50, "hold": "5s"})
    world.run(10_000 // 5, step=5)
    assert (world.status.phase, world.status.weight) == ("Paused", 10)
    assert "waits for approval at 10 % of requests" in world.status.message
    world.say("promote")
    world.run(6)
    assert world.status.weight == 50
    world.run_until("Healthy", limit=60)


def test_two_approvals_are_given_as_the_messages_say():
    world = stepped(
        {"weight": 10, "hold": "5s"}, {"approval": {}}, {"weight": 50, "hold": "5s"}, {"approval": {}}
    )
    for weight in (10, 50):
        world.run_until("Paused", limit=60)
        assert world.status.weight == weight
        said = world.status.message
        world.run(3)
        assert world.status.message == said, "a message that changes by itself is written again and again"
        world.commands["promote"] = said.partition("slipway.dev/promote=")[2].partition(" ")[0]
        world.tick()
    world.run_until("Healthy", limit=60)


def test_an_approval_that_does_not_come_in_time_is_a_no():
    world = stepped({"weight": 10, "hold": "5s"}, {"approval": {"timeout": "1m"}})
    world.run_until("RolledBack", limit=90)
    assert world.status.failed.reason == reasons.APPROVAL_TIMEOUT


def test_approval_before_the_first_request():
    world = stepped({"approval": {}}, {"weight": 50, "hold": "5s"})
    world.run(60)
    assert (world.status.phase, world.status.weight) == ("Paused", 0)
    assert world.route.split == {V1: 1_000_000}
    world.say("promote")
    world.run_until("Healthy", limit=60)


def suspended(version, on=True):
    return spec(version, steps=((10, "20s"), (50, "20s"))).model_copy(update={"suspend": on})


def test_suspend_starts_nothing_and_lets_a_running_rollout_stand_still():
    world = serving("1")
    world.apply(suspended("2"))
    world.run(30)
    assert world.created == [V1]
    world.apply(suspended("2", on=False))
    world.run(12)
    world.apply(suspended("2"))
    world.run(100)
    assert (world.status.phase, world.status.weight) == ("Paused", 10)
    world.say("resume")
    world.tick()
    assert "set it to false" in world.events[-1].message
    world.apply(suspended("2", on=False))
    world.run_until("Healthy", limit=90)
