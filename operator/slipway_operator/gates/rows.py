"""The rows that a bundle brings: its golden rows with the answers recorded for them, or one example row."""

from typing import Any

import aiohttp

from slipway_operator.gates.http import NoAnswerError, Reply, ask
from slipway_operator.gates.scene import Json, Side

SECONDS = 10.0


async def golden(session: aiohttp.ClientSession, side: Side) -> tuple[Json, Json] | str:
    """A V2 infer request and the outputs recorded for it, or why there are none. Raises NoAnswerError."""
    reply = await _ask(session, side, "golden")
    if reply.status == 404:
        return reply.words()
    document = reply.json()
    request, outputs = (document.get("request"), document.get("outputs")) if _is(document) else (None, None)
    if isinstance(request, dict) and isinstance(outputs, dict) and outputs:
        return request, outputs
    raise NoAnswerError(f"version {side.revision.version} gives golden rows without a request or outputs")


async def example(session: aiohttp.ClientSession, side: Side) -> Json | None:
    """A V2 infer request that the model can answer: its golden rows, else its example; None: it knows neither."""
    found = await golden(session, side)
    if not isinstance(found, str):
        return found[0]
    reply = await _ask(session, side, "example")
    if reply.status == 404:
        return None
    document = reply.json()
    if not _is(document):
        raise NoAnswerError(f"version {side.revision.version} gives no JSON object as its example")
    return dict(document)


async def _ask(session: aiohttp.ClientSession, side: Side, what: str) -> Reply:
    if not side.admin:
        raise NoAnswerError(f"version {side.revision.version} has no ready pod")
    url = f"{side.admin[0]}/{what}"
    reply = await ask(session, "GET", url, SECONDS)
    if reply.status not in (200, 404):
        raise NoAnswerError(f"{url} answers {reply.status}: {reply.words()}")
    return reply


def _is(document: Any) -> bool:
    return isinstance(document, dict)
