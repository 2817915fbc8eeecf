"""The supervisor's ends of all lines: who is ready, what each worker counted, and answers gathered from all."""

import asyncio
import itertools
import socket
from collections.abc import Callable
from typing import Any

from slipway_predictor.monitoring.snapshot import Snapshot, merge
from slipway_predictor.workers import wire

_PATIENCE = 1.0  # seconds to wait for a worker that is asked


class Line:
    """One worker as the supervisor hears it."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.loaded = False
        self.failure: str | None = None
        """Why it could not serve, if it said so."""
        self.figures: Snapshot | None = None
        """The last that were heard."""
        self._writer: asyncio.StreamWriter | None = None
        self._questions = wire.Questions()

    def send(self, document: wire.Document) -> None:
        """Send, unless the worker is gone."""
        wire.send(self._writer, document)

    async def tell(self, number: int, what: str, limit: int) -> Any:
        """Return what the worker tells, or None when it does not in time."""
        question = {"tell": number, "what": what, "limit": limit}
        return await self._questions.ask(number, self._writer, question, _PATIENCE)

    async def listen(self, end: socket.socket, heard: Callable[["Line", wire.Document], None]) -> None:
        """Hand on what the worker says until it is gone."""
        reader, self._writer = await asyncio.open_connection(sock=end, limit=wire.LONGEST)
        while (document := await wire.read(reader)) is not None:
            if "told" in document:
                self._questions.settle(document["told"], document["with"])
            else:
                heard(self, document)
        self._writer.close()


class Hub:
    """All lines. `ready` is called whenever it changes whether all workers are."""

    def __init__(self, workers: int, ready: Callable[[bool], None]) -> None:
        self._workers = workers
        self._ready = ready
        self._was = False
        self._lines: dict[int, Line] = {}
        self._left = Snapshot(workers=0)
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, index: int, end: socket.socket) -> tuple[Line, asyncio.Task[None]]:
        """Take up the line of a worker that was just started; the task ends when all it said was heard."""
        line = self._lines[index] = Line(index)
        return line, asyncio.create_task(line.listen(end, self._heard))

    def remove(self, line: Line, *, replaced: bool) -> None:
        """Let a worker's line go, and keep what it had counted."""
        self._lines.pop(line.index, None)
        kept = [line.figures.left()] if line.figures else []
        self._left = merge([self._left, *kept, Snapshot(workers=0, restarts=int(replaced))])
        self._look()

    def _heard(self, line: Line, document: wire.Document) -> None:
        if "ask" in document:
            task = asyncio.create_task(self._answer(line, document))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif document["is"] == "loaded":
            line.loaded = True
            self._look()
        elif document["is"] == "failed":
            line.failure = document["with"]
        else:
            line.figures = Snapshot.from_json(document["with"])

    def _look(self) -> None:
        """Tell everybody whether all are ready: always, as one of them may be new."""
        now = len(self._lines) == self._workers and all(line.loaded for line in self._lines.values())
        for line in self._lines.values():
            line.send({"ready": now})
        if now is not self._was:
            self._was = now
            self._ready(now)

    async def _answer(self, line: Line, document: wire.Document) -> None:
        told = await self._gather(document["what"], document["limit"])
        line.send({"answer": document["ask"], "with": told})

    async def _gather(self, what: str, limit: int) -> list[Any]:
        number = next(self._numbers)
        lines = list(self._lines.values())
        told = await asyncio.gather(*(line.tell(number, what, limit) for line in lines))
        if what != "metrics":
            return [one for one in told if one is not None]
        for line, one in zip(lines, told, strict=True):
            if one is not None:
                line.figures = Snapshot.from_json(one)
        return [one.figures.to_json() for one in lines if one.figures] + [self._left.to_json()]
