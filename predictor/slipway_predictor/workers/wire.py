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
