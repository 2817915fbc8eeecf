"""What the operator writes holds only fields that KServe knows: checked against the models of its own package."""

import re

import kserve
import pytest
import yaml
from tests.unit.operator.cluster.test_render import subject

from slipway_lab.manifests import INSTALL
from slipway_operator.cluster.render.runtime import render_runtime
from slipway_operator.cluster.render.service import render_service
from slipway_operator.rollout.revision import revision_of

TEMPLATE = {
    "metadata": {"labels": {"team": "risk"}},
    "spec": {
        "predictor": {
            "minReplicas": 1,
            "maxReplicas": 3,
            "serviceAccountName": "reader",
            "model": {"resources": {"requests": {"cpu": "1"}}, "env": [{"name": "A", "value": "b"}]},
        }
    },
}


def unknown(kind: str, value, path: str = "") -> list[str]:
    """Paths of fields that KServe's model of ``kind`` does not have; Kubernetes' own types are taken as they are."""
    inner = re.match(r"(?:list\[|dict\(str, ?)(\w+)[\])]", kind)
    if inner:
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        return [bad for key, part in parts for bad in unknown(inner[1], part, f"{path}[{key}]")]
    model = getattr(kserve, kind, None)
    if model is None or not hasattr(model, "attribute_map"):
        return []
    names = {alias: attribute for attribute, alias in model.attribute_map.items()}
    bad = [f"{path}.{key}" for key in value if key not in names]
    known = [key for key in value if key in names]
    return bad + [
        found
        for key in known
        for found in unknown(model.openapi_types[names[key]], value[key], f"{path}.{key}")
    ]


@pytest.mark.parametrize("over", [{}, {"template": TEMPLATE}])
def test_inference_service(over):
    one = subject(**over)
    body = render_service(one, revision_of(one.spec))
    assert unknown("V1beta1InferenceService", body) == []


def chart_runtime() -> dict:
    documents = yaml.safe_load_all(INSTALL.read_text())
    return next(part for part in documents if part and part["kind"] == "ClusterServingRuntime")


def test_the_charts_runtime_and_its_copy():
    source = chart_runtime()
    assert unknown("V1alpha1ServingRuntimeSpec", source["spec"]) == []
    one = subject()
    assert (
        unknown("V1alpha1ServingRuntimeSpec", render_runtime(one, revision_of(one.spec), source)["spec"])
        == []
    )


def test_the_check_finds_what_it_looks_for():
    body = {"spec": {"predictor": {"model": {"storageUrl": "x"}, "typo": 1}}}
    assert unknown("V1beta1InferenceService", body) == [
        ".spec.predictor.typo",
        ".spec.predictor.model.storageUrl",
    ]
