"""What is rendered for a recorded input is what KServe made of it, apart from what the API server fills in."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.fixtures.kserve import distil

from slipway_standin.defaults import defaulted
from slipway_standin.deployment import deployment
from slipway_standin.hpa import autoscaler, is_scaled
from slipway_standin.objects import Obj
from slipway_standin.pod import metadata, pod_spec
from slipway_standin.route import is_public, routes
from slipway_standin.service import service
from slipway_standin.settings import Settings
from slipway_standin.storage import inject
from slipway_standin.validation import refusal

FILLED_IN = {
    "spec.replicas",
    "spec.behavior.scaleDown",
    "spec.behavior.scaleUp",
    "spec.template.spec.containers.0.readinessProbe.failureThreshold",
    "spec.template.spec.containers.0.readinessProbe.successThreshold",
    "spec.template.spec.containers.0.readinessProbe.timeoutSeconds",
    "spec.template.spec.containers.0.readinessProbe.httpGet.scheme",
}
RENDERED = ["01-create-cluster-local", "02-create-with-route", "03-container-crashes", "05-pvc-missing",
            "06-hpa-default-two-replicas", "07-canaryTrafficPercent-ignored-in-standard"]  # fmt: skip


def differences(rendered: Any, recorded: Any, path: str = "") -> Iterator[str]:
    if isinstance(rendered, dict) and isinstance(recorded, dict):
        for key in rendered.keys() | recorded.keys():
            yield from differences(rendered.get(key), recorded.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(rendered, list) and isinstance(recorded, list) and len(rendered) == len(recorded):
        for place, pair in enumerate(zip(rendered, recorded, strict=True)):
            yield from differences(*pair, f"{path}.{place}")
    elif rendered != recorded:
        yield path


def render(applied: Obj, runtime: Any) -> dict[str, Obj]:
    isvc = defaulted(applied, "Standard")
    isvc["metadata"] |= {"namespace": "rec", "uid": "u"}
    spec, meta = pod_spec(isvc, runtime), metadata(isvc, runtime)
    exposed, made = service(isvc, meta, spec), deployment(isvc, meta, spec)
    objects = [exposed, made]
    objects += [autoscaler(isvc, meta)] if is_scaled(meta) else []
    objects += routes(isvc, exposed, Settings()) if is_public(isvc) else []
    rendered = {f"{obj['kind']}/{obj['metadata']['name']}": distil.slim(obj) for obj in objects}
    template = made["spec"]["template"]
    return {**rendered, "Pod": distil.slim({"kind": "Pod", **inject(template)})}


@pytest.mark.parametrize("scenario", RENDERED)
def test_rendered_as_recorded(scenario: str, recorded: Any, recorded_runtime: Any) -> None:
    expected: dict[str, Obj] = {}
    steps = [step for step in recorded(scenario) if step["input"]]
    for step in steps:
        expected |= step["objects"]
        rendered = render(step["input"], recorded_runtime)
        assert set(rendered) - {"Pod"} == set(step["present"])
        for name in step["objects"]:
            assert set(differences(rendered[name], expected[name])) <= FILLED_IN, name


def test_the_recorded_refusals(recorded: Any) -> None:
    steps = recorded("10-invalid-specs")
    refused = [step for step in steps if "refused" in step]
    assert len(refused) == 3
    for step in refused:
        isvc = defaulted(step["input"], "Standard")
        old = None
        if step["step"] == "to Knative":
            old = {**defaulted(steps[2]["input"], "Standard"), "status": {"deploymentMode": "Standard"}}
        assert refusal(isvc, old) == step["refused"]["sentence"]
    accepted = next(step for step in steps if "refused" not in step)
    assert refusal(defaulted(accepted["input"], "Standard")) is None
