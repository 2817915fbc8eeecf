"""What is told of the model."""

from typing import Literal

import pytest

from slipway_predictor.serving.catalog import Catalog
from slipway_predictor.serving.core import Identity
from tests.fuzz.model import EVERYTHING, core


@pytest.mark.parametrize(
    ("form", "platform"), [("sklearn", "sklearn"), ("skops", "sklearn"), ("onnx", "onnx_onnxv1")]
)
def test_the_platform_is_that_of_the_artifact(
    form: Literal["sklearn", "skops", "onnx"], platform: str
) -> None:
    manifest = core(EVERYTHING).manifest.model_copy(update={"format": form})
    assert Catalog(Identity("churn", "1"), manifest, "sha256:0").model["platform"] == platform
