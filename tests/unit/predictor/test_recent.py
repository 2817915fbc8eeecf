"""The ring of recent answers: what an entry says, and that it is bounded."""

from typing import Any

import numpy as np
import pytest

from slipway_predictor.protocol import InferenceAnswer, Tensor
from slipway_predictor.protocol.messages import strings
from slipway_predictor.serving.recent import Recent


def answer(rows: int = 2, shift: float = 0.0) -> InferenceAnswer:
    label = Tensor("label", "BYTES", strings(["go"] * rows))
    probability = Tensor("probability", "FP64", np.full((rows, 2), [0.25 + shift, 0.75 - shift]))
    return InferenceAnswer("7", "m", "1", (label, probability))


def test_an_entry_has_id_rows_label_score_and_digest() -> None:
    recent = Recent()
    recent.add("a", answer())
    (entry,) = recent.read()
    assert {key: entry[key] for key in ("id", "rows", "label", "score")} == {
        "id": "a",
        "rows": 2,
        "label": ["go", "go"],
        "score": [0.75, 0.75],
    }


def test_equal_outputs_have_one_digest_and_others_another() -> None:
    recent = Recent()
    for shift in (0.0, 0.0, 1e-15):
        recent.add("a", answer(shift=shift))
    one, same, other = (entry["digest"] for entry in recent.read())
    assert one == same != other


@pytest.mark.parametrize(
    ("output", "score"),
    [
        (Tensor("value", "FP64", np.array([1.5, 2.5])), [1.5, 2.5]),
        (Tensor("value", "FP64", np.array([[1.0, 2.0]])), [[1.0, 2.0]]),
        (Tensor("score", "FP64", np.array([-0.5, 0.5])), [-0.5, 0.5]),
    ],
)
def test_a_regressor_s_score_is_its_value_and_a_detector_s_its_own(output: Tensor, score: Any) -> None:
    recent = Recent()
    recent.add("a", InferenceAnswer("1", "m", "1", (output,)))
    assert recent.read()[0]["score"] == score
    assert "label" not in recent.read()[0]


def test_the_ring_is_bounded_and_the_latest_can_be_asked_for() -> None:
    recent = Recent(size=3)
    for number in range(5):
        recent.add(str(number), answer())
    assert [entry["id"] for entry in recent.read()] == ["2", "3", "4"]
    assert [entry["id"] for entry in recent.read(2)] == ["3", "4"]
    assert recent.read(0) == []


def test_a_large_answer_is_kept_without_its_rows() -> None:
    recent = Recent()
    recent.add("a", answer(rows=65))
    (entry,) = recent.read()
    assert set(entry) == {"id", "time", "rows", "digest"}


def test_a_very_large_answer_is_digested_elsewhere_and_read_when_that_is_done() -> None:
    recent = Recent()
    recent.add("a", answer(rows=2000))
    recent._thread.shutdown(wait=True)
    (entry,) = recent.read()
    assert (entry["id"], entry["rows"], set(entry)) == ("a", 2000, {"id", "time", "rows", "digest"})


def test_an_error_leaves_its_id_and_status() -> None:
    recent = Recent()
    recent.add_failure("a", 500)
    (entry,) = recent.read()
    assert entry["time"] > 0
    assert {key: entry[key] for key in ("id", "code")} == {"id": "a", "code": 500}
