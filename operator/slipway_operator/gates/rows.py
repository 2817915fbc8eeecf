"""The rows that a bundle brings: its golden rows with the answers recorded for them, or one example row."""

import aiohttp

from slipway_operator.calls.http import NoAnswerError
from slipway_operator.gates.admin import look_up, pods_of
from slipway_operator.gates.scene import Json, Side


async def golden(session: aiohttp.ClientSession, side: Side) -> tuple[Json, Json] | str:
    """A V2 infer request and the outputs recorded for it, or why there are none. Raises NoAnswerError."""
    reply = await look_up(session, pods_of(side)[0], "golden")
    if reply.status == 404:
        return reply.words()
    document = reply.json()
    if isinstance(document, dict):
        request, outputs = document.get("request"), document.get("outputs")
        if isinstance(request, dict) and isinstance(outputs, dict) and outputs:
            return request, outputs
    raise NoAnswerError(f"version {side.revision.version} gives golden rows without a request or outputs")


async def example(session: aiohttp.ClientSession, side: Side) -> Json | None:
    """A V2 infer request that the model can answer: its golden rows, else its example; None: it knows neither."""
    found = await golden(session, side)
    if not isinstance(found, str):
        return found[0]
    reply = await look_up(session, pods_of(side)[0], "example")
    if reply.status == 404:
        return None
    document = reply.json()
    if not isinstance(document, dict):
        raise NoAnswerError(f"version {side.revision.version} gives no JSON object as its example")
    return document
