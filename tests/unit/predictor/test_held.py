"""An engine is held to the contract's outputs, and in a batch only the request that it fails suffers."""

from collections.abc import Collection
from typing import Any

import numpy as np
import pytest

from slipway_contract import Output
from slipway_predictor.engines import answers
from slipway_predictor.features import Table
from slipway_predictor.protocol import ModelFailed
from slipway_predictor.serving.held import HeldEngine

OUTPUTS = [Output(name="label", type="string"), Output(name="probability", type="float", columns=2)]


class Given:
    """An engine that answers with what its table's first column says."""

    name, cost = "given", None

    def predict(self, table: Table, outputs: Collection[str]) -> dict[str, Any]:
        assert isinstance(table, np.ndarray)
        first = table[:, 0]
        whole = {
            "label": np.where(first > 0.5, "stay", "go"),
            "probability": np.stack([1 - first, first], axis=1),
        }
        return {name: whole[name] for name in outputs}


def rows(*values: float) -> Any:
    return np.array(values).reshape(-1, 1)


def test_what_is_promised_passes_in_the_promised_types() -> None:
    held = HeldEngine(Given(), OUTPUTS).predict(rows(0.25, 0.75), ("probability", "label"))
    assert list(held) == ["probability", "label"]
    assert held["label"].dtype == object
    assert held["label"].tolist() == ["go", "stay"]
    assert held["probability"].tolist() == [[0.75, 0.25], [0.25, 0.75]]


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (Output(name="probability", type="float", columns=3), r"shape \[1, 2\], expected \[1, 3\]"),
        (Output(name="probability", type="float"), r"shape \[1, 2\], expected \[1\]"),
    ],
)
def test_another_shape_is_no_answer(output: Output, sentence: str) -> None:
    with pytest.raises(ModelFailed, match=sentence):
        HeldEngine(Given(), [output]).predict(rows(0.5), ["probability"])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_in_a_batch_only_the_one_without_an_answer_is_failed(bad: float) -> None:
    tables = [rows(0.25), rows(0.5, bad), rows(0.75)]
    first, second, third = answers(HeldEngine(Given(), OUTPUTS), tables, ("probability",))
    assert isinstance(first, dict)
    assert isinstance(third, dict)
    assert first["probability"].tolist() == [[0.75, 0.25]]
    assert third["probability"].tolist() == [[0.25, 0.75]]
    assert isinstance(second, ModelFailed)
    assert "probability holds NaN or infinity" in str(second)
