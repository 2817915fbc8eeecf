"""The states of the process: loading, (waiting for other workers,) ready, draining; and how many requests are under way.

Readiness is true only between a finished warm-up and the signal to stop. While draining, requests are still answered
(the endpoints of a pod outlive its SIGTERM by a moment), and the process ends when none has been under way for a
while or the time for it is up.
"""

import asyncio
import time
from enum import StrEnum

_TICK = 0.02  # seconds between two looks at the count


class State(StrEnum):
    """Where the process is in its life; the value is what /v2/health/ready says about it."""

    LOADING = "the model is loading"
    WAITING = "another worker is not ready"
    READY = "ready"
    DRAINING = "the server is shutting down"


class Lifecycle:
    """The state and the count. Counting is safe from any thread."""

    def __init__(self) -> None:
        self.state = State.LOADING
        self._under_way: list[
            None
        ] = []  # one for each: appending and popping need no lock, adding to a number does
        self._last_end = 0.0

    @property
    def ready(self) -> bool:
        """Whether new traffic should come here."""
        return self.state is State.READY

    @property
    def under_way(self) -> int:
        """How many requests have begun and not ended."""
        return len(self._under_way)

    def enter(self) -> None:
        """Count a request that has begun."""
        self._under_way.append(None)

    def leave(self) -> None:
        """Count a request that has ended."""
        self._under_way.pop()
        if self.state is State.DRAINING:
            self._last_end = time.monotonic()

    async def idle(self, quiet: float, budget: float) -> int:
        """Wait until no request was under way for `quiet` seconds, at most `budget` seconds.

        Returns how many are under way still.
        """
        start = time.monotonic()
        while time.monotonic() < start + budget:
            if not self._under_way and time.monotonic() >= max(start, self._last_end) + quiet:
                break
            await asyncio.sleep(_TICK)
        return len(self._under_way)
