"""Asking a revision's predictor about its bundle, on its admin port."""

import aiohttp

from slipway_operator.calls.http import NoAnswerError, Reply, ask
from slipway_operator.gates.scene import Side

SECONDS = 10.0


def pods_of(side: Side) -> tuple[str, ...]:
    """The admin URLs of its pods, at least one. Raises NoAnswerError."""
    if not side.admin:
        raise NoAnswerError(f"version {side.revision.version} has no ready pod")
    return side.admin


async def look_up(session: aiohttp.ClientSession, pod: str, what: str, seconds: float = SECONDS) -> Reply:
    """What the predictor says of ``what``: 200, or 404 where there is no such thing. Raises NoAnswerError."""
    url = f"{pod}/{what}"
    reply = await ask(session, "GET", url, seconds)
    if reply.status not in (200, 404):
        raise NoAnswerError(f"{url} answers {reply.status}: {reply.words()}")
    return reply
