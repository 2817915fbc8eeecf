"""The gate ``shadow``: live requests are mirrored to the canary; do its answers agree with stable's?

The route mirrors as long as this gate is on (``rollout.traffic``). Both revisions' predictors keep their last answers
in a ring, with the id that the gateway has given the request; rings are read every second and compared by id.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp

from slipway_operator.api.gates import EffectiveGate, ShadowReport
from slipway_operator.calls.http import NoAnswerError
from slipway_operator.gates.admin import look_up, pods_of
from slipway_operator.gates.agreement import Comparison, Half
from slipway_operator.gates.scene import Answer, Scene, Side, without_admin

INTERVAL = 1.0
"""Seconds from one reading to the next; a ring holds the last 4,096 answers of a worker."""

TOLD_EVERY = 10.0
"""Seconds; each time is a write of the status."""

PATIENCE = 5
"""So many readings in a row may fail before the attempt does."""

Tell = Callable[[Answer], None]


async def check(
    session: aiohttp.ClientSession, scene: Scene, gate: EffectiveGate, tell: Tell, interval: float = INTERVAL
) -> Answer:
    """Compare until enough requests were; ``tell`` is told how far it is. Raises NoAnswerError."""
    if scene.stable is None:
        return Answer("Skipped", "there is no stable revision to compare with")
    for side in (scene.stable, scene.canary):
        if side.admin is None:
            return Answer("Failed", f"answers cannot be compared: {without_admin(side)}")
    comparison = Comparison(gate.tolerance or 0.0)
    told = time.monotonic()
    async for _ in _rounds(session, scene.stable, scene.canary, comparison, interval):
        if comparison.requests >= (gate.requests or 1):
            break
        if time.monotonic() >= told + TOLD_EVERY:
            told = time.monotonic()
            tell(_so_far(comparison.report(), gate))
    return conclude(comparison.report(), gate)


async def _rounds(
    session: aiohttp.ClientSession, stable: Side, canary: Side, comparison: Comparison, interval: float
) -> AsyncIterator[None]:
    """Read both and compare, again and again. Raises NoAnswerError once that has failed too often in a row."""
    failures = 0
    while True:
        await asyncio.sleep(interval)
        try:
            await _read(session, stable, comparison.stable)
            await _read(session, canary, comparison.canary)
            failures = 0
        except NoAnswerError:
            failures += 1
            if failures >= PATIENCE:
                raise
        comparison.compare()
        yield


def conclude(report: ShadowReport, gate: EffectiveGate) -> Answer:
    """The gate's answer to a finished comparison."""
    least, most = gate.min_agreement or 0.0, gate.max_delta
    sentence = f"{report.requests} requests compared: {describe(report)}"
    if report.agreement < least:
        return Answer("Failed", f"{sentence}; at least {least:.1%} must agree", report=report)
    if most is not None and report.max_delta is not None and report.max_delta > most:
        return Answer("Failed", f"{sentence}; scores may be {most:g} apart", report=report)
    return Answer("Passed", sentence, report=report)


def describe(report: ShadowReport) -> str:
    """What a report says, in numbers."""
    parts = [f"{report.agreement:.1%} of {report.rows} rows agree, {report.identical} answers are identical"]
    if report.failed:
        parts.append(f"{report.failed} could not be answered by the canary")
    if report.max_delta is not None:
        parts.append(f"scores are {report.mean_delta:g} apart in the mean and {report.max_delta:g} at most")
    if report.flips:
        flips = ", ".join(f"{flip.stable} → {flip.canary} {flip.rows}" for flip in report.flips[:3])
        parts.append(f"labels changed: {flips}")
    return "; ".join(parts)


def _so_far(report: ShadowReport, gate: EffectiveGate) -> Answer:
    what = f"{report.requests} of {gate.requests} requests compared"
    return Answer("Running", f"{what}: {describe(report)}" if report.requests else what, report=report)


async def _read(session: aiohttp.ClientSession, side: Side, half: Half) -> None:
    for pod in pods_of(side):
        reply = await look_up(session, pod, "answers")
        if reply.status != 200:
            raise NoAnswerError(f"the predictor at {pod} is too old to show its answers")
        half.take(pod, _answers(reply.json()))


def _answers(document: Any) -> list[dict[str, Any]]:
    try:
        return [part for part in document["answers"] if {"id", "time"} <= part.keys()]
    except (TypeError, KeyError, AttributeError) as error:
        raise NoAnswerError(f"these are no answers: {error!r}") from None
