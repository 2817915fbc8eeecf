"""What narwhals says of arrays and frames, asked by scikit-learn, with and without the shortcut for arrays."""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler
from sklearn.utils import validation

from slipway_predictor.engines import spare_arrays

FRAME = pd.DataFrame({"a": [1.0, 2.0]})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """narwhals as scikit-learn asks it, as it was before, and again afterwards."""
    dependencies = validation.nw.dependencies
    for name in ("is_into_dataframe", "is_into_series"):
        question = getattr(dependencies, name)
        monkeypatch.setattr(dependencies, name, getattr(question, "__wrapped__", question))
    return dependencies


class Framelike(np.ndarray):
    """An array that says that it is a frame."""

    def __narwhals_dataframe__(self) -> None:
        """Nobody calls it."""


@pytest.mark.parametrize(
    "value", [FRAME, FRAME["a"], FRAME.to_numpy(), np.zeros(2).view(Framelike), [1.0], None]
)
def test_the_answers_stay_the_same(asked: Any, value: Any) -> None:
    before = asked.is_into_dataframe(value), asked.is_into_series(value)
    spare_arrays()
    assert (asked.is_into_dataframe(value), asked.is_into_series(value)) == before


def test_an_array_is_not_looked_at(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(value: Any) -> bool:
        raise AssertionError(f"asked of a {type(value).__name__}")

    for name in ("is_into_dataframe", "is_into_series"):
        monkeypatch.setattr(asked, name, refuse)
    spare_arrays()
    scaler = StandardScaler().fit(FRAME.to_numpy())
    assert scaler.transform(FRAME.to_numpy()).shape == (2, 1)
    with pytest.raises(AssertionError, match="asked of a DataFrame"):
        scaler.transform(FRAME)


def test_twice_is_once(asked: Any) -> None:
    spare_arrays()
    once = asked.is_into_dataframe
    spare_arrays()
    assert asked.is_into_dataframe is once


def test_a_scikit_learn_that_asks_otherwise_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(validation, "nw")
    spare_arrays()
    monkeypatch.delitem(sys.modules, "sklearn.utils.validation")
    spare_arrays()
