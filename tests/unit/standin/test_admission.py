"""Defaulting and validation beyond the recorded sentences."""

from typing import Any

import pytest

from slipway_standin.defaults import defaulted
from slipway_standin.validation import refusal


@pytest.mark.parametrize(
    ("given", "default", "expected"),
    [
        ("RawDeployment", "Knative", "Standard"),
        ("Serverless", "Standard", "Knative"),
        (None, "Standard", "Standard"),
        (None, "RawDeployment", "Standard"),
        (None, "Knative", None),
    ],
)
def test_the_mode(an_isvc: Any, given: str | None, default: str, expected: str | None) -> None:
    isvc = an_isvc()
    isvc["metadata"]["annotations"] = {"serving.kserve.io/deploymentMode": given} if given else None
    annotations = defaulted(isvc, default)["metadata"]["annotations"]
    assert annotations.get("serving.kserve.io/deploymentMode") == expected


def test_a_framework_becomes_a_model(an_isvc: Any) -> None:
    isvc = an_isvc()
    isvc["spec"]["predictor"] = {"onnx": {"storageUri": "pvc://a"}, "minReplicas": 1}
    filled = defaulted(isvc, "Standard")
    assert filled["spec"]["predictor"] == {
        "minReplicas": 1,
        "model": {
            "modelFormat": {"name": "onnx"},
            "storageUri": "pvc://a",
            "protocolVersion": "v2",
            "name": "",
            "resources": {},
        },
    }
    assert filled["metadata"]["annotations"]["modelFormat"] == "onnx"
    assert "onnx" in isvc["spec"]["predictor"], "the object given is left as it is"


def test_the_users_own_container_is_named_and_sized(an_isvc: Any) -> None:
    isvc = an_isvc()
    isvc["spec"]["predictor"] = {"containers": [{"image": "a", "resources": {"limits": {"cpu": "3"}}}]}
    [container] = defaulted(isvc, "Standard")["spec"]["predictor"]["containers"]
    assert container["name"] == "kserve-container"
    assert container["resources"] == {
        "requests": {"cpu": "1", "memory": "2Gi"},
        "limits": {"cpu": "3", "memory": "2Gi"},
    }


@pytest.mark.parametrize("spec", [None, {}, {"predictor": None}, {"predictor": {}}])
def test_defaulting_takes_anything(an_isvc: Any, spec: Any) -> None:
    isvc = an_isvc()
    isvc["spec"] = spec
    assert defaulted(isvc, "Standard")["spec"] == spec


CANARY = {"trafficPercent": 10, "predictor": {"name": "b", "model": {"modelFormat": {"name": "sklearn"}}}}


@pytest.mark.parametrize(
    ("predictor", "spec", "annotations", "sentence"),
    [
        ({}, {}, {}, None),
        ({}, {}, {"autoscalerClass": "fast"}, "[fast] is not a supported autoscaler class type"),
        ({}, {}, {"autoscalerClass": "keda"}, "autoscaler class keda is not built"),
        ({"minReplicas": -1}, {}, {}, "'MinReplicas' cannot be less than 0"),
        ({"maxReplicas": -1}, {}, {}, "'MaxReplicas' cannot be less than 0"),
        ({"minReplicas": 0, "maxReplicas": 0}, {}, {}, None),
        ({"minReplicas": 2, "maxReplicas": 1}, {}, {}, "'MinReplicas' cannot be greater than MaxReplicas"),
        ({"containerConcurrency": -1}, {}, {}, "parallelism cannot be less than 0"),
        ({"scaleMetric": "rps"}, {}, {"autoscalerClass": "hpa"}, "[rps] is not a supported metric"),
        ({"scaleTarget": 0}, {}, {"autoscalerClass": "hpa"}, "the target utilization percentage should be"),
        ({"model": None}, {}, {}, "exactly one of [Name, SKLearn"),
        ({"containers": [{"name": "kserve-container"}]}, {}, {}, "exactly one of [Name, SKLearn"),
        ({"containers": [{"name": "beside"}]}, {}, {}, None),
        ({"logger": {"mode": "all"}}, {}, {}, "spec.predictor.logger is not built"),
        ({}, {"explainer": {"art": {}}}, {}, "spec.explainer is not built"),
        ({}, {"canary": [CANARY]}, {}, "spec.canary is not built by this stand-in"),
        ({}, {"canary": [CANARY]}, {"deploymentMode": "Knative"}, "canary is only supported in Standard"),
        ({}, {"canary": [{**CANARY, "trafficPercent": 101}]}, {}, "must be between 0 and 100, got 101"),
        ({}, {"canary": [CANARY, CANARY]}, {}, 'canary predictor.name "b" is duplicated'),
        ({"name": "b"}, {"canary": [CANARY]}, {}, 'canary predictor.name "b" conflicts with stable'),
        (
            {},
            {"canary": [{"trafficPercent": 1, "predictor": {}}]},
            {},
            "canary[0] predictor.name is required",
        ),
    ],
)
def test_validation(
    an_isvc: Any, predictor: dict, spec: dict, annotations: dict, sentence: str | None
) -> None:
    isvc = an_isvc(predictor=predictor)
    isvc["spec"] |= spec
    keys = {f"serving.kserve.io/{key}": value for key, value in annotations.items()}
    isvc["metadata"]["annotations"] |= keys
    refused = refusal(isvc)
    assert (refused is None) if sentence is None else (sentence in (refused or ""))


def test_the_sum_of_canaries(an_isvc: Any) -> None:
    isvc = an_isvc()
    other = {**CANARY, "trafficPercent": 95, "predictor": {**CANARY["predictor"], "name": "c"}}
    isvc["spec"]["canary"] = [CANARY, other]
    assert refusal(isvc) == "sum of canary trafficPercent values (105) must be <= 100"


def test_a_renamed_predictor_needs_another_model(an_isvc: Any) -> None:
    old = an_isvc(predictor={"name": "a"})
    assert refusal(an_isvc(predictor={"name": "b"}), old) == (
        "predictor.name change requires a model change (e.g. storageUri)"
    )
    assert refusal(an_isvc(predictor={"name": "b"}, storageUri="pvc://models/v2"), old) is None


def test_one_being_deleted_is_let_go(an_isvc: Any) -> None:
    isvc = an_isvc(predictor={"minReplicas": -1})
    isvc["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert refusal(isvc) is None
