"""The reference engine: what it answers and how it describes itself."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.ensemble import ExtraTreesClassifier, IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, RidgeClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from slipway_contract import BundleError, Output
from slipway_predictor.engines import ScikitEngine
from slipway_predictor.features import Columns

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
            [
                Output(name="label", type="int", columns=2),
                Output(name="probability_0", type="float", columns=2, classes=[0, 1]),
                Output(name="probability_1", type="float", columns=2, classes=[0, 1]),
            ],
        ),
        (
            IsolationForest(n_estimators=3, random_state=0).fit(X),
            [Output(name="label", type="int"), Output(name="score", type="float")],
        ),
        (LinearRegression().fit(X, Y), [Output(name="value", type="float")]),
        (LinearRegression().fit(X, X), [Output(name="value", type="float", columns=2)]),
        (KMeans(2, n_init=1, random_state=0).fit(X), [Output(name="label", type="int")]),
    ],
    ids=[
        "classifier",
        "no probabilities",
        "text",
        "multi-output",
        "outliers",
        "regressor",
        "two values",
        "clusters",
    ],
)
def test_an_estimator_describes_its_answers(estimator: Any, outputs: list[Output]) -> None:
    engine = ScikitEngine(estimator)
    assert engine.describe(X[:1]) == outputs
    answers = engine.predict(X, [output.name for output in outputs])
    assert np.array_equal(answers[outputs[0].name], estimator.predict(X))
    if "probability" in answers:
        assert np.array_equal(answers["probability"], estimator.predict_proba(X))


@pytest.mark.parametrize("kind", [RandomForestClassifier, ExtraTreesClassifier])
@pytest.mark.parametrize("piped", [False, True])
def test_a_forest_walks_its_trees_once_for_both_answers(
    kind: Any, piped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(5)
    x = rng.integers(0, 3, size=(200, 2)).astype(float)
    y = np.array(["a", "b", "c"])[rng.integers(0, 3, 200)]
    forest = kind(n_estimators=4, random_state=0)  # few trees: ties are common
    estimator = (make_pipeline(StandardScaler(), forest) if piped else forest).fit(x, y)
    expected = estimator.predict(x)
    calls = []
    monkeypatch.setattr(kind, "predict_proba", counted(kind.predict_proba, calls))
    answers = ScikitEngine(estimator).predict(x, ["label", "probability"])
    assert answers["label"].tolist() == expected.tolist()
    assert len(calls) == 1
    assert ScikitEngine(estimator).predict(x, ["label"])["label"].tolist() == expected.tolist()


def counted(method: Any, calls: list[int]) -> Any:
    def wrapped(self: Any, table: Any) -> Any:
        calls.append(1)
        return method(self, table)

    return wrapped


def test_a_forest_of_several_outputs_is_asked_as_it_is() -> None:
    forest = RandomForestClassifier(n_estimators=3, random_state=0).fit(X, np.stack([Y, 1 - Y], axis=1))
    engine = ScikitEngine(forest)
    assert [output.name for output in engine.describe(X)] == ["label", "probability_0", "probability_1"]
    answers = engine.predict(X, ["probability_1", "label"])
    assert np.array_equal(answers["label"], forest.predict(X))
    assert np.array_equal(answers["probability_1"], forest.predict_proba(X)[1])


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


def test_a_pipeline_fitted_on_a_frame_gets_its_names_back(
    mixed_classifier: Pipeline, people: pd.DataFrame
) -> None:
    columns = Columns(tuple(people[name].to_numpy() for name in people))
    answer = ScikitEngine(mixed_classifier).predict(columns, ["probability"])["probability"]
    assert np.array_equal(answer, mixed_classifier.predict_proba(people))
