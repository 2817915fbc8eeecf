"""Attempts under way: begun once for a ticket, ended with it, told when they are done."""

import asyncio

from slipway_operator.gates.background import Background
from slipway_operator.gates.scene import Answer
from slipway_operator.rollout.observation import GateTicket

KEY = ("ml", "churn")
FIRST = GateTicket("abc", "2026-01-01T00:00:00.000Z", "golden", 1)
SECOND = GateTicket("abc", "2026-01-01T00:00:00.000Z", "golden", 2)


class Gate:
    """An attempt that the test lets end."""

    def __init__(self):
        self.begun = self.cancelled = 0
        self.go = asyncio.Event()

    async def __call__(self, tell):
        self.begun += 1
        self.tell = tell
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Answer("Passed", "fine", 200)


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_attempt_is_begun_once_and_its_end_is_told_to_whoever_looks_then():
    told, gate = [], Gate()
    background = Background(told.append)
    assert background.outcome(KEY, FIRST, gate) is None
    await settle()
    assert background.outcome(KEY, FIRST, gate) is None
    assert (gate.begun, told) == (1, [])
    gate.go.set()
    await settle()
    assert told == [KEY]
    outcome = background.outcome(KEY, FIRST, gate)
    assert (outcome.ticket, outcome.verdict, outcome.code) == (FIRST, "Passed", 200)
    assert background.outcome(KEY, FIRST, gate) == outcome, "a lost write of the status asks again"
    assert gate.begun == 1


async def test_how_far_an_attempt_is_can_be_asked_while_it_runs():
    told, gate = [], Gate()
    background = Background(told.append)
    background.outcome(KEY, FIRST, gate)
    await settle()
    gate.tell(Answer("Running", "half of it"))
    outcome = background.outcome(KEY, FIRST, gate)
    assert (outcome.verdict, outcome.message) == ("Running", "half of it")
    gate.go.set()
    await settle()
    assert background.outcome(KEY, FIRST, gate).verdict == "Passed"


async def test_a_new_ticket_ends_the_attempt_of_the_old_one():
    old, new, told = Gate(), Gate(), []
    background = Background(told.append)
    background.outcome(KEY, FIRST, old)
    await settle()
    assert background.outcome(KEY, SECOND, new) is None
    await settle()
    assert (old.cancelled, new.begun, told) == (1, 1, [])
    await background.close()


async def test_what_nobody_wants_to_know_any_more_is_ended():
    gate, told = Gate(), []
    background = Background(told.append)
    background.outcome(KEY, FIRST, gate)
    await settle()
    background.forget(KEY)
    background.forget(KEY)
    await settle()
    assert (gate.cancelled, told) == (1, [])


async def test_a_new_operator_begins_anew():
    first, second = Gate(), Gate()
    dying = Background(lambda key: None)
    dying.outcome(KEY, FIRST, first)
    await settle()
    await dying.close()
    assert first.cancelled == 1
    following = Background(lambda key: None)
    assert following.outcome(KEY, FIRST, second) is None
    await settle()
    assert second.begun == 1
    await following.close()
