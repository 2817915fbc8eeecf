"""What is told of the model."""

import json
from typing import Any, Literal

import pytest

from slipway_contract import Input, Manifest, Output
from slipway_predictor.protocol import openapi
from slipway_predictor.serving.catalog import Catalog
from slipway_predictor.serving.core import Identity
from tests.fuzz.model import EVERYTHING, core

LABEL = Output(name="label", type="string", classes=["süd", "no"])
PROBABILITY = Output(name="probability", type="float", columns=2)
SEVERAL = [
    Output(name="label", type="int", columns=2),
    Output(name="probability_0", type="float", columns=2, classes=[0, 1]),
]


def catalog(outputs: list[Output]) -> Catalog:
    manifest = Manifest(
        name="m",
        version="1",
        artifact="a",
        inputs=[Input(name="x", type="float")],
        outputs=outputs,
        libraries={},
        files={"a": "0" * 64},
    )
    return Catalog(Identity("m", "1"), manifest, "sha256:0")


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        ([LABEL, PROBABILITY], {"classes": ["süd", "no"]}),
        (SEVERAL, {"classes_probability_0": [0, 1]}),
        ([Output(name="value", type="float")], {}),
    ],
)
def test_the_metadata_tells_the_classes(outputs: list[Output], told: dict[str, Any]) -> None:
    parameters = catalog(outputs).parameters
    assert parameters.pop("digest") == "sha256:0"
    assert {name: json.loads(text) for name, text in parameters.items()} == told


def test_the_document_tells_the_order_of_the_columns() -> None:
    document = openapi.document(
        name="m",
        version="1",
        tensors=[{"name": "x", "datatype": "FP64", "shape": [1, 1], "data": [0.0]}],
        values=[{"type": "array"}],
        outputs=catalog([LABEL, PROBABILITY]).outputs,
        classes={"label": ["süd", "no"]},
        example={"inputs": []},
    )
    outputs = document["components"]["schemas"]["InferResponse"]["properties"]["outputs"]["items"]["oneOf"]
    assert [output["description"] for output in outputs] == [
        'one of ["süd", "no"]',
        'a column for each of ["süd", "no"], in this order',
    ]


@pytest.mark.parametrize(
    ("form", "platform"), [("sklearn", "sklearn"), ("skops", "sklearn"), ("onnx", "onnx_onnxv1")]
)
def test_the_platform_is_that_of_the_artifact(
    form: Literal["sklearn", "skops", "onnx"], platform: str
) -> None:
    manifest = core(EVERYTHING).manifest.model_copy(update={"format": form})
    assert Catalog(Identity("churn", "1"), manifest, "sha256:0").model["platform"] == platform
