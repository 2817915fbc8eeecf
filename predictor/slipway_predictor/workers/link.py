"""A worker's line to its supervisor."""

import asyncio
import contextlib
import itertools
import socket
from collections.abc import Callable
from typing import Any

from slipway_predictor.serving.peers import Teller, What
from slipway_predictor.workers import wire

_PATIENCE = 2.0  # seconds to wait for the supervisor, who waits less for the workers
_EVERY = 1.0  # seconds between two figures sent unasked: what a worker's death can lose


class Link:
    """The group of workers, for the one that holds this end of the line."""

    alone = False

    def __init__(self, end: socket.socket, index: int) -> None:
        self._end = end
        self.index = index
        self._numbers = itertools.count(1)
        self._questions = wire.Questions()
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def join(self, teller: Teller, ready: Callable[[bool], None], gone: Callable[[], None]) -> None:
        """Begin to talk; as the Group interface says."""
        teller.about["worker"] = self.index
        reader, self._writer = await asyncio.open_connection(sock=self._end.dup(), limit=wire.LONGEST)
        self._tasks = [
            asyncio.create_task(self._listen(reader, teller, ready, gone)),
            asyncio.create_task(self._report(teller)),
        ]

    def loaded(self) -> None:
        """Say that this worker could answer from now on."""
        self._send({"is": "loaded"})

    def failed(self, sentence: str) -> None:
        """Say why this worker could not serve. Needs no event loop."""
        with contextlib.suppress(OSError):
            self._end.setblocking(True)
            self._end.sendall(wire.line({"is": "failed", "with": sentence}))

    async def gather(self, what: What, limit: int = 0) -> list[Any]:
        """Return what each worker tells; nothing if the supervisor does not answer."""
        if self._writer is None or self._writer.is_closing():
            return []
        number = next(self._numbers)
        question = {"ask": number, "what": what, "limit": limit}
        answer: list[Any] | None = await self._questions.ask(number, self._writer, question, _PATIENCE)
        return answer or []

    async def _listen(
        self,
        reader: asyncio.StreamReader,
        teller: Teller,
        ready: Callable[[bool], None],
        gone: Callable[[], None],
    ) -> None:
        while (document := await wire.read(reader)) is not None:
            if "ready" in document:
                ready(document["ready"])
            elif "tell" in document:
                told = teller.tell(document["what"], document["limit"])
                self._send({"told": document["tell"], "with": told})
            else:
                self._questions.settle(document["answer"], document["with"])
        assert self._writer is not None  # noqa: S101 (join has made it)
        self._writer.close()
        gone()

    async def _report(self, teller: Teller) -> None:
        while True:
            self._send({"is": "figures", "with": teller.snapshot().to_json()})
            await asyncio.sleep(_EVERY)

    def _send(self, document: wire.Document) -> None:
        wire.send(self._writer, document)
