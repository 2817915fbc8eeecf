"""Unpickling: each kind of failure in one sentence with what to do."""

import io
import pickle
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from slipway_contract import BundleError
from slipway_predictor.bundle import decode, unpickle
from slipway_predictor.bundle.versions import installed

MODEL = LinearRegression().fit(np.eye(3), np.arange(3.0))


def dumped(thing: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(thing, buffer, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("data", [dumped(MODEL), dumped(MODEL, compress=3), pickle.dumps(MODEL)])
def test_joblib_compressed_or_not_and_plain_pickle_load(data: bytes) -> None:
    loaded = decode(data, "model.joblib", "sklearn")
    assert np.array_equal(loaded.estimator.coef_, MODEL.coef_)
    assert loaded.made_with is None


def test_another_scikit_learn_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sklearn.base.__version__", "1.4.2")
    data = dumped(MODEL)
    monkeypatch.undo()
    loaded = decode(data, "model.joblib", "sklearn")
    assert loaded.made_with == "1.4.2"
    assert [str(other) for other in loaded.others] == [
        f"made with scikit-learn 1.4.2, here is {installed('scikit-learn')}"
    ]


def test_another_xgboost_is_told_too() -> None:
    libraries = {"xgboost": "1.0", "lightgbm": installed("lightgbm"), "numpy": "0.1", "scikit-learn": "0.1"}
    others = decode(dumped(MODEL), "m", "sklearn", libraries=libraries).others
    assert [other.library for other in others] == ["xgboost"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "the file is empty"),
        (b"hello world", "no pickle of a pipeline, or a damaged one"),
        (b"PK\x03\x04" + b"\0" * 50, "no pickle of a pipeline, or a damaged one"),
        (dumped(MODEL)[:-20], "cut short|damaged"),
        (dumped(MODEL)[: len(dumped(MODEL)) // 2], r"the file is cut short \(\d+ bytes\)"),
        (dumped(MODEL, compress=3)[:-20], "cut short|damaged"),
        (
            b"cno_such_module\nThing\n.",
            "needs the Python module 'no_such_module', which is not installed here",
        ),
        (b"csklearn.linear_model\nNoSuchModel\n.", "NoSuchModel.*not there under that name"),
    ],
)
def test_what_cannot_be_loaded_says_why(data: bytes, sentence: str) -> None:
    with pytest.raises(BundleError, match=f"'model.joblib' cannot be loaded: .*({sentence})") as caught:
        unpickle(data, "model.joblib", {})
    assert "\n" not in str(caught.value)


def test_a_failure_names_the_libraries_that_differ() -> None:
    libraries = {"scikit-learn": "0.1", "numpy": installed("numpy"), "no-such-library": "2"}
    with pytest.raises(BundleError) as caught:
        unpickle(b"x", "m", libraries)
    assert f"made with scikit-learn 0.1 (here {installed('scikit-learn')})" in str(caught.value)
    assert "no-such-library 2 (here not installed)" in str(caught.value)
    assert "numpy" not in str(caught.value)
