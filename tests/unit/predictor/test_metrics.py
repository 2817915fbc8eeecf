"""The metrics the operator reads: names and labels are an interface."""

from prometheus_client import CollectorRegistry, generate_latest

from slipway_predictor.monitoring.metrics import Metrics


def test_requests_are_counted_by_protocol_and_code_and_timed() -> None:
    registry = CollectorRegistry()
    metrics = Metrics("churn", "churn-abc", registry)
    labels = {"model_name": "churn", "revision": "churn-abc"}

    def count(protocol: str, code: str) -> float | None:
        return registry.get_sample_value(
            "slipway_predictor_requests_total", {**labels, "protocol": protocol, "code": code}
        )

    assert (count("v2", "200"), count("v2", "500"), count("v2", "400")) == (0, 0, None)
    for protocol, code in (("v2", 200), ("v2", 200), ("v2", 400), ("grpc-v2", 500), ("v2", 400)):
        metrics.request(protocol, code, 0.003)
    assert (count("v2", "200"), count("v2", "400"), count("grpc-v2", "500")) == (2, 2, 1)
    assert registry.get_sample_value("slipway_predictor_request_duration_seconds_count", labels) == 5
    assert (
        registry.get_sample_value(
            "slipway_predictor_request_duration_seconds_bucket", {**labels, "le": "0.005"}
        )
        == 5
    )
    assert (
        registry.get_sample_value(
            "slipway_predictor_request_duration_seconds_bucket", {**labels, "le": "0.0025"}
        )
        == 0
    )


def test_what_is_served_is_told() -> None:
    registry = CollectorRegistry()
    Metrics("churn", "churn-abc", registry).serving(version="2", digest="sha256:1", engine="sklearn")
    labels = {
        "model_name": "churn",
        "revision": "churn-abc",
        "version": "2",
        "digest": "sha256:1",
        "engine": "sklearn",
    }
    assert registry.get_sample_value("slipway_predictor_model_info", labels) == 1


def test_requests_with_defaults_are_counted_where_there_are_any() -> None:
    registry = CollectorRegistry()
    metrics = Metrics("churn", "r", registry)
    metrics.serving(version="2", digest="sha256:1", engine="sklearn", fills=("plan", "age"))
    metrics.filled({"plan": 3})
    metrics.filled({"plan": 1, "age": 1})
    labels = {"model_name": "churn", "revision": "r"}
    assert registry.get_sample_value("slipway_predictor_fallbacks_total", labels) == 2
    labels = {"model": "churn", "revision": "r"}
    counts = {
        name: registry.get_sample_value("inference_filled_values_total", {**labels, "field": name})
        for name in ("plan", "age")
    }
    assert counts == {"plan": 4, "age": 1}


def test_a_contract_without_defaults_counts_no_fallbacks() -> None:
    registry = CollectorRegistry()
    Metrics("churn", "r", registry).serving(version="2", digest="sha256:1", engine="sklearn")
    assert b"fallbacks" not in generate_latest(registry)
