"""Attempts under way, one for each ModelDeployment: a gate may take minutes, and nobody waits for it.

Tasks live in memory only. What is lost with an operator is begun again by the next one, because status has the gate
running and nobody knows of its ticket.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from slipway_operator.gates.scene import Answer
from slipway_operator.rollout.observation import GateOutcome, GateTicket

Key = tuple[str, str]
"""Namespace and name of a ModelDeployment."""
Attempt = Callable[[Callable[[Answer], None]], Coroutine[Any, Any, Answer]]
"""Given whom to tell how far it is."""


@dataclass
class _Attempt:
    ticket: GateTicket
    task: asyncio.Task[Answer] | None = None
    so_far: Answer | None = None

    def tell(self, answer: Answer) -> None:
        """Take in how far it is."""
        self.so_far = answer


class Background:
    """The attempts under way."""

    def __init__(self, done: Callable[[Key], None]) -> None:
        """``done`` is told whose attempt has ended."""
        self._done = done
        self._attempts: dict[Key, _Attempt] = {}

    def outcome(self, key: Key, ticket: GateTicket, attempt: Attempt) -> GateOutcome | None:
        """What came of the ticket's attempt, or how far it is; None while that is not known.

        It is begun if it was not, and any other is ended.
        """
        known = self._attempts.get(key)
        if known is None or known.ticket != ticket:
            self.forget(key)
            self._begin(key, ticket, attempt)
            return None
        answer = known.task.result() if known.task and known.task.done() else known.so_far
        if answer is None:
            return None
        return GateOutcome(ticket, answer.verdict, answer.message, answer.code, answer.report)

    def forget(self, key: Key) -> None:
        """Nobody wants to know any more."""
        known = self._attempts.pop(key, None)
        if known and known.task:
            known.task.cancel()

    async def close(self) -> None:
        """End all attempts."""
        tasks = [known.task for known in self._attempts.values() if known.task]
        for key in list(self._attempts):
            self.forget(key)
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _begin(self, key: Key, ticket: GateTicket, attempt: Attempt) -> None:
        begun = self._attempts[key] = _Attempt(ticket)
        begun.task = task = asyncio.create_task(attempt(begun.tell))

        def ended(task: asyncio.Task[Answer]) -> None:
            if not task.cancelled():
                self._done(key)

        task.add_done_callback(ended)
