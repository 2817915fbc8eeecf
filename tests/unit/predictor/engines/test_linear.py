"""Linear models outside scikit-learn: the same bits, with and without scaling."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import (
    ElasticNet,
    LinearRegression,
    LogisticRegression,
    Perceptron,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PolynomialFeatures,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from slipway_predictor.engines import ScikitEngine
from slipway_predictor.engines.compiled import CompiledEngine
from slipway_predictor.engines.plan import read_plan

from .conftest import AMOUNT, THREE, TWO, X


def both(estimator: Any) -> tuple[CompiledEngine, ScikitEngine, list[str]]:
    reference = ScikitEngine(estimator)
    plan = read_plan(estimator)
    assert plan is not None
    (name, raw) = plan.ways[-1]
    outputs = [output.name for output in reference.describe(X[:1])]
    return CompiledEngine(name, plan, raw, reference), reference, outputs


@pytest.mark.parametrize(
    "scaler",
    [
        None,
        "passthrough",
        StandardScaler(),
        StandardScaler(with_mean=False),
        StandardScaler(with_std=False),
        RobustScaler(),
        RobustScaler(with_centering=False, with_scaling=False),
        MinMaxScaler((-1, 1)),
        MaxAbsScaler(),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("model", "target"),
    [
        (LogisticRegression(max_iter=50, tol=0.1), TWO),
        (LogisticRegression(max_iter=50, tol=0.1), THREE),
        (RidgeClassifier(), THREE),
        (Perceptron(), TWO),
        (SGDClassifier(loss="log_loss"), TWO),
        (LinearRegression(), AMOUNT),
        (LinearRegression(), np.stack([AMOUNT, -AMOUNT], axis=1)),
        (LinearRegression(), AMOUNT[:, None]),
        (Ridge(), AMOUNT),
        (ElasticNet(), AMOUNT),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_bit_is_the_same(model: Any, target: Any, scaler: Any) -> None:
    engine, reference, outputs = both(make_pipeline(scaler, model).fit(X, target))
    for rows in (X[:1], X[:9], X):
        expected, actual = reference.predict(rows, outputs), engine.predict(rows, outputs)
        for name in outputs:
            assert actual[name].dtype == expected[name].dtype
            assert np.array_equal(actual[name], expected[name])


@pytest.mark.parametrize("value", [1e308, np.nan, np.inf])
def test_what_scikit_learn_refuses_it_refuses_itself(value: float) -> None:
    engine, _, outputs = both(make_pipeline(MinMaxScaler((0, 1000)), LinearRegression()).fit(X, AMOUNT))
    with pytest.raises(ValueError, match=r"NaN|infinity"), np.errstate(all="ignore"):
        engine.predict(np.full((1, 5), value), outputs)


def test_only_what_is_wanted_is_answered() -> None:
    engine, _, _ = both(LogisticRegression(max_iter=50, tol=0.1).fit(X - 50, TWO))
    assert list(engine.predict(X[:2], ["label"])) == ["label"]


def test_more_rows_than_its_limit_go_to_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, reference, _ = both(LinearRegression().fit(X, AMOUNT))
    engine.limit = 3
    asked = []
    answer = reference.predict
    monkeypatch.setattr(
        reference, "predict", lambda rows, outputs: asked.append(len(rows)) or answer(rows, outputs)
    )
    engine.predict(X[:3], ["value"])
    engine.predict(X[:4], ["value"])
    assert asked == [4]


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(PolynomialFeatures(), LinearRegression()).fit(X, AMOUNT),
        make_pipeline(QuantileTransformer(n_quantiles=10), LinearRegression()).fit(X, AMOUNT),
        make_pipeline(MinMaxScaler(clip=True), LinearRegression()).fit(X, AMOUNT),
        make_pipeline(type("Mine", (StandardScaler,), {})(), LinearRegression()).fit(X, AMOUNT),
        SGDClassifier(loss="modified_huber").fit(X, TWO),
        SGDClassifier(loss="log_loss").fit(X, THREE),
        RidgeClassifier().fit(X, np.stack([TWO, 1 - TWO], axis=1)),
        object(),
    ],
    ids=["polynomial", "quantiles", "clipped", "a subclass", "huber", "one against all", "labels", "nothing"],
)
def test_what_is_not_known_here_is_left_to_scikit_learn(estimator: Any) -> None:
    assert read_plan(estimator) is None
