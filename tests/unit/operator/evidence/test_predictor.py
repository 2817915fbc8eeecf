"""Reading the predictor's counters, from real HTTP servers."""

import aiohttp
import pytest

from slipway_operator.api import names
from slipway_operator.evidence.predictor import parse, read

TEXT = """\
# HELP slipway_predictor_requests_total Requests.
# TYPE slipway_predictor_requests_total counter
slipway_predictor_requests_total{code="200",model_name="m",revision="r"} 90.0
slipway_predictor_requests_total{code="400",model_name="m",revision="r"} 5.0
slipway_predictor_requests_total{code="500",model_name="m",revision="r"} 3.0
slipway_predictor_requests_total{code="503",model_name="m",revision="r"} 2.0
# TYPE slipway_predictor_request_duration_seconds histogram
slipway_predictor_request_duration_seconds_bucket{le="0.005",model_name="m",revision="r"} 80.0
slipway_predictor_request_duration_seconds_bucket{le="0.01",model_name="m",revision="r"} 97.0
slipway_predictor_request_duration_seconds_bucket{le="+Inf",model_name="m",revision="r"} 100.0
slipway_predictor_request_duration_seconds_count{model_name="m",revision="r"} 100.0
# TYPE prediction_scores histogram
prediction_scores_bucket{le="0.5",model="m",revision="r"} 30.0
prediction_scores_bucket{le="1.0",model="m",revision="r"} 90.0
prediction_scores_bucket{le="+Inf",model="m",revision="r"} 90.0
# TYPE other_total counter
other_total{code="500"} 7.0
"""
COUNTS = {
    "requests": 100, "errors": 5, "asked": 100, "rejected": 5,
    "timed": 100, "slower:0.005": 20, "slower:0.01": 3,
    "scored": 90, "score:0.5": 30, "score:1.0": 90,
}  # fmt: skip


def test_parse_counts_5xx_as_failures_and_4xx_as_answers():
    assert parse(TEXT) == COUNTS


def test_fallbacks_are_counted_where_the_contract_has_defaults():
    labels = '{model_name="m",revision="r"}'
    assert "fallbacks" not in parse(TEXT)
    assert parse(f"{TEXT}slipway_predictor_fallbacks_total{labels} 7.0\n")["fallbacks"] == 7


def test_parse_of_nothing_is_no_request_and_nothing_else():
    assert parse("") == {"requests": 0, "errors": 0, "asked": 0, "rejected": 0}


def test_text_that_is_no_exposition_is_refused():
    with pytest.raises(ValueError):
        parse("slipway_predictor_requests_total{code=200 x")


@pytest.fixture
async def server(serve_text):
    port, _ = await serve_text("/metrics", TEXT)
    return port


def pod(name="p", address="127.0.0.1", ready="True"):
    conditions = [{"type": "Ready", "status": ready}]
    return {"metadata": {"name": name}, "status": {"podIP": address, "conditions": conditions}}


def runtime(endpoint):
    return {"metadata": {"annotations": {names.ANNOTATION_METRICS: endpoint} if endpoint else {}}}


async def read_one(endpoint, pods):
    async with aiohttp.ClientSession() as session:
        return await read(session, {"r": pods}, {"r": runtime(endpoint)})


async def test_pods_are_read(server):
    readings = await read_one(f"{server}/metrics", [pod()])
    assert readings.pods == {"p": ("r", COUNTS)}
    assert readings.error is None


async def test_a_pod_that_does_not_answer_is_an_error_that_names_it(server):
    readings = await read_one("1/metrics", [pod("gone")])
    assert "pod gone" in readings.error
    readings = await read_one(f"{server}/nothing", [pod("wrong")])
    assert "pod wrong answers 404" in readings.error


async def test_a_pod_that_is_not_ready_gets_no_requests_and_is_not_read():
    assert (await read_one("1/metrics", [pod("coming", ready="False")])).error is None


async def test_a_transformers_pod_is_not_asked(server):
    transformer = pod("transformer", address="127.0.0.2")
    transformer["metadata"]["labels"] = {"component": "transformer"}
    readings = await read_one(f"{server}/metrics", [pod(), transformer])
    assert (list(readings.pods), readings.error) == (["p"], None)


async def test_a_runtime_without_metrics_has_no_counters():
    assert (await read_one(None, [pod()])).absent
