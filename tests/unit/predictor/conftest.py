"""Small fitted models, and cores around them, made once."""

from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from slipway_contract import Input, Manifest
from slipway_predictor.engines import ScikitEngine
from slipway_predictor.features import Intake, example_request
from slipway_predictor.protocol import v2_json
from slipway_predictor.serving.core import Core, Identity


@pytest.fixture(scope="session")
def matrix_classifier() -> Pipeline:
    """Two classes over three unnamed columns."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(60, 3))
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(x, x[:, 0] > 0)


@pytest.fixture(scope="session")
def people() -> pd.DataFrame:
    """A frame of every type."""
    rng = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, 80),
            "plan": rng.choice(["basic", "gold", "pro"], 80),
            "active": rng.random(80) > 0.5,
            "spend": rng.normal(50, 20, 80),
        }
    )


@pytest.fixture(scope="session")
def mixed_classifier(people: pd.DataFrame) -> Pipeline:
    """Classes named by strings, over columns of every type."""
    columns = ColumnTransformer([("plan", OneHotEncoder(), ["plan"])], remainder="passthrough")
    target = np.where(people["spend"] + people["age"] > 100, "stay", "go")
    return make_pipeline(columns, StandardScaler(with_mean=False), LogisticRegression()).fit(people, target)


@pytest.fixture(scope="session")
def regressor() -> LinearRegression:
    """Two values over two columns."""
    x = np.arange(20.0).reshape(10, 2)
    return LinearRegression().fit(x, x @ np.array([[1.0, 2.0], [3.0, -1.0]]))


def core_of(estimator: Any, inputs: list[Input], revision: str = "churn-abc") -> Core:
    """Return a core around a fitted estimator, without a bundle on disk."""
    engine = ScikitEngine(estimator)
    intake = Intake(inputs, framed=engine.framed)
    example = intake.table(v2_json.decode(orjson.dumps(example_request(inputs))).inputs)
    manifest = Manifest(
        name="churn",
        version="1",
        artifact="model.joblib",
        inputs=inputs,
        outputs=engine.describe(example),
        libraries={},
        files={"model.joblib": "a" * 64},
    )
    return Core(Identity("churn", "1", revision), manifest, engine, intake)


MATRIX = [Input(name="input", type="float", columns=3)]
PEOPLE = [
    Input(name="age", type="int", example=40),
    Input(name="plan", type="string", example="gold"),
    Input(name="active", type="bool", example=True),
    Input(name="spend", type="float", example=50.5),
]
