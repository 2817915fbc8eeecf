"""The gates that ask the predictor: contract, artifact, golden, warmup; each with what fails it, skips it, and errs."""

import aiohttp
import pytest
from tests.unit.operator.gates.server import ANSWER, CONTRACT, DIGEST, GOLDEN, scene, serving, side

from slipway_operator.api.gates import EffectiveGate
from slipway_operator.calls.addresses import Guard
from slipway_operator.gates.run import run
from slipway_operator.gates.warmup import settled

GONE = "http://127.0.0.1:1"
INFER = "/v2/models/churn/infer"
GOOD = {"/contract": (200, CONTRACT), "/golden": (200, GOLDEN), INFER: (200, ANSWER)}


async def answer(name, made, **fields):
    """One attempt at a gate."""
    gate = EffectiveGate(name=name, timeout_seconds=30, **{"requests": 4, "tolerance": 1e-5, **fields})
    async with aiohttp.ClientSession() as session:
        return await run(session, Guard(), gate, made, 1)


@pytest.fixture
async def good():
    async with serving(GOOD) as (url, asked):
        yield url, asked


def whole(url, canary=None):
    """A scene in which everything is at one URL."""
    return scene(canary or side("2", url), side("1", url), [url])


@pytest.mark.parametrize("gate", ["contract", "artifact", "golden", "warmup"])
async def test_a_good_canary_passes(good, gate):
    found = await answer(gate, whole(good[0]))
    assert found.verdict == "Passed", found.message


@pytest.mark.parametrize("gate", ["contract", "artifact", "golden", "warmup"])
async def test_a_foreign_runtime_is_skipped_and_named(good, gate):
    found = await answer(gate, whole(good[0], side("2", foreign=True)))
    assert found.verdict == "Skipped"
    assert "version 2 runs on ClusterServingRuntime/some, which has no admin port" in found.message


@pytest.mark.parametrize("gate", ["contract", "artifact", "golden", "warmup"])
async def test_a_predictor_that_does_not_answer_is_an_error(good, gate):
    found = await answer(gate, whole(good[0], side("2", GONE)))
    assert found.verdict == "Error"
    assert GONE in found.message


@pytest.mark.parametrize("gate", ["contract", "artifact", "golden", "warmup"])
async def test_a_canary_without_a_ready_pod_is_an_error(good, gate):
    found = await answer(gate, whole(good[0], side("2")))
    assert (found.verdict, found.message) == ("Error", "version 2 has no ready pod")


@pytest.mark.parametrize("gate", ["contract", "artifact", "golden", "warmup"])
async def test_an_older_predictor_is_skipped(gate):
    async with serving({INFER: (200, ANSWER)}) as (url, _):
        found = await answer(gate, whole(url))
    assert found.verdict == "Skipped"
    assert "too old" in found.message or gate == "golden"


@pytest.mark.parametrize("gate", ["contract", "artifact", "golden", "warmup"])
@pytest.mark.parametrize("document", [[], "text", {"digest": 1, "inputs": 5}, {"request": [], "outputs": {}}])
async def test_an_answer_that_makes_no_sense_is_never_a_pass(gate, document):
    paths = dict.fromkeys(["/contract", "/golden", "/example"], (200, document))
    async with serving({**paths, INFER: (200, ANSWER)}) as (url, _):
        found = await answer(gate, whole(url))
    assert found.verdict in ("Error", "Failed")
    assert "inside the operator" not in found.message


async def test_a_contract_that_breaks_is_told_by_input():
    narrower = {**CONTRACT, "inputs": [{"name": "age", "type": "int"}]}
    async with serving(GOOD) as (old, _), serving({"/contract": (200, narrower)}) as (new, _):
        found = await answer("contract", scene(side("2", new), side("1", old)))
    assert found.verdict == "Failed"
    assert found.message == "clients of version 1 would break on version 2: input 'age' is int, it was float"


async def test_a_contract_that_only_grows_passes_and_says_what_is_new():
    wider = {**CONTRACT, "outputs": [*CONTRACT["outputs"], {"name": "score", "type": "float"}]}
    async with serving(GOOD) as (old, _), serving({"/contract": (200, wider)}) as (new, _):
        found = await answer("contract", scene(side("2", new), side("1", old)))
    assert found.verdict == "Passed"
    assert found.message.endswith("(output 'score' is new)")


async def test_a_contract_is_not_compared_where_stable_serves_nobody(good):
    found = await answer("contract", scene(side("2", good[0]), side("1")))
    assert found.verdict == "Skipped"
    assert "version 1 has no ready pod" in found.message


async def test_another_artifact_fails_whichever_pod_has_it(good):
    other = {**CONTRACT, "digest": "sha256:" + "9" * 64}
    async with serving({"/contract": (200, other)}) as (wrong, _):
        found = await answer("artifact", scene(side("2", good[0], wrong)))
    assert found.verdict == "Failed"
    assert found.message == f"the pod at {wrong} serves {other['digest']}, spec.model.digest is {DIGEST}"


async def test_a_bare_file_is_known_by_its_own_digest(good):
    found = await answer("artifact", scene(side("2", good[0], digest=CONTRACT["artifactDigest"])))
    assert found.verdict == "Passed"


async def test_without_a_digest_there_is_no_artifact_to_compare(good):
    found = await answer("artifact", scene(side("2", good[0], digest=None)))
    assert found.verdict == "Skipped"
    assert "spec.model.digest is not set" in found.message


@pytest.mark.parametrize("gate", ["golden", "warmup"])
@pytest.mark.parametrize(
    ("status", "verdict"), [(400, "Failed"), (500, "Failed"), (503, "Error"), (429, "Error")]
)
async def test_what_is_not_answered_with_200_fails_unless_it_may_be_over_in_a_moment(gate, status, verdict):
    async with serving({**GOOD, INFER: (status, {"error": "age is missing"})}) as (url, _):
        found = await answer(gate, whole(url))
    assert found.verdict == verdict
    assert f"{status}: age is missing" in found.message


@pytest.mark.parametrize("gate", ["golden", "warmup"])
async def test_a_service_without_an_address_is_an_error(good, gate):
    found = await answer(gate, scene(side("2", good[0])))
    assert (found.verdict, found.message) == ("Error", "the canary's Service has no address yet")


async def test_golden_rows_answered_otherwise_fail():
    async with serving({**GOOD, "/golden": (200, {**GOLDEN, "outputs": {"label": [0, 0]}})}) as (url, _):
        found = await answer("golden", whole(url))
    assert found.verdict == "Failed"
    assert "the first of them row 1: output 'label' is 1, 0 was recorded" in found.message


async def test_a_bundle_without_golden_rows_is_warmed_by_its_example():
    paths = {
        "/golden": (404, {"error": "none"}),
        "/example": (200, {"inputs": ["example"]}),
        INFER: (200, ANSWER),
    }
    async with serving(paths) as (url, asked):
        assert (await answer("golden", whole(url))).message == "none"
        found = await answer("warmup", whole(url))
    assert found.verdict == "Passed", found.message
    assert asked[-1] == ("POST", INFER, {"inputs": ["example"]})


async def test_every_pod_gets_its_requests(good):
    url, asked = good
    async with serving(GOOD) as (second, others):
        await answer("warmup", scene(side("2", url, second), None, [url, second]), requests=7)
    counts = [sum(path == INFER for _, path, _ in requests) for requests in (asked, others)]
    assert min(counts) >= 7
    assert max(counts) - min(counts) <= 1


async def test_a_transformer_is_warmed_with_what_is_behind_it(good):
    url, asked = good
    async with serving({INFER: (200, ANSWER)}) as (front, through):
        found = await answer("warmup", scene(side("2", url), None, [url], fronts=[front]), requests=4)
    assert found.verdict == "Passed", found.message
    assert sum(path == INFER for _, path, _ in through) >= 4
    assert not [path for _, path, _ in asked if path == INFER], "clients come through the transformer only"


async def test_a_transformer_that_takes_something_else_leaves_the_predictor_to_be_warmed(good):
    url, asked = good
    async with serving({INFER: (400, {"error": "text is missing"})}) as (front, _):
        found = await answer("warmup", scene(side("2", url), None, [url], fronts=[front]), requests=4)
    assert found.verdict == "Passed"
    assert "its transformer answers the predictor's example with 400" in found.message
    assert sum(path == INFER for _, path, _ in asked) >= 4


@pytest.mark.parametrize(("status", "verdict"), [(500, "Failed"), (503, "Error")])
async def test_a_transformer_that_fails_does_not_pass(good, status, verdict):
    async with serving({INFER: (status, {"error": "broken"})}) as (front, _):
        found = await answer("warmup", scene(side("2", good[0]), None, [good[0]], fronts=[front]))
    assert found.verdict == verdict, found.message


async def test_golden_rows_go_to_the_predictor_behind_a_transformer(good):
    async with serving({INFER: (500, {"error": "broken"})}) as (front, through):
        found = await answer("golden", scene(side("2", good[0]), None, [good[0]], fronts=[front]))
    assert found.verdict == "Passed", found.message
    assert through == []


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([0.1] * 20, True),
        ([1.0] * 10 + [0.01] * 10, False),
        ([0.01] * 10 + [1.0] * 10, False),
        ([1.0] * 5 + [0.01] * 15, False),
        ([1.0] * 20 + [0.01] * 20, True),
        ([0.0001] * 10 + [0.0009] * 10, True),
        ([0.1], True),
    ],
)
def test_settled_is_when_the_latest_are_like_those_before(times, expected):
    assert settled(times) is expected


async def test_a_canary_that_gets_quicker_is_warmed_until_it_is_quick(monkeypatch):
    clock, step = [0.0], iter([0.9**count for count in range(100)] + [0.01] * 200)

    def tick():
        clock[0] += next(step) / 2
        return clock[0]

    monkeypatch.setattr("slipway_operator.gates.warmup.time.perf_counter", tick)
    async with serving(GOOD) as (url, asked):
        found = await answer("warmup", whole(url), requests=10)
    assert found.verdict == "Passed"
    assert 20 < sum(path == INFER for _, path, _ in asked) < 100
