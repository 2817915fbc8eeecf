"""Rollouts, tick by tick: the main ways and the ways back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.operator.world import World, revision, serving, spec

from slipway_operator.api import reasons
from slipway_operator.rollout.observation import Failure, PodState, Problem

V1, V2, V3 = revision("1"), revision("2"), revision("3")


def test_first_revision_gets_everything_once_it_serves():
    world = World(startup=False)
    world.run(5)
    assert world.status.phase == "Initializing"
    assert world.route is None, "a route before anything serves answers 503"
    world.pod(V1, ready=True)
    world.run_until("Healthy")
    assert world.splits == [{V1: 1_000_000}]
    assert world.condition("Ready") == ("True", "Serving")
    assert world.condition("RolloutSucceeded")[0] == "True"


def test_canary_walks_its_steps_and_is_promoted():
    world = serving("1")
    world.apply(spec("2"))
    world.run_until("Healthy")
    assert world.status.stable.revision == V2
    assert world.splits[1:] == [
        {V1: 999_999, V2: 1},
        {V1: 900_000, V2: 100_000},
        {V1: 500_000, V2: 500_000},
        {V2: 999_999, V1: 1},
        {V2: 1_000_000},
    ]
    assert world.status.history[0].outcome == "Promoted"
    assert [reason for reason in world.reasons() if reason == "StepReached"] == ["StepReached"] * 2


def test_hold_counts_from_the_moment_the_weight_took():
    world = serving("1")
    world.apply(spec("2"))
    world.run(3)
    world.accepting = False
    world.run(60)
    assert world.status.step.took_at is None, "a gateway that accepts nothing must stop the clock"
    world.accepting = True
    world.run(7)
    assert world.status.step.took_at is not None
    assert world.status.weight == 10
    world.run(3)
    assert world.status.weight == 10
    world.run(8)
    assert world.status.weight == 50


def test_old_revision_stays_warm_and_goes_when_its_time_is_over():
    world = serving("1")
    world.apply(spec("2"))
    world.run_until("Healthy")
    assert V1 in world.revisions
    world.run(50)
    assert V1 in world.revisions
    world.run(15)
    assert world.deleted == [V1]
    assert world.status.previous is None


def test_same_spec_is_no_change():
    world = serving("1")
    world.apply(spec("1", steps=((20, "5s"),)))
    world.run(30)
    assert world.created == [V1]
    assert world.status.phase == "Healthy"


def test_canary_that_crashes_never_gets_a_request():
    world = serving("1")
    world.startup = False
    world.apply(spec("2"))
    world.run(3)
    world.pod(
        V2, ready=False, failure=Failure(reasons.CRASH_LOOP, "container x ends with code 1: no model.yaml")
    )
    world.run_until("RolledBack", limit=10)
    assert world.splits == [{V1: 1_000_000}]
    assert world.status.failed.reason == reasons.CRASH_LOOP
    assert "no model.yaml" in world.status.message
    assert world.condition("Stalled") == ("True", reasons.CRASH_LOOP)
    assert world.condition("Ready")[0] == "True"
    world.run(10)
    assert world.deleted == [V2]


def test_passing_trouble_is_named_at_once_and_forgiven_within_its_grace():
    world = serving("1")
    world.startup = False
    world.apply(spec("2"))
    world.run(2)
    pull = Failure(reasons.IMAGE_PULL_FAILED, "no such image", grace=timedelta(seconds=10))
    world.pod(V2, ready=False, failure=pull)
    world.run(5)
    assert world.status.canary.failing.reason == reasons.IMAGE_PULL_FAILED
    assert "no such image" in world.status.message
    world.pod(V2, ready=True)
    world.run_until("Healthy")
    assert world.status.stable.revision == V2


def test_trouble_that_lasts_is_rolled_back():
    world = serving("1")
    world.startup = False
    world.apply(spec("2"))
    world.run(2)
    world.pod(V2, ready=False, failure=Failure(reasons.UNSCHEDULABLE, "no node", grace=timedelta(seconds=20)))
    world.run_until("RolledBack", limit=25)
    assert world.status.failed.reason == reasons.UNSCHEDULABLE


def test_not_ready_without_a_cause_fails_at_the_deadline_only():
    world = serving("1")
    world.startup = False
    world.apply(spec("2"))
    world.run(100)
    assert world.status.phase == "Progressing"
    world.run_until("RolledBack", limit=30)
    assert world.status.failed.reason == reasons.PROGRESS_DEADLINE


def test_restart_under_traffic_is_rolled_back_with_the_last_words():
    world = serving("1")
    world.apply(spec("2"))
    world.run(10)
    assert world.status.weight == 10
    world.pod(V2, ready=True, restarts=1, words="ValueError: boom")
    world.run_until("RolledBack", limit=10)
    assert world.status.failed.reason == reasons.CANARY_RESTARTED
    assert "boom" in world.status.failed.message
    assert world.route.split == {V1: 1_000_000}


def test_canary_without_ready_pods_is_rolled_back_at_once():
    world = serving("1")
    world.apply(spec("2"))
    world.run(10)
    world.pod(V2, ready=False)
    world.tick()
    assert world.status.failed.reason == reasons.CANARY_UNREADY
    assert world.route.split == {V1: 999_999, V2: 1}, "the weight goes with the verdict, not a turn later"


def test_failing_canary_is_convicted_by_its_answers():
    world = serving("1")
    world.apply(spec("2", steps=((10, "60s"),)))
    for _ in range(40):
        world.count(V1, 90)
        world.count(V2, 10, errors=2)
        world.tick()
        if world.status.failed:
            break
    assert world.status.failed.reason == reasons.CONVICTIONS["error-rate"]
    assert "of the canary's requests failed" in world.status.failed.message
    assert "requests it got failed" in world.status.failed.message, "the cost is told"
    world.run_until("RolledBack", limit=10)


def test_common_outage_convicts_nobody():
    world = serving("1")
    world.apply(spec("2", steps=((10, "20s"), (50, "20s"))))
    for second in range(60):
        bad = 20 <= second < 40
        share = (world.status.weight or 0) / 100
        for name, part in ((V1, 1 - share), (V2, share)):
            requests = round(200 * part)
            world.count(name, requests, errors=requests // 2 if bad else 0)
        world.tick()
    assert world.status.failed is None, world.status.failed
    world.run_until("Healthy")


def test_unreadable_counters_are_an_error_and_never_a_pass():
    world = serving("1")
    world.readings_error = "pod x: refused"
    world.apply(spec("2"))
    world.run(10)
    assert world.status.verdict == "Error"
    assert "refused" in world.status.analysis[0].message


def test_failed_revision_is_not_tried_again_but_a_new_one_is():
    world = serving("1")
    world.startup = False
    world.apply(spec("2"))
    world.run(2)
    world.pod(V2, ready=False, failure=Failure(reasons.CRASH_LOOP, "boom"))
    world.run_until("RolledBack")
    world.run(120)
    assert world.created == [V1, V2], "a failed revision came back without a new spec"
    world.startup = True
    world.apply(spec("3"))
    world.run_until("Healthy")
    assert world.status.stable.revision == V3
    assert world.status.failed is None


def test_new_spec_supersedes_a_running_rollout():
    world = serving("1")
    world.apply(spec("2"))
    world.run(10)
    assert world.status.weight == 10
    world.apply(spec("3"))
    world.tick()
    assert world.status.canary.revision == V3
    assert world.status.history[0].outcome == "Superseded"
    world.run_until("Healthy")
    assert world.status.stable.revision == V3
    assert V2 in world.deleted


def test_return_to_stable_spec_aborts():
    world = serving("1")
    world.apply(spec("2"))
    world.run(10)
    world.apply(spec("1"))
    world.run_until("Healthy", limit=10)
    assert world.status.history[0].outcome == "Aborted"
    assert world.route.split == {V1: 1_000_000}
    assert world.status.failed is None


def test_problem_stalls_and_leaves_stable_alone():
    world = serving("1")
    world.problem = Problem(reasons.RUNTIME_MISSING, "there is no runtime x")
    world.apply(spec("2"))
    world.run(5)
    assert world.condition("Stalled") == ("True", reasons.RUNTIME_MISSING)
    assert world.condition("Ready")[0] == "True"
    assert world.created == [V1]
    world.problem = None
    world.run_until("Healthy")
    assert world.status.stable.revision == V2


def test_first_revision_that_fails_stays_and_may_recover():
    world = World(startup=False)
    world.run(2)
    world.pod(V1, ready=False, failure=Failure(reasons.CRASH_LOOP, "no model.yaml"))
    world.run(5)
    assert world.condition("Stalled") == ("True", reasons.CRASH_LOOP)
    assert world.condition("Ready") == ("False", "NoStableRevision")
    assert world.revisions
    world.pod(V1, ready=True)
    world.run_until("Healthy", limit=10)


def test_new_spec_replaces_a_first_revision_that_never_served():
    world = World(startup=False)
    world.run(2)
    world.startup = True
    world.apply(spec("2"))
    world.run_until("Healthy", limit=20)
    assert world.deleted == [V1]
    assert world.status.stable.revision == V2


def test_edited_route_is_set_right():
    world = serving("1")
    world.route = world.route.__class__(generation=9, split={V1: 500_000, "other": 500_000})
    world.run_until("Healthy", limit=10)
    world.run(3)
    assert world.route.split == {V1: 1_000_000}


def test_new_rollout_while_the_last_is_kept_warm_stays_within_three_revisions():
    world = serving("1")
    world.apply(spec("2"))
    world.run_until("Healthy")
    world.apply(spec("3"))
    world.run(5)
    world.apply(spec("4"))
    most = 0
    for _ in range(120):
        world.tick()
        most = max(most, len(world.revisions))
    assert most <= 3
    assert world.status.stable.revision == revision("4")


def test_going_back_to_the_warm_revision_makes_no_new_pods():
    world = serving("1")
    world.apply(spec("2"))
    world.run_until("Healthy")
    world.apply(spec("1"))
    world.run_until("Healthy")
    assert world.created == [V1, V2]
    assert world.status.stable.revision == V1


@pytest.mark.parametrize("weight", [100, 99])
def test_last_step_may_be_everything(weight):
    world = serving("1")
    world.apply(spec("2", steps=((50, "2s"), (weight, "2s"))))
    world.run_until("Healthy")
    assert world.status.stable.revision == V2


def test_deciding_twice_changes_nothing():
    world = serving("1")
    world.apply(spec("2"))
    world.run(10)
    first = world.tick(0)
    second = world.tick(0)
    assert second.status == first.status
    assert not second.actions
    assert not second.events


def test_a_split_has_taken_when_the_grpc_route_has_been_accepted_too():
    world = serving("1")
    taken = world.status.traffic
    world.route = replace(world.route, grpc_generation=1)
    world.tick()
    assert world.status.phase == "Promoting"
    world.tick()
    assert world.status.traffic.grpc_generation == 1
    assert world.status.traffic.accepted_at > taken.accepted_at, "the time counts from the later of the two"


def weights_of(world, name, seconds):
    found = []
    for _ in range(seconds):
        world.tick()
        found.append(world.route.split.get(name, 0))
    return found


def test_a_newcomer_keeps_the_least_weight_until_every_proxy_can_reach_it():
    world = serving("1")
    world.cold = {V2}
    world.apply(spec("2"))
    world.run_until("Progressing")
    assert set(weights_of(world, V2, 10)) <= {0, 1}, "a proxy answers 500 for a backend that it does not have"
    world.cold.clear()
    assert 100_000 in weights_of(world, V2, 3)


def test_a_proxy_that_never_reaches_a_newcomer_keeps_it_waiting_for_a_while_only():
    world = serving("1")
    world.cold = {V2}
    world.apply(spec("2"))
    world.run_until("Progressing")
    found = weights_of(world, V2, 25)
    assert found.count(1) in range(14, 18)
    assert found[-1] == 100_000


def test_nobody_waits_for_a_proxy_to_reach_what_goes_away():
    world = serving("1")
    world.apply(spec("2"))
    world.run_until("Progressing").run(8)
    assert world.route.split[V2] == 100_000
    world.cold = {V1, V2}
    world.say("abort")
    assert 0 in weights_of(world, V2, 5), (
        "the last of its pods may be gone, and with them what a proxy could reach"
    )


def test_a_route_that_lags_behind_is_brought_up_before_the_next_step():
    world = serving("1")
    world.apply(spec("2"))
    world.run_until("Progressing")
    while world.route.split.get(V2) != 1:
        world.tick()
    written = world.writes
    world.route = replace(world.route, current=False)  # the operator died between two routes
    world.run(2)
    assert world.writes == written + 1
    assert world.route.split[V2] == 1, "the other route would go from nothing to a step's weight"


def test_a_route_that_cannot_mirror_starts_no_rollout_with_the_shadow_gate():
    world = serving("1")
    world.features = frozenset()
    world.apply(spec("2", gates={"shadow": {"requests": 10}}))
    world.run(5)
    assert world.created == [V1], "it would wait for its gate until that times out"
    assert world.condition("Stalled") == ("True", reasons.ROUTE_UNFIT)
    assert world.condition("Ready")[0] == "True"
    world.apply(spec("2"))
    world.run_until("Healthy")
    assert world.status.stable.revision == V2


def test_a_route_that_cannot_pin_is_written_without_pins_and_not_again_and_again():
    world = serving("1")
    world.features = frozenset()
    world.apply(spec("2"))
    world.run(12)
    assert world.status.step is not None
    assert world.route.pins == frozenset()
    written = world.writes
    world.run(3)
    assert world.writes == written


def test_while_nobody_knows_what_the_route_leads_to_no_revision_is_deleted():
    world = serving("1")
    world.apply(spec("2"))
    world.run_until("Healthy")
    world.route_problem = Problem(reasons.ROUTE_UNFIT, "rule 0 leads to legacy, too")
    world.run(120)
    assert world.deleted == [], "the route that cannot be read may still lead there"
    assert world.condition("RouteAccepted") == ("False", reasons.ROUTE_UNFIT)
    world.route_problem = None
    world.run(30)
    assert world.deleted == [V1]


def behind_a_transformer(world, name, *, predictor):
    """This revision has a transformer; whether its predictor is ready."""
    pods = (PodState("p", ready=predictor), PodState("t", ready=True, component="transformer"))
    state = replace(world.revisions[name], pods=pods, wanted={"predictor": 1, "transformer": 1}, replicas=2)
    world.revisions[name] = replace(state, serving=predictor)


def test_a_transformer_without_its_predictor_serves_nothing():
    world = serving("1")
    behind_a_transformer(world, V1, predictor=True)
    world.run(2)
    assert world.condition("Ready")[0] == "True"
    behind_a_transformer(world, V1, predictor=False)
    world.run(2)
    assert world.condition("Ready") == ("False", reasons.STABLE_UNREADY)


def test_a_canary_that_has_lost_its_predictor_fails_at_once_though_its_transformer_is_there():
    world = serving("1")
    world.apply(spec("2"))
    world.run(8)
    behind_a_transformer(world, V2, predictor=True)
    world.run(2)
    assert world.status.step is not None
    behind_a_transformer(world, V2, predictor=False)
    world.run(3)
    assert world.status.failed.reason == reasons.CANARY_UNREADY


def test_a_first_revision_that_is_refused_is_not_on_its_way():
    world = World()
    world.refused = Problem(reasons.REFUSED, "InferenceService: no")
    world.run(3)
    assert (world.status.phase, world.status.canary) == ("Pending", None)
    assert world.condition("Stalled") == ("True", reasons.REFUSED)
    world.refused = None
    world.run_until("Healthy")
    assert len(world.status.history) == 1


def test_the_first_revision_serves_when_its_route_has_taken():
    world = World(accepting=False)
    world.run(3)
    assert world.status.stable is None
    assert world.condition("RouteAccepted") == ("Unknown", reasons.PROGRESSING)
    world.run(10)
    assert world.status.message == "Version 1 waits for the gateway to accept its route"
    assert world.condition("RouteAccepted") == ("False", reasons.NOT_ACCEPTED)
    world.accepting = True
    world.run_until("Healthy", limit=3)


def test_a_first_revision_is_made_with_few_words():
    """Each change of status is a write, and each event."""
    world, told = World(), []
    for _ in range(10):
        before = world.status
        world.tick()
        told += [world.status.phase] if world.status != before else []
    assert told == ["Initializing", "Healthy"]
    assert world.reasons() == ["Promoted"]


def test_a_change_of_the_route_is_given_time_to_be_answered():
    world = serving("1")
    world.apply(spec("2", steps=((10, "1m"),)))
    while world.route.generation == 1:
        world.tick()
    world.accepting = False
    world.run(4)
    assert world.condition("RouteAccepted")[0] == "True"
    world.run(10)
    assert world.condition("RouteAccepted") == ("False", reasons.NOT_ACCEPTED)
