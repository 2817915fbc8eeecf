"""The transformer's workload: what KServe adds to the user's own containers, and what it does not."""

from typing import Any

import pytest

from slipway_standin.defaults import defaulted
from slipway_standin.deployment import deployment
from slipway_standin.service import service
from slipway_standin.transformer import metadata, pod_spec
from slipway_standin.validation import refusal

LOCAL = {"networking.kserve.io/visibility": "cluster-local"}


@pytest.fixture
def fronted(an_isvc: Any) -> Any:
    def build(*args: str, **fields: object) -> dict:
        isvc = an_isvc()
        container = {"name": "mine", "image": "x", "args": list(args), "ports": [{"containerPort": 9080}]}
        isvc["spec"]["transformer"] = {"containers": [container], **fields}
        isvc["metadata"]["labels"] = {**LOCAL, "team": "ml"}
        return defaulted(isvc, "Standard")

    return build


@pytest.mark.parametrize(
    ("given", "arguments"),
    [
        ((), ["--model_name", "m", "--predictor_host", "m-predictor.ns", "--http_port", "8080"]),
        (
            ("--model_name", "churn", "--http_port=9080"),
            ["--model_name", "churn", "--http_port=9080", "--predictor_host", "m-predictor.ns"],
        ),
    ],
)
def test_it_is_told_what_it_does_not_say_itself(fronted: Any, given: tuple, arguments: list) -> None:
    (container,) = pod_spec(fronted(*given))["containers"]
    assert container["args"] == arguments
    assert (container["name"], container["imagePullPolicy"]) == ("kserve-container", "IfNotPresent")
    assert container["env"] == [{"name": "INFERENCE_SERVICE_NAME", "value": "m"}]
    assert container["readinessProbe"]["tcpSocket"] == {"port": 9080}
    assert container["resources"]["limits"] == {"cpu": "1", "memory": "2Gi"}


def test_its_objects_are_told_apart_from_the_predictors(fronted: Any) -> None:
    isvc = fronted(minReplicas=2, labels={"tier": "front"})
    isvc["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] = "none"
    meta = metadata(isvc)
    made = deployment(isvc, meta, pod_spec(isvc), "transformer")
    assert (made["metadata"]["name"], made["spec"]["replicas"]) == ("m-transformer", 2)
    labels = made["spec"]["template"]["metadata"]["labels"]
    assert labels["component"] == "transformer"
    assert labels["app"] == "isvc.m-transformer"
    assert (labels["team"], labels["tier"]) == ("ml", "front")
    assert service(isvc, meta, pod_spec(isvc))["spec"]["ports"] == [
        {"port": 80, "targetPort": 9080, "protocol": "TCP"}
    ]


@pytest.mark.parametrize(
    ("fields", "labels", "sentence"),
    [
        ({}, LOCAL, None),
        ({}, {}, "spec.transformer without the label networking.kserve.io/visibility"),
        ({"logger": {"mode": "all"}}, LOCAL, "spec.transformer.logger is not built"),
        ({"minReplicas": 3, "maxReplicas": 1}, LOCAL, "'MinReplicas' cannot be greater than MaxReplicas"),
    ],
)
def test_validation(fronted: Any, fields: dict, labels: dict, sentence: str | None) -> None:
    isvc = fronted(**fields)
    isvc["metadata"]["labels"] = labels
    refused = refusal(isvc)
    assert (refused is None) if sentence is None else (sentence in (refused or ""))
