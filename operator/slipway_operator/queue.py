"""The due-queue: which ModelDeployment is to be looked at when, and one at a time for each.

Events and wake-up times only ever bring a look forward. A key that comes due while it is being worked on is worked
on again afterwards: nothing is lost, and never do two workers hold the same one. Failures back off by key.
"""

import asyncio
import heapq
import logging
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
logger = logging.getLogger(__name__)


@dataclass
class DueQueue(Generic[K]):
    """Keys and when they are due, in seconds of any one clock. Pure book-keeping.

    A heap beside a dictionary: what the heap holds beyond the dictionary's word has been overtaken, and is passed over
    when it comes to the top. Keys that are busy wait outside of the heap until they are done.
    """

    due: dict[K, float] = field(default_factory=dict)
    busy: set[K] = field(default_factory=set)
    _heap: list[tuple[float, int, K]] = field(default_factory=list)
    _entries: int = 0

    def add(self, key: K, when: float) -> None:
        """Have ``key`` looked at ``when`` at the latest."""
        known = self.due.get(key)
        if known is None or when < known:
            self.due[key] = when
            if key not in self.busy:
                self._push(key, when)

    def take(self, now: float) -> K | None:
        """A key that is due and that nobody works on, the longest overdue first; it is busy then."""
        when = self.next_due()
        if when is None or when > now:
            return None
        key = heapq.heappop(self._heap)[2]
        del self.due[key]
        self.busy.add(key)
        return key

    def done(self, key: K) -> None:
        """``key`` is worked on no more."""
        self.busy.discard(key)
        if key in self.due:
            self._push(key, self.due[key])

    def next_due(self) -> float | None:
        """When the next key that nobody works on comes due."""
        while self._heap:
            when, _, key = self._heap[0]
            if key not in self.busy and self.due.get(key) == when:
                return when
            heapq.heappop(self._heap)
        return None

    def _push(self, key: K, when: float) -> None:
        self._entries += 1  # keys themselves need no order
        heapq.heappush(self._heap, (when, self._entries, key))


class Runner(Generic[K]):
    """Works the queue off with a bounded number of tasks on the running event loop."""

    FIRST_BACKOFF, LAST_BACKOFF = 1.0, 60.0

    def __init__(self, work: Callable[[K], Awaitable[float | None]], workers: int = 16) -> None:
        """``work`` looks at a key and says in how many seconds to look again (None: not by itself)."""
        self._work = work
        self._workers = workers
        self._queue: DueQueue[K] = DueQueue()
        self._failures: dict[K, int] = {}
        self._changed = asyncio.Event()

    def add(self, key: K, delay: float = 0.0) -> None:
        """Have ``key`` looked at, at the latest in ``delay`` seconds."""
        self._queue.add(key, self._now() + delay)
        self._changed.set()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._changed.clear()
                while (
                    len(self._queue.busy) < self._workers
                    and (key := self._queue.take(self._now())) is not None
                ):
                    group.create_task(self._one(key))
                await self._sleep()

    async def _sleep(self) -> None:
        """Until something changes or, with a worker free, the next key comes due."""
        due = self._queue.next_due() if len(self._queue.busy) < self._workers else None
        timeout = None if due is None else max(0.0, due - self._now())
        try:
            # Not wait_for: that of Python 3.11 loses a cancellation that comes together with the change.
            async with asyncio.timeout(timeout):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _one(self, key: K) -> None:
        try:
            again = await self._work(key)
            self._failures.pop(key, None)
        except Exception:
            again = self._backoff(key)
            logger.exception("%s: looking again in %.0f s", key, again)
        finally:
            self._queue.done(key)
            self._changed.set()
        if again is not None:
            self.add(key, again)

    def _backoff(self, key: K) -> float:
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        return float(min(self.FIRST_BACKOFF * 2**failures, self.LAST_BACKOFF))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
