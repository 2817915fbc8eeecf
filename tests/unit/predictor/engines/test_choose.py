"""The choice of an engine: equal first, then fast; and the mistakes that random rows do not find."""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from slipway_predictor.engines import ScikitEngine, choose
from slipway_predictor.engines.compiled import CompiledEngine
from slipway_predictor.engines.parity import Parity, compare, edge_rows, probing_rows
from slipway_predictor.engines.plan import Plan, read_plan
from slipway_predictor.engines.trees import Ensemble
from slipway_predictor.engines.walkers import numpy_walker
from slipway_predictor.features import Columns

from .conftest import AMOUNT, THREE, TWO, X

FOREST = make_pipeline(StandardScaler(), RandomForestClassifier(20, random_state=0)).fit(X, TWO)
MODULE = sys.modules[choose.__module__]
BOTH = ["label", "probability"]


def parity_of(change: Callable[[Ensemble], Any], estimator: Any = FOREST, known: Any = X[:3]) -> Parity:
    """Compare scikit-learn with an engine whose walker `change` makes."""
    plan = read_plan(estimator)
    assert plan is not None
    assert isinstance(plan.model, Ensemble)
    reference = ScikitEngine(estimator)
    engine = CompiledEngine("changed", plan, change(plan.model), reference)
    tables = [known, probing_rows(plan, known), *(row[None] for row in edge_rows(known))]
    return compare(engine, reference, BOTH, tables, plan.tolerance)


def test_the_right_one_passes() -> None:
    parity = parity_of(numpy_walker)
    assert (parity.failure, parity.difference) == (None, 0.0)
    assert parity.rows > 1000


def rounded_thresholds(ensemble: Ensemble) -> Any:
    nodes = ensemble.nodes.copy()
    nodes["threshold"] = nodes["threshold"].astype(np.float32)
    return numpy_walker(replace(ensemble, nodes=nodes))


def strict(ensemble: Ensemble) -> Any:
    nodes = ensemble.nodes.copy()
    nodes["threshold"] = np.nextafter(nodes["threshold"], -np.inf)
    return numpy_walker(replace(ensemble, nodes=nodes))


@pytest.mark.parametrize(
    "change",
    [
        lambda ensemble: numpy_walker(replace(ensemble, narrow=False)),
        lambda ensemble: lambda x: numpy_walker(ensemble)(x + np.spacing(x.astype(np.float32)) * 0.4),
        rounded_thresholds,
    ],
    ids=["never rounded to float32", "scaled in float32", "thresholds in float32"],
)
def test_a_walker_that_rounds_elsewhere_is_found(change: Any) -> None:
    assert parity_of(change).failure is not None
    # And random rows alone would not have found it.
    reference = ScikitEngine(FOREST)
    plan = read_plan(FOREST)
    assert plan is not None
    assert isinstance(plan.model, Ensemble)
    engine = CompiledEngine("changed", plan, change(plan.model), reference)
    random = np.random.default_rng(3).normal(50, 20, size=(2000, 5))
    assert compare(engine, reference, BOTH, [X[:1], random], plan.tolerance).failure is None


def test_a_strict_comparison_is_found_where_features_are_not_rounded() -> None:
    model = HistGradientBoostingClassifier(max_iter=5, random_state=0).fit(X, TWO)
    assert parity_of(strict, model).failure is not None


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda e: lambda x: numpy_walker(replace(e, divisor=e.divisor + 1))(x), "differs"),
        (lambda e: lambda x: numpy_walker(e)(x)[:, ::-1], "differs"),
        (lambda e: lambda x: numpy_walker(replace(e, refuses_infinity=False))(x), "raised ValueError"),
        (lambda e: lambda x: 1 / 0, "raised ZeroDivisionError"),
    ],
    ids=["wrong sums", "classes swapped", "answers infinity", "raises"],
)
def test_anything_else_that_is_wrong_is_found(change: Any, found: str) -> None:
    assert found in str(parity_of(change).failure)


@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        (FOREST, "trees-"),
        (LogisticRegression(max_iter=500).fit(X - 50, TWO), "linear"),
        (GradientBoostingClassifier(n_estimators=5).fit(X, TWO), "trees-"),
        (make_pipeline(StandardScaler(), HistGradientBoostingClassifier(max_iter=5)).fit(X, TWO), "trees-"),
        (DecisionTreeClassifier().fit(X, np.zeros(300)), "trees-"),
        (KNeighborsClassifier().fit(X, TWO), "sklearn"),
    ],
    ids=["forest", "linear", "boosting", "scaled histogram", "one leaf", "neighbours"],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_each_model_gets_its_engine(estimator: Any, name: str) -> None:
    reference = ScikitEngine(estimator)
    choice = choose(estimator, reference, BOTH, X[:2])
    assert choice.engine.name.startswith(name)
    assert choice.rejected == ()
    assert choice.engine.cost is not None
    assert 0 <= choice.engine.cost.of(1) <= choice.engine.cost.of(1000)
    assert choice.describe().startswith(name)
    answers, expected = choice.engine.predict(X, BOTH), reference.predict(X, BOTH)
    assert all(np.array_equal(answers[output], expected[output]) for output in BOTH)


def test_the_better_engine_is_not_taken_if_it_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def planned(estimator: Any) -> Plan:
        plan = read_plan(estimator)
        assert plan is not None
        return replace(plan, ways=[("quick", lambda x: np.zeros((len(x), 2))), plan.ways[-1]])

    monkeypatch.setattr(MODULE, "read_plan", planned)
    choice = choose(FOREST, ScikitEngine(FOREST), BOTH, X[:2])
    assert choice.engine.name == "trees-numpy"
    assert [reason.partition(":")[0] for reason in choice.rejected] == ["quick"]


def test_a_slower_engine_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def planned(estimator: Any) -> Plan:
        plan = read_plan(estimator)
        assert plan is not None
        name, raw = plan.ways[-1]
        return replace(plan, ways=[(name, lambda x: time.sleep(0.05) or raw(x))])

    monkeypatch.setattr(MODULE, "read_plan", planned)
    choice = choose(FOREST, ScikitEngine(FOREST), BOTH, X[:2])
    assert choice.engine.name == "sklearn"
    assert choice.rejected == ()


def test_scikit_learn_itself_can_be_asked_for() -> None:
    choice = choose(FOREST, ScikitEngine(FOREST), BOTH, X[:2], compiled=False)
    assert (choice.engine.name, choice.parity) == ("sklearn", None)
    assert choice.engine.cost is not None


FRAME = pd.DataFrame({"a": X[:, 0], "b": np.rint(X[:, 1]).astype(int), "c": X[:, 2] > 50})


def columns_of(frame: pd.DataFrame) -> Columns:
    return Columns(tuple(frame[name].to_numpy() for name in frame))


@pytest.mark.parametrize(
    "pipeline",
    [
        RandomForestClassifier(10, random_state=0),
        make_pipeline(StandardScaler(), LogisticRegression()),
        HistGradientBoostingClassifier(max_iter=5),
    ],
    ids=["forest", "linear", "histogram"],
)
def test_frames_of_numbers_and_truths_have_fast_engines_too(pipeline: Any) -> None:
    pipeline.fit(FRAME, TWO)
    reference = ScikitEngine(pipeline)
    choice = choose(pipeline, reference, BOTH, columns_of(FRAME[:3]))
    assert choice.engine.name != "sklearn"
    answers = choice.engine.predict(columns_of(FRAME), BOTH)
    # A frame's columns lie one after the other in memory, and a matrix product adds in another order for it.
    np.testing.assert_allclose(answers["probability"], pipeline.predict_proba(FRAME), rtol=1e-14)
    assert np.array_equal(answers["label"], pipeline.predict(FRAME))


def test_whole_numbers_beyond_floats_are_left_to_scikit_learn() -> None:
    whole = pd.DataFrame({"a": [2**60 + 2**36 + 1, 2**60]})
    forest = RandomForestRegressor(1, bootstrap=False).fit(whole, [1.0, 0.0])
    engine = choose(forest, ScikitEngine(forest), ["value"], columns_of(pd.DataFrame({"a": [1, 2]}))).engine
    assert engine.name.startswith("trees-")
    assert engine.predict(columns_of(whole), ["value"])["value"].tolist() == forest.predict(whole).tolist()


def test_text_and_code_of_others_are_left_to_scikit_learn() -> None:
    text = make_pipeline(OrdinalEncoder(), RandomForestRegressor(2)).fit(THREE.reshape(-1, 1), AMOUNT)
    words = THREE[:2].reshape(-1, 1).astype(object)
    assert choose(text, ScikitEngine(text), ["value"], words).engine.name == "sklearn"
    foreign = make_pipeline(FunctionTransformer(np.log1p), LogisticRegression(max_iter=500)).fit(X**2, TWO)
    choice = choose(foreign, ScikitEngine(foreign), BOTH, X[:2] ** 2)
    assert (choice.engine.name, choice.engine.cost) == ("sklearn", None)
