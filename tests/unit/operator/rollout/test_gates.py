"""Gates, tick by tick: their order, what each outcome leads to, and that no request comes before they are passed."""

import pytest
from tests.unit.operator.world import World, revision, serving, spec

from slipway_operator.api import reasons
from slipway_operator.api.gates import ShadowReport
from slipway_operator.rollout.effective import effective_rollout
from slipway_operator.rollout.observation import GateOutcome, Mirror

V1, V2, V3 = revision("1"), revision("2"), revision("3")
BUILT_IN = ["contract", "artifact", "warmup", "golden"]
HOOK = {"name": "risk", "url": "https://risk.example.com/gate", "timeout": "5s", "retries": 2}
WITH_HOOK = {"gates": {"webhooks": [HOOK]}}


def gated(verdicts=None, version="2", **rollout) -> World:
    """Version 1 serves, and a new version is asked for."""
    world = serving("1")
    world.verdicts = verdicts or {}
    world.apply(spec(version, **rollout))
    return world


def states(world) -> dict[str, str]:
    return {gate.name: gate.state for gate in world.status.gates or []}


def message(world, name: str) -> str:
    (found,) = [gate for gate in world.status.gates if gate.name == name]
    return found.message


def no_request(world) -> bool:
    """Whether version 2 was never on the route."""
    return not any(V2 in split for split in world.splits)


def test_by_default_there_are_four_gates_and_they_can_be_left_out():
    assert [gate.name for gate in effective_rollout(None).gates] == BUILT_IN
    off = spec("2", gates={name: {"enabled": False} for name in BUILT_IN}, steps=[(10, "1m")])
    assert effective_rollout(off.rollout).gates == []
    world = serving("1")
    world.apply(off)
    world.run(4)
    assert world.status.step is not None
    assert reasons.GATES_PASSED not in world.reasons()


def test_what_users_leave_out_is_filled_in():
    written = {
        "golden": {"tolerance": 0},
        "warmup": {"timeout": "5m"},
        "webhooks": [{"name": "a", "url": "http://a"}],
    }
    gates = {gate.name: gate for gate in effective_rollout(spec("2", gates=written).rollout).gates}
    assert [*gates] == [*BUILT_IN, "webhook/a"]
    assert gates["golden"].tolerance == 0
    assert "shadow" not in gates, "mirroring costs: only who asks for it gets it"
    assert gates["golden"].timeout_seconds == 60
    assert (gates["warmup"].requests, gates["warmup"].timeout_seconds) == (20, 300)
    assert (gates["webhook/a"].call_seconds, gates["webhook/a"].retries) == (10, 3)
    assert gates["webhook/a"].timeout_seconds == 4 * (10 + 10)


def test_gates_run_one_at_a_time_in_order_and_then_the_first_step_comes():
    world = gated(**WITH_HOOK)
    running = set()
    while world.status.step is None:
        world.tick()
        running.add(tuple(name for name, state in states(world).items() if state == "Running"))
        assert world.status.step or no_request(world), "a request came before the gates were passed"
        assert world.status.phase == "Progressing"
    assert [ticket.gate for ticket in world.asked] == [*BUILT_IN, "webhook/risk"]
    assert max(map(len, running)) == 1
    assert set(states(world).values()) == {"Passed"}
    assert world.reasons().count(reasons.GATES_PASSED) == 1
    world.run_until("Healthy")
    assert world.status.stable.revision == V2
    assert states(world)["golden"] == "Passed", "what came of them stays to be read"


def test_the_message_names_the_running_gate():
    world = gated({"artifact": None}).run(5)
    assert world.status.message == "Version 2 has to pass gate artifact (2 of 4) before its first request"
    world = gated({"artifact": "Error"}).run(4)
    assert world.status.message == "Version 2: gate artifact (2 of 4) is tried again: artifact says Error"


def test_a_skipped_gate_lets_the_canary_pass_and_says_why():
    world = gated({"contract": "Skipped", "golden": "Skipped"})
    world.run_until("Healthy")
    assert states(world)["contract"] == "Skipped"
    (event,) = [event for event in world.events if event.reason == reasons.GATES_PASSED]
    assert (
        "gates passed: artifact, warmup; contract skipped: contract says Skipped; golden skipped"
        in event.message
    )


@pytest.mark.parametrize("gate", [*BUILT_IN, "webhook/risk"])
def test_a_failed_gate_sends_the_canary_back_before_any_request(gate):
    world = gated({gate: "Failed"}, **WITH_HOOK)
    world.run_until("RolledBack")
    assert no_request(world)
    assert world.status.failed.reason == reasons.GATE_FAILED
    assert world.status.failed.message == f"gate {gate}: {gate} says Failed"
    assert world.condition("Stalled") == ("True", reasons.GATE_FAILED)
    assert world.condition("Ready")[0] == "True"
    assert states(world)[gate] == "Failed"
    later = [name for name, state in states(world).items() if state == "Skipped"]
    assert later == [*BUILT_IN, "webhook/risk"][[*BUILT_IN, "webhook/risk"].index(gate) + 1 :]
    world.run(60)
    assert V2 in world.deleted
    assert world.created == [V1, V2], "a failed revision is not tried again"


@pytest.mark.parametrize("gate", BUILT_IN)
def test_an_error_is_tried_again_until_the_gate_has_no_time_left(gate):
    world = gated({gate: "Error"}, gates={gate: {"timeout": "20s"}})
    world.run_until("RolledBack")
    assert no_request(world)
    assert world.status.failed.reason == reasons.GATE_TIMEOUT
    assert world.status.failed.message == f"gate {gate}: no answer within 20s: {gate} says Error"
    assert states(world)[gate] == "Error"
    attempts = [ticket.attempt for ticket in world.asked if ticket.gate == gate]
    assert attempts == [1, 2, 3, 4, 5], "with growing pauses: 1, 2, 4, 8 seconds"
    assert world.reasons().count(reasons.GATE_ERROR) == 1, "told once"


@pytest.mark.parametrize("gate", BUILT_IN)
def test_a_gate_that_never_answers_ends_with_its_time(gate):
    world = gated({gate: None}, gates={gate: {"timeout": "20s"}})
    world.run_until("RolledBack")
    assert no_request(world)
    assert world.status.failed.reason == reasons.GATE_TIMEOUT
    assert world.status.failed.message == f"gate {gate}: no answer within 20s"


def test_an_error_that_passes_over_is_forgotten():
    world = gated({"golden": "Error"}).run(8)
    assert states(world)["golden"] == "Error"
    world.verdicts = {}
    world.run_until("Healthy")
    assert world.status.stable.revision == V2


def test_a_webhook_that_refuses_is_asked_again_as_often_as_its_retries_say():
    world = gated({"webhook/risk": "Refused"}, **WITH_HOOK)
    world.run_until("RolledBack")
    assert no_request(world)
    assert [ticket.attempt for ticket in world.asked if ticket.gate == "webhook/risk"] == [1, 2, 3]
    assert world.status.failed.reason == reasons.GATE_FAILED
    assert "webhook/risk says Refused (tried 3 times)" in world.status.failed.message
    (gate,) = [gate for gate in world.status.gates if gate.name == "webhook/risk"]
    assert gate.state == "Failed"
    assert [answer.message for answer in gate.answers] == ["webhook/risk says Refused"] * 3


def test_a_webhook_that_cannot_be_reached_is_an_error_not_a_no():
    world = gated({"webhook/risk": "Error"}, **WITH_HOOK)
    world.run_until("RolledBack")
    assert no_request(world)
    assert world.status.failed.reason == reasons.GATE_ERROR
    assert states(world)["webhook/risk"] == "Error"


def test_a_webhook_that_says_yes_at_last_lets_the_canary_pass():
    world = gated({"webhook/risk": "Refused"}, **WITH_HOOK).run(7)
    assert states(world)["webhook/risk"] == "Error"
    world.verdicts = {}
    world.run_until("Healthy")
    (gate,) = [gate for gate in world.status.gates if gate.name == "webhook/risk"]
    assert [answer.message[-7:] for answer in gate.answers] == ["Refused", " Passed"]


SHADOW = {"gates": {"shadow": {"requests": 50, "percent": 20}}}


def test_requests_are_mirrored_while_the_shadow_gate_is_on_and_at_no_other_time():
    world = gated({"shadow": None}, **SHADOW).run(20)
    assert [gate.name for gate in world.status.rollout.gates] == [*BUILT_IN, "shadow"]
    assert states(world)["shadow"] == "Running"
    assert world.route.mirror == Mirror(V2, 20)
    assert world.route.split == {V1: 1_000_000}, "no client gets an answer of the canary's"
    world.verdicts = {"shadow": "Error"}
    world.run(3)
    assert world.route.mirror == Mirror(V2, 20), "it stays while the gate is tried again"
    world.verdicts = {}
    world.run_until("Healthy")
    assert [mirror for mirror in world.mirrors if mirror] == [Mirror(V2, 20)]
    assert world.route.mirror is None
    assert all(V2 not in split for split, mirror in zip(world.splits, world.mirrors, strict=True) if mirror)


def test_a_canary_that_answers_otherwise_loses_the_mirror_before_it_is_deleted():
    world = gated({"shadow": "Failed"}, **SHADOW)
    world.run_until("RolledBack")
    assert no_request(world)
    assert world.status.failed.message == "gate shadow: shadow says Failed"
    world.run(30)  # the world itself sees to the order
    assert V2 in world.deleted


def test_an_aborted_rollout_takes_the_mirror_away():
    world = gated({"shadow": None}, **SHADOW).run(20)
    world.say("abort")
    world.run(30)
    assert world.route.mirror is None
    assert V2 in world.deleted


def test_how_far_a_gate_is_is_told_and_stays_when_its_time_is_over():
    world = gated({"shadow": None}, gates={"shadow": {"timeout": "60s"}}).run(20)
    (ticket,) = [ticket for ticket in world.asked if ticket.gate == "shadow"]
    report = ShadowReport(requests=31, failed=0, identical=30, rows=31, agreement=0.97)
    world.gate = lambda: GateOutcome(ticket, "Running", "31 of 200 requests compared", report=report)
    world.run(3)
    (state,) = [gate for gate in world.status.gates if gate.name == "shadow"]
    assert (state.state, state.attempts) == ("Running", 1)
    assert (state.message, state.report) == ("31 of 200 requests compared", report)
    world.run_until("RolledBack")
    assert world.status.failed.message == "gate shadow: no answer within 1m: 31 of 200 requests compared"


def test_an_outcome_of_another_attempt_or_rollout_is_not_taken_in():
    world = gated({"contract": None}).run(5)
    (old,) = world.asked
    world.apply(spec("3"))
    world.run(5)
    ticket = world.asked[-1]
    assert (ticket.revision, ticket.gate) == (V3, "contract")
    assert ticket != old
    world.gate = lambda: GateOutcome(old, "Failed", "too late")
    world.run(3)
    assert states(world)["contract"] == "Running"


def test_a_retried_rollout_of_the_same_revision_runs_its_gates_anew():
    world = gated({"golden": "Failed"})
    world.run_until("RolledBack")
    first = set(world.asked)
    world.run(10)
    world.verdicts = {}
    world.say("retry")
    world.run_until("Healthy")
    assert world.status.stable.revision == V2
    again = [ticket for ticket in world.asked if ticket not in first]
    assert [ticket.gate for ticket in again] == BUILT_IN


def test_a_new_rollout_forgets_the_gates_of_the_last_one():
    world = gated({"golden": "Failed"})
    world.run_until("RolledBack")
    world.startup = False
    world.apply(spec("3"))
    world.run(5)
    assert world.status.gates is None
    assert world.status.message == "Version 3 is starting; waiting for its pods"


def test_abort_is_obeyed_while_a_gate_runs():
    world = gated({"warmup": None}).run(6)
    world.say("abort")
    world.run_until("RolledBack")
    assert no_request(world)
    assert world.status.history[0].outcome == "Aborted"
    assert states(world) == {
        "contract": "Passed",
        "artifact": "Passed",
        "warmup": "Skipped",
        "golden": "Skipped",
    }
    assert message(world, "warmup") == "the rollout has ended"


@pytest.mark.parametrize("verb", ["promote", "promote-full"])
def test_gates_are_not_left_out_by_command(verb):
    world = gated({"warmup": None}).run(6)
    world.say(verb)
    world.run(5)
    assert no_request(world)
    (event,) = [event for event in world.events if event.reason == reasons.COMMAND_IGNORED]
    assert event.message == f"{verb} ignored: its gate warmup has not been passed yet"


def test_a_pause_begins_no_further_gate():
    world = gated({"artifact": None}).run(5)
    world.say("pause")
    world.run(2)
    world.verdicts = {}
    world.run(20)
    assert states(world) == {
        "contract": "Passed",
        "artifact": "Passed",
        "warmup": "Pending",
        "golden": "Pending",
    }
    assert world.status.phase == "Paused"
    assert "stands still before gate warmup (3 of 4)" in world.status.message
    world.say("resume")
    world.run_until("Healthy")


def test_a_canary_that_dies_in_its_gates_goes_back_for_that():
    world = gated({"warmup": None}).run(6)
    world.pod(V2, ready=False, restarts=1, words="out of luck")
    world.run_until("RolledBack")
    assert world.status.failed.reason == reasons.CANARY_RESTARTED
    assert no_request(world)


def test_the_first_revision_has_no_gates():
    world = World()
    world.run_until("Healthy")
    assert world.asked == []


def test_a_rollout_that_began_under_an_older_operator_goes_on_without_gates():
    world = gated(steps=((10, "5m"),))
    world.run(2)
    frozen = world.status.rollout.model_copy(update={"gates": []})
    world.status = world.status.model_copy(update={"rollout": frozen, "gates": None})
    world.run(4)
    assert world.status.step is not None


def test_what_the_gates_asked_is_no_evidence():
    world = gated({"warmup": None}).run(6)
    world.count(V2, 100, 50)
    world.run(6)
    assert world.status.evidence.canary_total.requests == 0
    assert world.status.analysis is None
