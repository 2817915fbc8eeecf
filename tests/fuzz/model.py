"""A contract with inputs of every type and every rule, and an engine that costs nothing: what the targets ask."""

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from slipway_contract import Input, Manifest, Output
from slipway_predictor.engines import Batcher, Cost
from slipway_predictor.features import Intake, Table
from slipway_predictor.monitoring.metrics import Metrics
from slipway_predictor.serving.core import Core, Identity
from slipway_predictor.serving.lifecycle import Lifecycle, State
from slipway_predictor.serving.service import Service

NAME = "churn"
IDENTITY = Identity(NAME, "1", "r")
MATRIX = [Input(name="x", type="float", columns=3)]
EVERYTHING = [
    Input(name="age", type="int", minimum=0, maximum=120, example=40),
    Input(name="plan", type="category", values=["basic", "gold"], example="gold"),
    Input(name="level", type="category", values=["a", "b"], unknown="default", default="a", example="b"),
    Input(name="note", type="string", missing="default", default="none", required=False),
    Input(name="active", type="bool", example=True),
    Input(name="spend", type="float", missing="nan", minimum=-1e6, example=1.5),
    Input(name="since", type="timestamp", example="2026-01-01T00:00:00Z"),
]


class Constant:
    """An engine that answers the same to every row."""

    name = "constant"
    cost = Cost(1e-6, 1e-9)

    def predict(self, table: Table, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
        rows = len(table)
        answers = {"label": np.full(rows, "stay", dtype=object), "probability": np.full((rows, 2), 0.5)}
        return {name: answers[name] for name in outputs}


def core(inputs: list[Input]) -> Core:
    """Return a core around the contract."""
    manifest = Manifest(
        name=NAME,
        version="1",
        artifact="model.joblib",
        inputs=inputs,
        outputs=[
            Output(name="label", type="string", classes=["go", "stay"]),
            Output(name="probability", type="float", columns=2),
        ],
        max_rows=1000,
        libraries={},
        files={"model.joblib": "a" * 64},
    )
    return Core(IDENTITY, manifest, Constant(), Intake(inputs, framed=True, max_rows=1000))


def service(made: Core, loop: Any) -> Service:
    """Return the door to it, open and ready."""
    lifecycle = Lifecycle()
    opened = Service(IDENTITY, lifecycle, Metrics(NAME, "r", CollectorRegistry()), timeout=60.0)
    opened.open(made, Batcher(made.engine, loop))
    lifecycle.state = State.READY
    return opened
