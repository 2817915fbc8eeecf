"""The words between supervisor and worker: JSON documents, one a line, over a pair of sockets.

worker to supervisor: {"is": "loaded"} · {"is": "figures", "with": …} · {"is": "failed", "with": sentence} ·
                      {"ask": number, "what": …, "limit": …} · {"told": number, "with": …}
supervisor to worker: {"ready": bool} · {"tell": number, "what": …, "limit": …} · {"answer": number, "with": […]}
"""

import asyncio
import json
from typing import Any

LONGEST = 64 * 2**20
"""Bytes of a line at most: a full ring of answers takes some megabytes."""

Document = dict[str, Any]


def line(document: Document) -> bytes:
    """Return a document as it goes over the wire."""
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def send(writer: asyncio.StreamWriter | None, document: Document) -> None:
    """Send, unless the other side is gone, or was never there."""
    if writer is not None and not writer.is_closing():
        writer.write(line(document))


class Questions:
    """Questions that were sent and are not answered yet, by their numbers."""

    def __init__(self) -> None:
        self._open: dict[int, asyncio.Future[Any]] = {}

    async def ask(
        self, number: int, writer: asyncio.StreamWriter | None, document: Document, patience: float
    ) -> Any:
        """Return the answer, or None when it does not come within so many seconds."""
        future = self._open[number] = asyncio.get_running_loop().create_future()
        send(writer, document)
        try:
            async with asyncio.timeout(patience):
                return await future
        except TimeoutError:
            return None
        finally:
            del self._open[number]

    def settle(self, number: int, answer: Any) -> None:
        """Hand an answer to who asked, unless nobody waits for it any more."""
        if (future := self._open.get(number)) is not None and not future.done():
            future.set_result(answer)


async def read(reader: asyncio.StreamReader) -> Document | None:
    """Return the next document, or None when the other side is gone."""
    try:
        text = await reader.readline()
    except (ConnectionError, ValueError):  # ValueError: a line longer than the limit
        return None
    if not text.endswith(b"\n"):
        return None
    document: Document = json.loads(text)
    return document
