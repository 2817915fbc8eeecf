"""The gate ``warmup``: requests through the canary's own Service, its transformer's if it has one, until its latency
has settled.

The first requests to a fresh process are slow (pages, caches, connections); clients should not be the ones that find
out. Every request has a connection of its own, so that a Service's pods all get their share.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Any

import aiohttp

from slipway_operator.calls.http import TRANSIENT, NoAnswerError, ask
from slipway_operator.gates.rows import example
from slipway_operator.gates.scene import Answer, Scene, foreign

SECONDS = 30.0
WINDOW = 10
"""Requests whose median is compared with that of as many before them."""

SLACK, NOISE = 1.25, 0.001
"""Settled: the later median is at most so many times the earlier one, and so many seconds, above it."""

PATIENCE = 10
"""So many times the wanted requests, and it counts as warm though its latency goes up and down."""


async def check(session: aiohttp.ClientSession, scene: Scene, requests: int) -> Answer:
    """Send at least ``requests`` for each pod. Raises NoAnswerError."""
    if skipped := foreign(scene.canary):
        return skipped
    body = await example(session, scene.canary)
    if body is None:
        return Answer("Skipped", "the predictor is too old to give an example request")
    if not scene.infer:
        raise NoAnswerError("the canary's Service has no address yet")
    least = requests * max(1, len(scene.canary.admin or ()))
    refusal = await _refusal(session, scene.infer_front, body)
    if refusal is None:
        return await _send(session, scene.infer_front or scene.infer, body, least)
    answer = await _send(session, scene.infer, body, least)
    # A transformer may take something else than the predictor behind it: nobody knows an example of that.
    doubt = f"; by its predictor alone: its transformer answers the predictor's example with {refusal}"
    return replace(answer, message=answer.message + doubt)


async def _refusal(session: aiohttp.ClientSession, fronts: Sequence[str], body: Any) -> int | None:
    """The status by which a transformer does not take the predictor's example; None where it takes it, or there is none."""
    if not fronts:
        return None
    reply = await ask(session, "POST", fronts[0], SECONDS, body)
    return reply.status if 400 <= reply.status < 500 and reply.status not in TRANSIENT else None


async def _send(session: aiohttp.ClientSession, urls: Sequence[str], body: Any, least: int) -> Answer:
    times: list[float] = []
    while len(times) < least or not (settled(times) or len(times) >= PATIENCE * least):
        start = time.perf_counter()
        reply = await ask(session, "POST", urls[len(times) % len(urls)], SECONDS, body)
        if reply.status in TRANSIENT:
            raise NoAnswerError(
                f"warm-up request {len(times) + 1} was answered with {reply.status}: {reply.words()}"
            )
        if reply.status != 200:
            message = f"warm-up request {len(times) + 1} was answered with {reply.status}: {reply.words()}"
            return Answer("Failed", message)
        times.append(time.perf_counter() - start)
    last = times[-WINDOW:]
    doubt = "" if settled(times) else ", and the latency has not settled"
    return Answer(
        "Passed",
        f"{len(times)} requests answered: the first in {times[0] * 1000:.1f} ms, the last {len(last)} in"
        f" {median(last) * 1000:.1f} ms (median){doubt}",
    )


def settled(times: Sequence[float]) -> bool:
    """Whether the latest requests took no longer than those before them, and no less by much."""
    window = min(WINDOW, len(times) // 2)
    if not window:
        return True
    earlier, later = median(times[-2 * window : -window]), median(times[-window:])
    low, high = sorted((earlier, later))
    return high <= low * SLACK + NOISE
