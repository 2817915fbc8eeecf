"""One call of the engine for all that arrived in one turn of the event loop. No timer: nobody waits for company.

The loop reads every socket that has something before it gets back here, so under load a turn brings many requests, and
an engine whose call costs the same for one row as for a hundred answers a hundred times as many. Before a call that
costs far more than a look at the sockets, they are looked at again as long as that brings requests: clients that have
just been answered ask again while the last answers are still being written. While a call runs in a
thread, what arrives meanwhile is the next batch. Short calls are made on the loop's own thread, where handing over
would cost more than the call; long ones in a thread, so that health never waits.
"""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from numpy.typing import NDArray

from slipway_predictor.engines.base import Cost, Done, Engine
from slipway_predictor.features import Table, join

Answers = dict[str, NDArray[Any]]

MAX_ROWS = 1024
"""Rows joined into one call. A single request of more is a call of its own."""

INLINE = 0.001
"""A call expected to take less (seconds) is made on the loop's thread."""

_DEAR = 0.0001
"""A call that costs so much (seconds) whatever its rows is worth another look at the sockets, which costs a tenth."""

_WORTH = 3.0  # times that cost: what the looks may take, with the reading of what they bring

_LONG = 0.02  # seconds: rows are added to a call only while it is expected to take less
_MAX_THREADS = 4
_FEW = 8  # rows a request, up to which the answers of one call are kept together
_WEIGHT = 0.2  # of the newest call in the running average
_SURPRISE = 4.0  # times the average: what a short call took beyond that, others had the processor for
_UNBOUNDED = 1000.0
_UNKNOWN = Cost(0.0, 0.001)  # a guess, soon corrected: the average follows what a row takes as calls are seen


_Asked = tuple[Table, Collection[str], Done]


class Batcher:
    """The queue in front of an engine; used from the event loop's thread alone.

    An engine whose cost cannot be told is called in threads only.
    `observe(requests, rows, seconds)` is called after each call.
    """

    def __init__(
        self,
        engine: Engine,
        loop: asyncio.AbstractEventLoop,
        *,
        max_rows: int = MAX_ROWS,
        observe: Callable[[int, int, float], None] | None = None,
    ) -> None:
        self._engine = engine
        self._cost = engine.cost or _UNKNOWN
        self._steady = engine.cost is not None
        self._loop = loop
        self._observe = observe
        self._max_rows = max_rows
        self._pace = 1.0  # how much longer calls take than was measured at load
        self._waiting: deque[_Asked] = deque()
        self._rows = 0
        self._running = 0
        self._due = False
        self._seen = 0  # requests that waited at the last look
        self._until = 0.0  # when to look no more
        self._workers = min(_MAX_THREADS, cpus())
        self._threads = ThreadPoolExecutor(self._workers, "model")

    @property
    def waiting_rows(self) -> int:
        """Rows that no call has taken up yet."""
        return self._rows

    def delay(self) -> float:
        """Return the seconds after which a request that came now would be answered, about."""
        if not self._rows and not self._running:
            return 0.0
        ahead = self._rows + (self._running and self._cap())
        calls = ahead // self._cap() + 1
        return (calls * self._cost.fixed + ahead * self._cost.per_row) * self._pace / self._workers

    def submit(self, table: Table, outputs: Collection[str], done: Done) -> None:
        """Have the table answered; as the Queue interface says."""
        self._waiting.append((table, outputs, done))
        self._rows += len(table)
        self._arrange()

    def close(self) -> None:
        """Let the threads end after the calls they are in."""
        self._threads.shutdown(wait=False)

    def _arrange(self) -> None:
        if self._waiting and not self._due and self._running < self._workers:
            self._due = True
            if self._steady and self._cost.fixed >= _DEAR:
                self._seen, self._until = 0, self._loop.time() + _WORTH * self._cost.fixed * self._pace
                self._loop.call_soon(self._look)
            else:
                self._loop.call_soon(self._turn)

    def _look(self) -> None:
        """Make the next call, unless the last look at the sockets has brought some more for it."""
        came = len(self._waiting) > self._seen
        self._seen = len(self._waiting)
        if came and self._rows < self._max_rows and self._loop.time() < self._until:
            self._loop.call_soon(self._look)
        else:
            self._turn()

    def _turn(self) -> None:
        """Make the next call."""
        self._due = False
        batch, rows = self._next()
        expected = self._cost.of(rows) * self._pace
        if self._steady and expected < INLINE:
            self._finished(batch, rows, *_timed(self._engine, batch))
        else:
            self._running += 1
            self._threads.submit(self._in_thread, batch, rows)
        self._arrange()

    def _next(self) -> tuple[list[_Asked], int]:
        """Take from the queue what goes into one call: requests for the same outputs, in their order."""
        waiting, cap = self._waiting, self._cap()
        _, first, _ = waiting[0]
        batch: list[_Asked] = []
        rows = 0
        while waiting:
            table, outputs, _ = waiting[0]
            more = len(table)
            if batch and (rows + more > cap or outputs != first):
                break
            batch.append(waiting.popleft())
            rows += more
        self._rows -= rows
        return batch, rows

    def _cap(self) -> int:
        """Return how many rows a call may hold without taking long."""
        per_row = self._cost.per_row * self._pace
        if per_row * self._max_rows <= _LONG:
            return self._max_rows
        return max(1, int(_LONG / per_row))

    def _in_thread(self, batch: list[_Asked], rows: int) -> None:
        results, seconds = _timed(self._engine, batch)
        try:
            self._loop.call_soon_threadsafe(self._back, batch, rows, results, seconds)
        except RuntimeError:  # the loop is closed: nobody waits for the answers any more
            return

    def _back(
        self, batch: list[_Asked], rows: int, results: list[Answers | Exception], seconds: float
    ) -> None:
        self._running -= 1
        self._finished(batch, rows, results, seconds)
        self._arrange()

    def _finished(
        self, batch: list[_Asked], rows: int, results: list[Answers | Exception], seconds: float
    ) -> None:
        expected = self._cost.of(rows)
        if expected > 0:
            known = self._steady and seconds < _LONG
            most = _SURPRISE * self._pace if known else _UNBOUNDED
            self._pace += _WEIGHT * (min(seconds / expected, most) - self._pace)
        if self._observe is not None:
            self._observe(len(batch), rows, seconds)
        for (_, _, done), result in zip(batch, results, strict=True):
            done(result)


def _timed(engine: Engine, batch: list[_Asked]) -> tuple[list[Answers | Exception], float]:
    start = time.perf_counter()
    results = answers(engine, [table for table, _, _ in batch], batch[0][1])
    return results, time.perf_counter() - start


def answers(
    engine: Engine, tables: Sequence[Table], outputs: Collection[str]
) -> list[dict[str, NDArray[Any]] | Exception]:
    """Return for each table its answers, or what the engine raised for it. Never raises an Exception itself.

    All are asked in one call. If that fails, in two halves, and so on: the others need not suffer for the one row that
    the model cannot bear, and it is found in a few calls.
    """
    try:
        whole = engine.predict(join(tables), outputs)
    except Exception as error:
        if len(tables) == 1:
            return [error]
    else:
        rows = sum(map(len, tables))
        if len(tables) == 1:
            return [whole]
        if all(len(answer) == rows for answer in whole.values()):
            return _shares(whole, tables)
    middle = len(tables) // 2
    return answers(engine, tables[:middle], outputs) + answers(engine, tables[middle:], outputs)


def _shares(whole: Answers, tables: Sequence[Table]) -> list[Answers | Exception]:
    """Cut the answers up. A small one beside large ones is copied: as a view it would keep them all as long as itself."""
    shares: list[Answers | Exception] = []
    start, uneven = 0, sum(map(len, tables)) > _FEW * len(tables)
    for table in tables:
        stop = start + len(table)
        share = {name: answer[start:stop] for name, answer in whole.items()}
        shares.append({name: part.copy() for name, part in share.items()} if uneven else share)
        start = stop
    return shares


def cpus() -> int:
    """Return how many CPUs this process may use, or how many there are where that is not told (macOS)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
