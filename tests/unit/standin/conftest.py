"""Builders of the objects that the stand-in's pure modules take."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from slipway_standin.objects import Obj
from slipway_standin.runtimes import Runtime

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures/kserve"


@pytest.fixture
def recorded() -> Callable[[str], list[Obj]]:
    """The steps of a recorded scenario, by its name."""
    return lambda scenario: yaml.safe_load((FIXTURES / f"{scenario}.yaml").read_text())


@pytest.fixture
def recorded_runtime() -> Runtime:
    """The runtime of the recordings."""
    found = yaml.safe_load((FIXTURES / "runtime.yaml").read_text())
    return Runtime(found["metadata"]["name"], found["spec"], cluster=True)


@pytest.fixture
def an_isvc() -> Callable[..., Obj]:
    """Builds an InferenceService whose ``model`` takes the fields given."""

    def build(*, predictor: Obj | None = None, **model: object) -> Obj:
        fields = {"modelFormat": {"name": "sklearn"}, "storageUri": "pvc://models/v1", **model}
        return {
            "apiVersion": "serving.kserve.io/v1beta1",
            "kind": "InferenceService",
            "metadata": {
                "name": "m",
                "namespace": "ns",
                "uid": "u",
                "labels": {"team": "risk"},
                "annotations": {"serving.kserve.io/deploymentMode": "Standard", "note": "x"},
            },
            "spec": {"predictor": {"model": fields, **(predictor or {})}},
        }

    return build
