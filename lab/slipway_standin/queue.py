"""The queue of keys to look at: each key once, one worker on a key at a time, failures after a growing pause.

Level-triggered: a key says only that something about an InferenceService may have changed. A key added while it
is being worked on is worked on again afterwards.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from slipway_standin.objects import Key

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 30.0

_log = logging.getLogger(__name__)


def pause_after(failures: int) -> float:
    """Seconds to wait after that many failures in a row."""
    return min(_FIRST_PAUSE * 2.0 ** min(failures - 1, 16), _LONGEST_PAUSE)


class WorkQueue:
    """Keys waiting, keys in work, and keys due later."""

    def __init__(self) -> None:
        self._ready: asyncio.Queue[Key] = asyncio.Queue()
        self._waiting: set[Key] = set()
        self._working: set[Key] = set()
        self._failures: dict[Key, int] = {}
        self._timers: dict[Key, asyncio.TimerHandle] = {}

    def add(self, key: Key) -> None:
        """Look at ``key`` as soon as a worker is free."""
        if timer := self._timers.pop(key, None):
            timer.cancel()
        if key not in self._waiting:
            self._waiting.add(key)
            if key not in self._working:
                self._ready.put_nowait(key)

    def add_later(self, key: Key, seconds: float) -> None:
        """Look at ``key`` after a pause, unless something asks for it sooner."""
        if key in self._waiting:
            return
        if timer := self._timers.pop(key, None):
            timer.cancel()
        self._timers[key] = asyncio.get_running_loop().call_later(seconds, self.add, key)

    async def work(self, look: Callable[[Key], Awaitable[float | None]]) -> None:
        """Hand keys to ``look`` for ever; it returns the seconds until it wants the key again, or None."""
        while True:
            key = await self._ready.get()
            self._waiting.discard(key)
            self._working.add(key)
            try:
                await self._once(key, look)
            finally:
                self._working.discard(key)
                if key in self._waiting:
                    self._ready.put_nowait(key)

    async def _once(self, key: Key, look: Callable[[Key], Awaitable[float | None]]) -> None:
        try:
            pause = await look(key)
        except Exception as error:  # one object's trouble must not end the others' work
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            _log.warning("%s: %s: trying again in %.2g s", key, error, pause_after(failures))
            self.add_later(key, pause_after(failures))
            return
        self._failures.pop(key, None)
        if pause is not None:
            self.add_later(key, pause)
