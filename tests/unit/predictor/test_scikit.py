"""The reference engine: what it answers and how it describes itself."""

from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression, RidgeClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from slipway_contract import BundleError, Output
from slipway_predictor.engines import ScikitEngine

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize(
    ("estimator", "outputs"),
    [
        (
            DecisionTreeClassifier().fit(X, Y),
            [
                Output(name="label", type="int", classes=[0, 1]),
                Output(name="probability", type="float", columns=2),
            ],
        ),
        (RidgeClassifier().fit(X, Y > 0), [Output(name="label", type="bool", classes=[False, True])]),
        (
            RidgeClassifier().fit(X, np.array(["no", "yes"])[Y]),
            [Output(name="label", type="string", classes=["no", "yes"])],
        ),
        (
            DecisionTreeClassifier().fit(X, np.stack([Y, 1 - Y], axis=1)),
            [Output(name="label", type="int", columns=2)],
        ),
        (LinearRegression().fit(X, Y), [Output(name="value", type="float")]),
        (LinearRegression().fit(X, X), [Output(name="value", type="float", columns=2)]),
        (KMeans(2, n_init=1, random_state=0).fit(X), [Output(name="label", type="int")]),
    ],
    ids=["classifier", "no probabilities", "text", "multi-output", "regressor", "two values", "clusters"],
)
def test_an_estimator_describes_its_answers(estimator: Any, outputs: list[Output]) -> None:
    engine = ScikitEngine(estimator)
    assert engine.describe(X[:1]) == outputs
    answers = engine.predict(X, [output.name for output in outputs])
    assert np.array_equal(answers[outputs[0].name], estimator.predict(X))
    if "probability" in answers:
        assert np.array_equal(answers["probability"], estimator.predict_proba(X))


def test_only_what_is_wanted_is_computed() -> None:
    class Lazy:
        classes_ = np.array([0, 1])

        def predict(self, table: Any) -> Any:
            raise AssertionError("not wanted")

        def predict_proba(self, table: Any) -> Any:
            return np.full((len(table), 2), 0.5)

    assert list(ScikitEngine(Lazy()).predict(X, ["probability"])) == ["probability"]


@pytest.mark.parametrize("artifact", [{"a": 1}, None, StandardScaler().fit(X), DecisionTreeClassifier, 7])
def test_what_cannot_predict_is_refused(artifact: Any) -> None:
    with pytest.raises(BundleError, match=r"which has no predict\(\)"):
        ScikitEngine(artifact)


def test_an_answer_without_a_row_each_is_refused() -> None:
    class Odd:
        def predict(self, table: Any) -> Any:
            return np.zeros(3)

    with pytest.raises(BundleError, match=r"value for 6 row\(s\) has shape \[3\]"):
        ScikitEngine(Odd()).describe(X)
