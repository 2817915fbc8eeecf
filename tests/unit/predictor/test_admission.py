"""Admission: a request is let in only if the work ahead of it is short."""

from collections.abc import Collection

import pytest
from prometheus_client import CollectorRegistry
from sklearn.linear_model import LinearRegression

from slipway_contract import Input
from slipway_predictor.engines import Cost, Done
from slipway_predictor.features import Table
from slipway_predictor.monitoring.metrics import Metrics
from slipway_predictor.protocol import Overloaded
from slipway_predictor.serving.core import Identity
from slipway_predictor.serving.lifecycle import Lifecycle
from slipway_predictor.serving.service import PATIENCE, Service

from .conftest import core_of


class Busy:
    """A queue with so much work ahead."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def submit(self, table: Table, outputs: Collection[str], done: Done) -> None:
        raise AssertionError("nothing is submitted here")

    def delay(self) -> float:
        return self._seconds


def service(cost: Cost | None, delay: float) -> Service:
    core = core_of(
        LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0]), [Input(name="x", type="float", columns=1)]
    )
    core.engine.cost = cost
    made = Service(Identity("churn", "1"), Lifecycle(), Metrics("churn", "", CollectorRegistry()), 60.0)
    made.open(core, Busy(delay))
    return made


@pytest.mark.parametrize("cost", [None, Cost(0.005, 0.0)])
def test_a_slow_model_s_long_queue_takes_no_more(cost: Cost | None) -> None:
    patient = service(cost, PATIENCE)
    patient.admit(patient.begin("v2"))
    full = service(cost, PATIENCE + 0.001)
    with pytest.raises(Overloaded):
        full.admit(full.begin("v2"))


def test_a_quick_model_s_queue_is_not_asked() -> None:
    quick = service(Cost(1e-6, 1e-6), 10.0)
    quick.admit(quick.begin("v2"))
