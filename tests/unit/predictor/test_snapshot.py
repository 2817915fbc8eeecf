"""Figures of several workers, added up by their meaning, and the text made of them."""

import json

import numpy as np
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from slipway_predictor.monitoring.exposition import together
from slipway_predictor.monitoring.metrics import PROBABILITIES, Metrics
from slipway_predictor.monitoring.scores import score_bounds
from slipway_predictor.monitoring.snapshot import Snapshot, merge
from slipway_predictor.protocol import InferenceAnswer, Tensor


def counted(good: int, failed: int, *, under_way: int) -> Snapshot:
    metrics = Metrics("churn", "r", CollectorRegistry())
    metrics.under_way = lambda: under_way
    metrics.serving(
        version="2", digest="sha256:1", engine="linear", warnings=["engine_parity"], fills=["age"]
    )
    for _ in range(good):
        metrics.request("v2", 200, 0.002)
        scores = Tensor("probability", "FP64", np.array([[0.75, 0.25]]))
        metrics.answered(InferenceAnswer("1", "churn", "2", (scores,)))
        metrics.called(1, 1, 1e-4)
        metrics.filled({"age": 2})
    for _ in range(failed):
        metrics.request("grpc-v2", 400, 0.2)
        metrics.failed("Rejected", "age")
    return metrics.snapshot()


def samples(snapshot: Snapshot) -> dict[str, float]:
    text, _ = together(snapshot, "churn", "r", None)
    return {
        f"{sample.name} {' '.join(f'{k}={v}' for k, v in sorted(sample.labels.items()))}".strip(): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_counts_and_histograms_are_summed_over_workers_and_what_is_served_is_told_once() -> None:
    one, other = counted(3, 1, under_way=2), counted(4, 0, under_way=1)
    found = samples(merge([one, other]))
    assert found["inference_requests_total code=200 model=churn revision=r"] == 7
    assert found["inference_requests_total code=400 model=churn revision=r"] == 1
    assert found["inference_requests_total code=500 model=churn revision=r"] == 0
    assert (
        found["slipway_predictor_requests_total code=400 model_name=churn protocol=grpc-v2 revision=r"] == 1
    )
    assert found["inference_errors_total model=churn reason=Rejected revision=r"] == 1
    assert found["inference_rejected_values_total field=age model=churn revision=r"] == 1
    assert found["slipway_predictor_fallbacks_total model_name=churn revision=r"] == 7
    assert found["inference_filled_values_total field=age model=churn revision=r"] == 14
    assert found["inference_request_duration_seconds_bucket le=0.0025 model=churn revision=r"] == 7
    assert found["inference_request_duration_seconds_count model=churn revision=r"] == 8
    assert np.isclose(found["inference_request_duration_seconds_sum model=churn revision=r"], 0.214)
    assert found["prediction_scores_bucket le=0.25 model=churn revision=r"] == 7
    assert found["prediction_scores_bucket le=0.2 model=churn revision=r"] == 0
    assert found["model_inference_duration_seconds_count model=churn revision=r"] == 7
    assert found["inference_batch_rows_sum model=churn revision=r"] == 7
    assert found["inference_active_requests model=churn revision=r"] == 3
    assert found["loaded_model_versions model=churn revision=r version=2"] == 1
    served = "digest=sha256:1 engine=linear model_name=churn revision=r version=2"
    assert found[f"slipway_predictor_model_info {served}"] == 1
    assert found["slipway_predictor_load_warnings model_name=churn reason=engine_parity revision=r"] == 1
    assert found["slipway_predictor_workers model=churn revision=r"] == 2
    memory = [one.process["process_resident_memory_bytes"], other.process["process_resident_memory_bytes"]]
    assert found["process_resident_memory_bytes"] == sum(memory)
    assert found["process_start_time_seconds"] == one.process["process_start_time_seconds"]


def test_a_worker_that_ended_leaves_its_counts_and_nothing_else() -> None:
    left = counted(3, 1, under_way=2).left()
    found = samples(merge([left, counted(1, 0, under_way=0)]))
    assert found["inference_requests_total code=200 model=churn revision=r"] == 4
    assert found["slipway_predictor_fallbacks_total model_name=churn revision=r"] == 4
    assert found["inference_active_requests model=churn revision=r"] == 0
    assert found["slipway_predictor_workers model=churn revision=r"] == 1
    assert (left.served, left.process, left.warnings) == ([], {}, [])


def test_it_survives_the_way_between_processes() -> None:
    one = counted(3, 1, under_way=2)
    sent = Snapshot.from_json(json.loads(json.dumps(one.to_json())))
    assert samples(sent) == samples(one)
    assert samples(merge([sent, one])) == samples(merge([one, one]))


def test_scores_fall_into_what_the_training_data_had() -> None:
    reference = {"outputs": {"value": {"quantiles": [[1.0, 1.0, 2.0, 5.0]]}}}
    assert score_bounds(["value"], reference) == (1.0, 2.0, 5.0)
    assert score_bounds(["label", "probability"], reference) == PROBABILITIES
    detector = {"outputs": {"score": {"quantiles": [[-0.5, 0.0, 0.25]]}}}
    assert score_bounds(["label", "score"], detector) == (-0.5, 0.0, 0.25)
    anything = score_bounds(["value"], None)
    assert list(anything) == sorted(anything)
    assert (anything[0], anything[-1]) == (-1e6, 1e6)
    for odd in (
        {},
        {"outputs": {"value": {"quantiles": []}}},
        {"outputs": {"value": {"quantiles": [["x"]]}}},
    ):
        assert score_bounds(["value"], odd) == anything
