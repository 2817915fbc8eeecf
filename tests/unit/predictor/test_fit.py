"""Does the contract fit the pipeline? Every way in which it may not."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from slipway_contract import BundleError, Input, Manifest, Output
from slipway_predictor.bundle.fit import Shape, feature_count, require_fit
from slipway_predictor.engines import ScikitEngine

NAMES = ["a", "b"]
FRAME = pd.DataFrame(np.arange(8.0).reshape(4, 2), columns=NAMES)
ON_FRAME = LinearRegression().fit(FRAME, FRAME["a"])
ON_MATRIX = LinearRegression().fit(FRAME.to_numpy(), FRAME["a"])
VALUE = [Output(name="value", type="float")]


def floats(*names: str) -> list[Input]:
    return [Input(name=name, type="float") for name in names]


def fit(estimator: Any, inputs: list[Input], outputs: list[Output]) -> None:
    manifest = Manifest(
        name="m",
        version="1",
        artifact="a",
        inputs=inputs,
        outputs=outputs,
        libraries={},
        files={"a": "0" * 64},
    )
    rows = np.ones((1, sum(entry.width for entry in inputs)))
    require_fit(manifest, Shape.of(estimator), lambda: ScikitEngine(estimator).describe(rows))


def test_what_fits_passes() -> None:
    fit(ON_FRAME, floats("a", "b"), VALUE)
    fit(ON_MATRIX, floats("x", "y"), VALUE)
    fit(ON_MATRIX, [Input(name="input", type="float", columns=2)], VALUE)


def test_a_pipeline_that_does_not_tell_its_width_is_asked() -> None:
    pipeline = Pipeline([("f", FunctionTransformer()), ("m", ON_MATRIX)])
    assert feature_count(pipeline) is None
    fit(pipeline, floats("x", "y"), VALUE)
    with pytest.raises(BundleError, match="on the contract's own example row it raised ValueError"):
        fit(pipeline, floats("x"), VALUE)


@pytest.mark.parametrize(
    ("estimator", "inputs", "outputs", "sentence"),
    [
        (ON_FRAME, floats("b", "a"), VALUE, "input 0 is 'b', the pipeline's 'a'"),
        (ON_FRAME, floats("a"), VALUE, "it lists 1 inputs, the pipeline takes 2"),
        (ON_MATRIX, floats("x", "y", "z"), VALUE, "it lists 3 columns, the pipeline takes 2"),
        (
            ON_MATRIX,
            floats("x", "y"),
            [Output(name="label", type="int")],
            "promises output 'label', the pipeline has value",
        ),
        (
            ON_MATRIX,
            floats("x", "y"),
            [Output(name="value", type="int")],
            "'value' is not of the promised type",
        ),
        (
            ON_MATRIX,
            floats("x", "y"),
            [Output(name="value", type="float", columns=1)],
            "'value' is not of the promised",
        ),
    ],
)
def test_what_does_not_fit_is_named(
    estimator: Any, inputs: list[Input], outputs: list[Output], sentence: str
) -> None:
    with pytest.raises(BundleError, match=f"the contract does not fit the pipeline: .*{sentence}"):
        fit(estimator, inputs, outputs)
