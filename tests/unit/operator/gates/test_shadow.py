"""The gate ``shadow``: rings read from real servers until enough was compared, and what comes of it."""

import aiohttp
import pytest
from aiohttp import web
from tests.unit.operator.gates.server import scene, serving, side

from slipway_operator.api.gates import EffectiveGate, ShadowReport
from slipway_operator.calls.http import NoAnswerError
from slipway_operator.gates import shadow

GONE = "http://127.0.0.1:1"


def gate(**fields):
    defaults = {"requests": 5, "percent": 100, "min_agreement": 0.9, "tolerance": 0.01}
    return EffectiveGate(name="shadow", timeout_seconds=60, **{**defaults, **fields})


def ring(label, *, step=2):
    """A predictor that has answered some more requests each time it is asked."""
    answered = []

    async def answers(_request):
        for _ in range(step):
            number = len(answered) + 1
            digest = label(number)
            answered.append(
                {"id": f"r{number}", "time": float(number), "rows": 1, "label": [digest], "digest": digest}
            )
        return web.json_response({"answers": answered})

    return {"/answers": answers}


async def check(ours, theirs, told=None, **fields):
    async with (
        serving(ours) as (stable, _),
        serving(theirs) as (canary, _),
        aiohttp.ClientSession() as session,
    ):
        made = scene(side("2", canary), side("1", stable))
        return await shadow.check(
            session, made, gate(**fields), ([] if told is None else told).append, interval=0.0
        )


async def test_a_canary_that_agrees_passes_with_a_report():
    found = await check(ring(lambda n: "a"), ring(lambda n: "a"))
    assert found.verdict == "Passed", found.message
    assert found.message.startswith("6 requests compared: 100.0% of 6 rows agree, 6 answers are identical")
    assert found.report.agreement == 1.0


async def test_a_canary_that_answers_otherwise_fails_and_says_how():
    found = await check(ring(lambda n: "a"), ring(lambda n: "b" if n % 2 else "a"))
    assert found.verdict == "Failed"
    assert "50.0% of 6 rows agree" in found.message
    assert "labels changed: a → b 3; at least 90.0% must agree" in found.message
    assert [(flip.stable, flip.canary, flip.rows) for flip in found.report.flips] == [("a", "b", 3)]


async def test_how_far_it_is_is_told_now_and_then(monkeypatch):
    monkeypatch.setattr(shadow, "TOLD_EVERY", 0.0)
    told = []
    await check(ring(lambda n: "a"), ring(lambda n: "a"), told)
    assert [part.message.partition(":")[0] for part in told] == [
        "2 of 5 requests compared",
        "4 of 5 requests compared",
    ]
    assert {part.verdict for part in told} == {"Running"}


async def test_a_reading_that_fails_now_and_then_is_no_matter():
    good, calls = ring(lambda n: "a"), []

    async def flaky(request):
        calls.append(1)
        if len(calls) % 2:
            return web.json_response({"error": "busy"}, status=503)
        return await good["/answers"](request)

    found = await check({"/answers": flaky}, ring(lambda n: "a"))
    assert found.verdict == "Passed"


@pytest.mark.parametrize(
    ("theirs", "words"),
    [
        ({"/answers": (503, {"error": "busy"})}, "answers 503: busy"),
        ({}, "too old to show its answers"),
        ({"/answers": (200, {"answers": 5})}, "these are no answers"),
        ({"/answers": (200, [])}, "these are no answers"),
    ],
)
async def test_a_predictor_that_does_not_show_its_answers_is_an_error_to_be_tried_again(theirs, words):
    with pytest.raises(NoAnswerError, match=words):
        await check(ring(lambda n: "a"), theirs)


async def test_whoever_asks_for_a_comparison_that_cannot_be_made_gets_no_pass():
    async with serving(ring(lambda n: "a")) as (url, _), aiohttp.ClientSession() as session:
        made = scene(side("2", foreign=True), side("1", url))
        found = await shadow.check(session, made, gate(), lambda _: None)
    assert found.verdict == "Failed"
    assert "version 2 runs on ClusterServingRuntime/some, which has no admin port" in found.message


async def test_a_canary_without_pods_is_an_error():
    async with serving(ring(lambda n: "a")) as (url, _), aiohttp.ClientSession() as session:
        with pytest.raises(NoAnswerError, match="version 2 has no ready pod"):
            await shadow.check(
                session, scene(side("2"), side("1", url)), gate(), lambda _: None, interval=0.0
            )


def test_scores_that_are_too_far_apart_fail_if_somebody_has_said_how_far():
    report = ShadowReport(
        requests=5, failed=1, identical=0, rows=5, agreement=1.0, mean_delta=0.1, max_delta=0.4
    )
    assert shadow.conclude(report, gate()).verdict == "Passed"
    found = shadow.conclude(report, gate(max_delta=0.3))
    assert found.verdict == "Failed"
    assert found.message == (
        "5 requests compared: 100.0% of 5 rows agree, 0 answers are identical; 1 could not be answered by the canary;"
        " scores are 0.1 apart in the mean and 0.4 at most; scores may be 0.3 apart"
    )
