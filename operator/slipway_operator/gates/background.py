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


@dataclass
class _Attempt:
    ticket: GateTicket
    task: asyncio.Task[Answer]


class Background:
    """The attempts under way."""

    def __init__(self, done: Callable[[Key], None]) -> None:
        """``done`` is told whose attempt has ended."""
        self._done = done
        self._attempts: dict[Key, _Attempt] = {}

    def outcome(
        self, key: Key, ticket: GateTicket, attempt: Callable[[], Coroutine[Any, Any, Answer]]
    ) -> GateOutcome | None:
        """What came of the ticket's attempt; None while it runs. It is begun if it was not, and any other is ended."""
        known = self._attempts.get(key)
        if known is None or known.ticket != ticket:
            self.forget(key)
            self._begin(key, ticket, attempt)
            return None
        if not known.task.done():
            return None
        answer = known.task.result()
        return GateOutcome(ticket, answer.verdict, answer.message, answer.code)

    def forget(self, key: Key) -> None:
        """Nobody wants to know any more."""
        known = self._attempts.pop(key, None)
        if known:
            known.task.cancel()

    async def close(self) -> None:
        """End all attempts."""
        tasks = [known.task for known in self._attempts.values()]
        for key in list(self._attempts):
            self.forget(key)
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _begin(
        self, key: Key, ticket: GateTicket, attempt: Callable[[], Coroutine[Any, Any, Answer]]
    ) -> None:
        task = asyncio.create_task(attempt())
        self._attempts[key] = _Attempt(ticket, task)

        def ended(task: asyncio.Task[Answer]) -> None:
            if not task.cancelled():
                self._done(key)

        task.add_done_callback(ended)
