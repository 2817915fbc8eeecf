"""The command rollback to a revision of the history that has to be made again."""

from dataclasses import replace

import pytest
from tests.unit.operator.world import World, revision, serving, spec

from slipway_operator.api import reasons
from slipway_operator.rollout.observation import Failure, Problem
from slipway_operator.rollout.split import WHOLE

V1, V2, V3, V4 = (revision(version) for version in "1234")
LONG = ((10, "5m"), (50, "5m"))


def third() -> World:
    """Version 3 serves, 2 and 1 have, and nothing is kept warm."""
    world = serving("1")
    for version in ("2", "3"):
        world.apply(spec(version))
        world.run_until("Healthy").run(90)
    assert set(world.revisions) == {V3}
    return world


def back_to(world: World, target: str, seconds: float = 1) -> World:
    world.commands["rollback"] = f"{world.now.timestamp()}/{target}"
    return world.run(seconds)


def on_its_way(seconds: float = 5) -> World:
    """Version 1 is asked for again, and its pods do not come up yet."""
    world = third()
    world.startup = False
    return back_to(world, "1", seconds)


def refusal(world: World, target: str) -> str:
    """What is told of a rollback that is not done."""
    before = world.status.stable
    back_to(world, target)
    assert world.status.rollback is None
    assert world.status.stable == before
    ignored = [event.message for event in world.events if event.reason == reasons.COMMAND_IGNORED]
    return ignored[-1].removeprefix("rollback ignored: ")


@pytest.mark.parametrize("target", ["1", V1])
def test_back_to_any_version_that_was_promoted(target):
    world = third()
    written = len(world.splits)
    back_to(world, target)
    assert world.status.phase == "RollingBack"
    world.run_until("RolledBack", limit=30)
    assert world.status.stable.revision == V1
    assert world.splits[written:] == [{V3: 999_999, V1: 1}, {V1: 999_999, V3: 1}, {V1: WHOLE}]
    assert [ticket.gate for ticket in world.asked if ticket.revision == V1][-1:] == ["artifact"]
    assert world.status.message == "Version 3 was rolled back: RolledBack: by command: back to version 1"
    assert world.condition("Stalled") == ("True", reasons.ROLLED_BACK)
    ended = [(entry.version, entry.outcome) for entry in world.status.history[:2]]
    assert ended == [("3", "RolledBack"), ("1", "Promoted")]


def test_what_the_spec_asks_for_stays_away_until_it_changes_or_by_retry():
    world = back_to(third(), "1").run_until("RolledBack").run(120)
    assert set(world.revisions) == {V1}
    world.say("retry")
    world.run_until("Healthy")
    assert world.status.stable.revision == V3
    back_to(world, "1").run_until("RolledBack").run(5)
    world.apply(spec("4"))
    world.run_until("Healthy")
    assert world.status.stable.revision == V4


def test_a_warm_one_is_named_and_switched_to_at_once():
    world = serving("1")
    world.apply(spec("2"))
    world.run_until("Healthy").run(5)
    made = len(world.created)
    back_to(world, "1").run_until("RolledBack", limit=10)
    assert world.status.stable.revision == V1
    assert len(world.created) == made


def test_one_that_should_be_warm_and_has_no_pod_is_waited_for():
    world = serving("1")
    world.apply(spec("2"))
    world.run_until("Healthy").run(5)
    world.pod(V1, ready=False)
    world.say("rollback")
    world.tick()
    assert "has no ready pod" in world.events[-1].message
    back_to(world, "1", 10)
    assert world.route.split == {V2: WHOLE}
    world.pod(V1)
    world.run_until("RolledBack", limit=20)
    assert world.status.stable.revision == V1


def test_back_in_mid_rollout_ends_that_one_for_good():
    world = third()
    world.apply(spec("4", steps=LONG))
    world.run(12)
    assert world.status.weight == 10
    back_to(world, "2").run_until("RolledBack", limit=30)
    assert world.status.stable.revision == V2
    world.run(120)
    assert set(world.revisions) == {V2}
    assert ("4", "Aborted") in [(entry.version, entry.outcome) for entry in world.status.history]


def test_the_serving_version_named_in_mid_rollout_aborts_it():
    world = third()
    world.apply(spec("4", steps=LONG))
    world.run(12)
    back_to(world, "3").run_until("RolledBack", limit=30)
    assert world.status.failed.revision == V4
    assert world.status.failed.reason == reasons.ABORTED


def test_a_new_spec_comes_first():
    world = on_its_way()
    world.startup = True
    world.apply(spec("4"))
    world.run_until("Healthy")
    assert world.status.stable.revision == V4
    assert world.status.history[1].outcome == "Superseded"


def test_a_new_spec_that_asks_for_the_same_makes_an_ordinary_rollout_of_it():
    world = on_its_way()
    world.apply(spec("1"))
    world.run(3)
    world.pod(V1)
    world.run_until("Healthy")
    assert world.status.stable.revision == V1
    assert world.status.history[0].outcome == "Promoted"


def test_abort_leaves_everything_as_it_was():
    world = on_its_way()
    world.say("abort")
    world.run_until("Healthy", limit=5)
    world.run(30)
    assert set(world.revisions) == {V3}
    assert world.status.failed is None


def test_abort_comes_first():
    world = third()
    world.say("abort")
    assert refusal(world, "1") == "abort came with it"


def test_one_that_does_not_come_up_leaves_stable_alone_and_may_be_asked_for_again():
    world = on_its_way(3)
    world.pod(V1, ready=False, failure=Failure(reasons.CRASH_LOOP, "no volume"))
    world.run_until("Healthy", limit=10).run(20)
    assert world.route.split == {V3: WHOLE}
    assert (world.status.history[0].version, world.status.history[0].outcome) == ("1", "Aborted")
    world.startup = True
    back_to(world, "1").run_until("RolledBack", limit=30)
    assert world.status.stable.revision == V1


def test_an_artifact_that_is_another_by_now_does_not_serve():
    world = third()
    world.verdicts["artifact"] = "Failed"
    back_to(world, "1").run_until("Healthy", limit=30)
    assert world.route.split == {V3: WHOLE}
    assert all(V1 not in split for split in world.splits[-1:])


def test_suspend_does_not_stop_it():
    world = third()
    world.apply(spec("3").model_copy(update={"suspend": True}))
    world.run(5)
    back_to(world, "1").run_until("RolledBack", limit=30)
    assert world.status.stable.revision == V1


@pytest.mark.parametrize("seconds", [2, 5])
def test_an_edit_of_a_suspended_spec_does_not_stop_it_and_is_tried_later(seconds):
    world = third()
    world.apply(spec("3").model_copy(update={"suspend": True}))
    world.run(5)
    back_to(world, "1", seconds)
    assert world.status.rollback
    world.apply(spec("4").model_copy(update={"suspend": True}))
    world.run(60)
    assert world.status.stable.revision == V1
    assert world.route.split == {V1: WHOLE}
    world.apply(spec("4"))
    world.run_until("Promoting").run_until("Healthy")
    assert world.status.stable.revision == V4


def test_there_and_back_again():
    world = back_to(third(), "1").run_until("RolledBack").run(90)
    back_to(world, "2").run_until("RollingBack", limit=5).run_until("RolledBack", limit=30)
    assert world.status.stable.revision == V2
    back_to(world, "3").run_until("Healthy", limit=40)
    assert world.status.stable.revision == V3, "a command has taken it back, not a verdict"


def test_what_a_person_has_rolled_back_does_not_come_back_by_itself():
    world = back_to(third(), "1").run_until("RolledBack").run(5)
    world.pod(V1, restarts=1)
    world.run(3)
    world.pod(V1, ready=False, restarts=1)
    world.run(3)
    assert world.status.stable.revision == V1
    world.pod(V1, restarts=1)
    world.apply(spec("1"))
    world.run(3)
    assert "; version 3 stays warm until 12:" in world.status.message
    assert world.status.message.endswith("for the command rollback")
    world.pod(V1, restarts=2)
    world.run(3)
    assert world.status.stable.revision == V1
    back_to(world, "3").run_until("RolledBack", limit=10)
    assert world.status.stable.revision == V3


def test_what_makes_no_sense_is_refused():
    world = third()
    assert refusal(world, "3") == "version 3 serves already"
    assert refusal(world, "9") == ("there is no version or revision 9 in status.history, which has 3, 2, 1")
    assert "no earlier revision is kept warm" in refusal(world, "")
    world.apply(spec("4", steps=LONG))
    world.run(12)
    world.failing[V4] = 0.5
    world.run_until("RolledBack")
    assert refusal(world, "4").startswith("version 4 has failed: ErrorRateWorse: ")
    del world.recorded[V1]
    assert "kept no record" in refusal(world, "1")


def test_one_that_was_never_promoted_is_refused():
    world = third()
    world.apply(spec("4", steps=LONG))
    world.run(12)
    world.say("abort")
    world.run_until("RolledBack")
    assert refusal(world, "4") == "version 4 was never promoted"


def test_one_that_is_on_its_way_is_not_begun_again():
    world = on_its_way()
    started = world.status.canary.started_at
    back_to(world, "1", 2)
    assert "is on its way already" in world.events[-1].message
    assert world.status.canary.started_at == started
    world.say("retry")
    world.tick()
    assert "abort it first" in world.events[-1].message


def test_it_waits_for_room():
    world = third()
    world.apply(spec("4"))
    world.run_until("Healthy").run(3)
    world.apply(spec("5", steps=LONG))
    world.run(12)
    assert len(world.revisions) == 3
    back_to(world, "1")
    assert world.status.message == "Back to version 1 by command: it waits for room"
    world.run_until("RolledBack", limit=60)
    assert world.status.stable.revision == V1


def test_how_it_was_made_stays_on_record_until_it_is_back():
    short = {"historyLimit": 3, "keepStable": {"for": "5m"}}
    world = serving("1")
    for version in ("2", "3"):
        world.apply(spec(version, **short))
        world.run_until("Healthy").run(20)
    world.apply(spec("4", **short, steps=LONG))
    world.run(8)
    assert len(world.revisions) == 3
    back_to(world, "1")
    assert "1" not in [entry.version for entry in world.status.history]
    world.run_until("RolledBack", limit=60)
    assert world.status.stable.revision == V1


def test_one_that_cannot_be_made_is_given_up_at_its_deadline():
    world = third()
    world.refused = Problem(reasons.REFUSED, "quota")
    back_to(world, "1", 110)
    assert world.status.phase == "RollingBack"
    world.run(20)
    assert (world.status.history[0].version, world.status.history[0].outcome) == ("1", "Aborted")
    assert world.status.history[0].reason == reasons.PROGRESS_DEADLINE
    assert world.status.phase == "Healthy"


def test_one_whose_old_objects_are_just_being_deleted_is_made_again_after_that():
    world = serving("1")
    world.apply(spec("2"))
    world.run_until("Healthy").run(90)
    world.pod(V1)
    world.revisions[V1] = replace(world.revisions[V1], deleting=True)
    back_to(world, "1", 10)
    assert world.status.canary is None
    assert world.route.split == {V2: WHOLE}
    world.lose(V1)
    made = len(world.created)
    world.run_until("RolledBack", limit=30)
    assert world.created[made:] == [V1]
    assert world.status.stable.revision == V1
