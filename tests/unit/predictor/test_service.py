"""The door to the model, with a queue that answers when the test says so."""

import asyncio
import threading
from typing import Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry
from sklearn.pipeline import Pipeline

from slipway_predictor.engines import Done
from slipway_predictor.monitoring.metrics import Metrics
from slipway_predictor.protocol import (
    BadRequest,
    DeadlineExceeded,
    InferenceAnswer,
    InferenceRequest,
    ModelFailed,
    NotReady,
    Overloaded,
    Tensor,
)
from slipway_predictor.serving import service as module
from slipway_predictor.serving.core import Identity
from slipway_predictor.serving.lifecycle import Lifecycle
from slipway_predictor.serving.service import Service

from .conftest import MATRIX, core_of

ROW = InferenceRequest((Tensor("x", "FP64", np.array([[1.0, 2.0, 3.0]])),))


class Held:
    """A queue that holds what it is given."""

    def __init__(self) -> None:
        self.held: list[Done] = []

    def submit(self, _table: Any, _outputs: Any, done: Done) -> None:
        self.held.append(done)

    def delay(self) -> float:
        return 0.0


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def queue() -> Held:
    return Held()


@pytest.fixture
def service(registry: CollectorRegistry, queue: Held, matrix_classifier: Pipeline) -> Service:
    made = Service(Identity("churn", "1", "r"), Lifecycle(), Metrics("churn", "r", registry), 60.0)
    made.open(core_of(matrix_classifier, MATRIX), queue)
    return made


GOOD = {"label": np.array([True]), "probability": np.array([[0.25, 0.75]])}


def asked(service: Service, **call: Any) -> tuple[Any, list[Any]]:
    begun = service.begin("v2", **call)
    service.admit(begun)
    outcomes: list[Any] = []
    service.ask(begun, ROW, outcomes.append)
    return begun, outcomes


def test_an_answer_comes_once_and_is_remembered_under_the_transport_s_id(
    service: Service, queue: Held
) -> None:
    _, outcomes = asked(service, request_id="envoy-7")
    assert outcomes == []
    queue.held[0](GOOD)
    (answer,) = outcomes
    assert isinstance(answer, InferenceAnswer)
    assert answer.id == "envoy-7"
    assert [entry["id"] for entry in service.recent.read()] == ["envoy-7"]


@pytest.mark.parametrize(("rows", "elsewhere"), [(1, False), (5000, True)])
async def test_what_takes_long_to_check_is_checked_in_a_thread(
    service: Service, queue: Held, monkeypatch: pytest.MonkeyPatch, rows: int, elsewhere: bool
) -> None:
    assert service.core is not None
    prepare, threads = service.core.prepare, []

    def noted(*given: Any) -> Any:
        threads.append(threading.get_ident())
        return prepare(*given)

    monkeypatch.setattr(service.core, "prepare", noted)
    request = InferenceRequest((Tensor("x", "FP64", np.zeros((rows, 3))),))
    waiting = asyncio.create_task(service.answer(service.begin("v2"), request))
    while not queue.held:  # noqa: ASYNC110 (its own interface has no event)
        await asyncio.sleep(0.001)
    queue.held[0]({"label": np.full(rows, True), "probability": np.full((rows, 2), 0.5)})
    assert len((await waiting).outputs[0].array) == rows
    assert (threads[0] != threading.get_ident()) == elsewhere


def test_nothing_is_admitted_before_the_model_is_there(registry: CollectorRegistry) -> None:
    service = Service(Identity("churn", "1"), Lifecycle(), Metrics("churn", "", registry), 60.0)
    with pytest.raises(NotReady, match="'churn' is not ready: the model is loading"):
        service.admit(service.begin("v2"))


def test_a_request_that_does_not_fit_waits_for_nothing(service: Service, queue: Held) -> None:
    with pytest.raises(BadRequest):
        service.ask(service.begin("v2"), InferenceRequest((Tensor("x", "FP64", np.zeros((1, 2))),)), print)
    assert queue.held == []
    assert service.limiter.waiting == 0


def test_beyond_the_bound_requests_are_refused_until_some_are_answered(service: Service, queue: Held) -> None:
    while not service.limiter.full:
        asked(service)
    with pytest.raises(Overloaded, match="requests are waiting for the model already") as caught:
        service.admit(service.begin("v2"))
    assert caught.value.retry_after == 1
    queue.held[0](GOOD)
    service.admit(service.begin("v2"))


def test_a_time_that_is_over_is_told_and_a_late_answer_dropped(
    service: Service, queue: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, outcomes = asked(service, budget=0.5)
    _, patient = asked(service, budget=1000.0)
    now = module._now()
    monkeypatch.setattr(module, "_now", lambda: now + 0.6)
    service.sweep()
    assert isinstance(outcomes[0], DeadlineExceeded)
    assert patient == []
    monkeypatch.setattr(module, "_now", lambda: now + 61)
    service.sweep()
    assert isinstance(patient[0], DeadlineExceeded)  # the server's own limit is 60 s
    for done in queue.held:
        done(GOOD)
    assert (len(outcomes), len(patient)) == (1, 1)
    assert service.limiter.waiting == 0


def test_an_engine_s_error_and_its_nonsense_are_the_model_s_failure(service: Service, queue: Held) -> None:
    _, outcomes = asked(service)
    queue.held[0](RuntimeError("secret"))
    _, other = asked(service)
    queue.held[1]({"label": np.array([True])})
    for outcome in (outcomes[0], other[0]):
        assert isinstance(outcome, ModelFailed)
        assert "secret" not in str(outcome)


def test_the_end_of_the_process_is_told_to_all_that_wait(service: Service, queue: Held) -> None:
    waiting = [asked(service)[1] for _ in range(3)]
    service.cut_off()
    assert all(isinstance(outcomes[0], NotReady) for outcomes in waiting)
    queue.held[0](GOOD)
    assert len(waiting[0]) == 1


def test_the_books(service: Service, queue: Held, registry: CollectorRegistry) -> None:
    call, _ = asked(service)
    queue.held[0](GOOD)
    assert service.lifecycle.under_way == 1
    assert service.end(call) == 200
    assert service.end(service.begin("v1"), BadRequest("no")) == 400
    assert service.end(service.begin("v2"), ValueError("a bug")) == 500
    assert service.lifecycle.under_way == 0

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, {"model": "churn", "revision": "r", **labels})

    assert value("inference_requests_total", code="200") == 1
    assert value("inference_errors_total", reason="BadRequest") == 1
    assert value("inference_errors_total", reason="ValueError") == 1
    assert value("prediction_scores_count") == 1
    assert value("prediction_scores_bucket", le="0.75") == 1
    assert value("prediction_scores_bucket", le="0.7") == 0
    assert value("inference_active_requests") == 0
