"""Inference without a transport: answers equal the pipeline's own, and failures are told apart."""

import logging
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline

from slipway_contract import Input
from slipway_predictor.monitoring.logs import LOGGER, Once
from slipway_predictor.protocol import BadRequest, InferenceRequest, ModelFailed, Rejected, Tensor
from slipway_predictor.protocol.messages import strings

from .conftest import MATRIX, PEOPLE, core_of


class Moody(RegressorMixin, BaseEstimator):
    """Answers 1, NaN or too much, or raises, as the first column says."""

    def predict(self, table: Any) -> Any:
        match table[0, 0]:
            case 1:
                return np.full(len(table), np.nan)
            case 2:
                return np.zeros(len(table) + 1)
            case 3:
                raise RuntimeError("secret detail\nof the model")
        return np.ones(len(table))


def matrix(*rows: list[float]) -> InferenceRequest:
    return InferenceRequest((Tensor("x", "FP64", np.array(rows)),), id="7")


def test_a_classifier_answers_label_and_probability(matrix_classifier: Pipeline) -> None:
    rows = np.random.default_rng(3).normal(size=(5, 3))
    answer = core_of(matrix_classifier, MATRIX).infer(matrix(*rows.tolist()))
    label, probability = answer.outputs
    assert (answer.id, answer.model_name, answer.model_version) == ("7", "churn", "1")
    assert answer.parameters == {"version": "1", "revision": "churn-abc"}
    assert (label.datatype, label.shape, probability.datatype, probability.shape) == (
        "BOOL",
        [5],
        "FP64",
        [5, 2],
    )
    assert np.array_equal(label.array, matrix_classifier.predict(rows))
    assert np.array_equal(probability.array, matrix_classifier.predict_proba(rows))


def test_a_frame_of_every_type_gets_its_own_answers(mixed_classifier: Pipeline, people: pd.DataFrame) -> None:
    tensors = (
        Tensor("spend", "FP64", people["spend"].to_numpy()),
        Tensor("plan", "BYTES", strings(people["plan"].tolist())),
        Tensor("active", "BOOL", people["active"].to_numpy()),
        Tensor("age", "INT64", people["age"].to_numpy()),
    )
    label, probability = core_of(mixed_classifier, PEOPLE).infer(InferenceRequest(tensors)).outputs
    assert label.array.tolist() == mixed_classifier.predict(people).tolist()
    assert np.array_equal(probability.array, mixed_classifier.predict_proba(people))


def test_a_regressor_answers_value(regressor: LinearRegression) -> None:
    answer = core_of(regressor, [Input(name="x", type="float", columns=2)]).infer(matrix([1.0, 2.0]))
    (value,) = answer.outputs
    assert (value.name, value.datatype, value.shape) == ("value", "FP64", [1, 2])
    assert np.array_equal(value.array, regressor.predict([[1.0, 2.0]]))


@given(st.permutations(["label", "probability"]), st.integers(0, 2))
def test_outputs_are_selected_in_the_order_asked(
    matrix_classifier: Pipeline, names: list[str], count: int
) -> None:
    request = InferenceRequest(matrix([0, 0, 0]).inputs, outputs=tuple(names[:count]) or None)
    answer = core_of(matrix_classifier, MATRIX).infer(request)
    assert [output.name for output in answer.outputs] == (names[:count] or ["label", "probability"])


def test_an_unknown_output_is_the_client_s_mistake(matrix_classifier: Pipeline) -> None:
    request = InferenceRequest(matrix([0, 0, 0]).inputs, outputs=("score",))
    with pytest.raises(BadRequest, match="unknown output 'score'; this model answers label, probability"):
        core_of(matrix_classifier, MATRIX).infer(request)


def test_an_id_is_made_where_none_was_given_and_a_revision_left_out_where_there_is_none(
    matrix_classifier: Pipeline,
) -> None:
    core = core_of(matrix_classifier, MATRIX, revision="")
    request = InferenceRequest(matrix([0, 0, 0]).inputs)
    assert core.infer(request).id != core.infer(request).id
    assert core.infer(request).parameters == {"version": "1"}


@pytest.mark.parametrize(
    ("mood", "sentence"),
    [
        (1.0, "value holds NaN or infinity"),
        (2.0, r"value has shape \[2\], expected \[1\]"),
        (3.0, "the model raised RuntimeError on this request; its log has the details under id 7"),
    ],
)
def test_a_model_that_fails_is_the_model_s_failure(mood: float, sentence: str) -> None:
    with pytest.raises(ModelFailed, match=sentence) as caught:
        core_of(Moody(), [Input(name="x", type="float")]).infer(matrix([mood]))
    assert "secret" not in str(caught.value)


class Falling:
    """An engine that falls over everything."""

    name, cost = "falling", None

    def predict(self, table: Any, outputs: Any) -> Any:
        raise ValueError("over everything")


@pytest.mark.parametrize("size", [1e39, -1.7e308])
def test_a_number_that_nobody_can_compute_with_is_the_client_s_mistake(
    matrix_classifier: Pipeline, mixed_classifier: Pipeline, size: float
) -> None:
    rows = np.array([[0.0, 1.0, 2.0], [0.0, size, 2.0]])
    forest = RandomForestClassifier(2, random_state=0).fit(rows * 0, [0, 1])
    with pytest.raises(Rejected, match=r"input 'input', row 1, column 1: .* is too large a number") as caught:
        core_of(forest, MATRIX).infer(InferenceRequest((Tensor("x", "FP64", rows),)))
    assert caught.value.field == "input"
    core = core_of(mixed_classifier, PEOPLE)
    core.engine = Falling()
    person = [
        Tensor("spend", "FP64", np.array([size])),
        Tensor("plan", "BYTES", strings(["gold"])),
        Tensor("active", "BOOL", np.array([True])),
        Tensor("age", "INT64", np.array([40])),
    ]
    with pytest.raises(Rejected, match=r"input 'spend', row 0: .* is too large a number"):
        core.infer(InferenceRequest(tuple(person)))
    person[0] = Tensor("spend", "FP64", np.array([9e17]))
    with pytest.raises(ModelFailed):
        core.infer(InferenceRequest(tuple(person)))


def test_equal_failures_are_logged_in_full_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger(LOGGER)  # whatever another test has made of it
    monkeypatch.setattr(logger, "propagate", True)
    monkeypatch.setattr(logger, "handlers", [])
    core = core_of(Moody(), [Input(name="x", type="float")])
    for _ in range(3):
        with pytest.raises(ModelFailed):
            core.infer(matrix([3.0]))
    assert [record.exc_info is not None for record in caplog.records] == [True, False, False]
    assert all(
        "request 7" in record.message and "secret detail of the model" in record.message
        for record in caplog.records
    )


def test_what_was_said_is_remembered_up_to_a_limit() -> None:
    once = Once(limit=2)
    assert [once.first(key) for key in ("a", "a", "b", "c", "a")] == [True, False, True, False, False]
