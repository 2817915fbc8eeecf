"""XGBoost and LightGBM: their own answers, many times faster, at the splits and the ends of the number range too."""

from dataclasses import replace
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from slipway_predictor.engines import ScikitEngine, choose, lightgbm_trees, native, xgboost_trees
from slipway_predictor.engines.plan import read_plan
from slipway_predictor.engines.trees import Ensemble
from slipway_predictor.engines.walkers import numpy_walker

from .conftest import AMOUNT, THREE, TWO, X

CODES = np.digitize(X[:, 1], [40, 60])
HOLES = np.where(np.random.default_rng(1).random(X.shape) < 0.2, np.nan, X)
COUNTS = np.rint(np.abs(AMOUNT) / 50)


def xgb(kind: str, target: Any, rows: Any = X, **options: Any) -> Any:
    return getattr(xgboost, f"XGB{kind}")(**({"n_estimators": 12, "n_jobs": 1} | options)).fit(rows, target)


def lgb(kind: str, target: Any, rows: Any = X, **options: Any) -> Any:
    settled = {"n_estimators": 12, "n_jobs": 1, "verbose": -1} | options
    return getattr(lightgbm, f"LGBM{kind}")(**settled).fit(rows, target)


def stopped_early(kind: str) -> Any:
    if kind == "xgboost":
        model = xgboost.XGBClassifier(n_estimators=80, early_stopping_rounds=2)
        return model.fit(X[:200], TWO[:200], eval_set=[(X[200:], TWO[200:])], verbose=False)
    model = lightgbm.LGBMClassifier(n_estimators=80, verbose=-1)
    stop = [lightgbm.early_stopping(2, verbose=False)]
    return model.fit(X[:200], TWO[:200], eval_X=X[200:], eval_y=TWO[200:], callbacks=stop)


WALKED = {
    "xgboost of two classes": xgb("Classifier", TWO),
    "xgboost of three classes": xgb("Classifier", CODES),
    "xgboost with holes": xgb("Classifier", TWO, HOLES),
    "xgboost of regression": xgb("Regressor", AMOUNT),
    "xgboost of counts": xgb("Regressor", COUNTS, objective="count:poisson"),
    "xgboost of absolute errors": xgb("Regressor", AMOUNT, objective="reg:absoluteerror"),
    "xgboost forest": xgb("RFClassifier", CODES),
    "xgboost stopped early": stopped_early("xgboost"),
    "xgboost of one leaf": xgb("Classifier", TWO, max_depth=1, n_estimators=1, min_child_weight=1e6),
    "lightgbm of two classes": lgb("Classifier", TWO),
    "lightgbm of three classes": lgb("Classifier", THREE),
    "lightgbm with holes": lgb("Classifier", TWO, HOLES),
    "lightgbm one against all": lgb("Classifier", CODES, objective="multiclassova"),
    "lightgbm of regression": lgb("Regressor", AMOUNT),
    "lightgbm of counts": lgb("Regressor", COUNTS, objective="poisson"),
    "lightgbm of square roots": lgb("Regressor", AMOUNT, reg_sqrt=True),
    "lightgbm forest": lgb("Classifier", TWO, boosting_type="rf", bagging_freq=1, bagging_fraction=0.6),
    "lightgbm dart": lgb("Classifier", CODES, boosting_type="dart"),
    "lightgbm stopped early": stopped_early("lightgbm"),
}
BY_BOOSTER = {
    "xgboost dart": xgb("Classifier", TWO, booster="dart", rate_drop=0.3),
    "xgboost of two targets": xgb("Regressor", np.stack([AMOUNT, AMOUNT], axis=1)),
    "lightgbm of linear leaves": lgb("Regressor", AMOUNT, linear_tree=True),
    "lightgbm of codes": lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(
        np.rint(X) % 7, TWO, categorical_feature=[0]
    ),
    "lightgbm with zero for missing": lgb("Classifier", TWO, np.where(X < 40, 0, X), zero_as_missing=True),
}
LEFT_ALONE = {
    "xgboost of lines": xgb("Regressor", AMOUNT, booster="gblinear"),
    "xgboost with its own missing value": xgb("Classifier", TWO, missing=-1.0),
    "xgboost of hinges": xgb("Classifier", TWO, objective="binary:hinge"),
}


def outputs_of(model: Any) -> tuple[str, ...]:
    return ("label", "probability") if hasattr(model, "classes_") else ("value",)


def close(expected: Any, answer: Any, tolerance: float) -> None:
    assert answer.dtype == expected.dtype
    if expected.dtype.kind == "f":
        np.testing.assert_allclose(answer, expected, rtol=tolerance, atol=tolerance)
    else:
        assert np.array_equal(answer, expected)


@pytest.mark.parametrize("name", WALKED)
@pytest.mark.parametrize("rows", [X, HOLES, X[:1]], ids=["whole", "holes", "one row"])
def test_the_trees_give_the_library_s_own_sums(name: str, rows: Any, walker: Any) -> None:
    """Bit for bit, before the last step."""
    model = WALKED[name]
    library = xgboost_trees if name.startswith("xgboost") else lightgbm_trees
    ensemble = library.read_ensemble(model)
    assert ensemble is not None
    sums = walker(replace(ensemble, divisor=1.0))(rows)  # a forest's mean comes after the sums
    if library is xgboost_trees:
        count = model._get_iteration_range(None)
        own = model.get_booster().predict(
            xgboost.DMatrix(rows), output_margin=True, iteration_range=tuple(map(int, count))
        )
    else:
        own = model.booster_.predict(rows, raw_score=True)
    assert np.array_equal(sums, own.reshape(sums.shape))


@pytest.mark.parametrize("name", WALKED)
def test_it_is_walked_and_answers_alike(name: str, library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "LIBRARY", library)
    native.available.cache_clear()
    model, outputs = WALKED[name], outputs_of(WALKED[name])
    reference = ScikitEngine(model)
    choice = choose(model, reference, outputs, X[:20])
    native.available.cache_clear()
    assert choice.engine.name == "trees-native", choice.rejected
    assert choice.parity is not None
    assert choice.parity.difference <= choice.parity.allowed <= 1e-6
    for rows in (X, HOLES):
        expected, answer = reference.predict(rows, outputs), choice.engine.predict(rows, outputs)
        for output in outputs:
            close(expected[output], answer[output], choice.parity.allowed)


@pytest.mark.parametrize("name", BY_BOOSTER)
def test_what_cannot_be_walked_is_asked_through_the_booster(name: str) -> None:
    model, outputs = BY_BOOSTER[name], outputs_of(BY_BOOSTER[name])
    reference = ScikitEngine(model)
    choice = choose(model, reference, outputs, X[:20])
    assert choice.engine.name == "booster", choice.rejected
    assert "equal to" in choice.describe()
    rows = np.rint(X) % 7
    expected, answer = reference.predict(rows, outputs), choice.engine.predict(rows, outputs)
    for output in outputs:
        close(expected[output], answer[output], 1e-6)


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_what_is_not_known_here_is_left_to_the_estimator(name: str) -> None:
    model, outputs = LEFT_ALONE[name], outputs_of(LEFT_ALONE[name])
    choice = choose(model, ScikitEngine(model), outputs, X[:20])
    assert choice.engine.name == "sklearn"


@pytest.mark.parametrize("kind", [xgb, lgb])
def test_the_end_of_a_pipeline_is_walked(kind: Any) -> None:
    steps = make_pipeline(StandardScaler(), kind("Classifier", TWO, StandardScaler().fit_transform(X)))
    steps[0].fit(X)
    reference = ScikitEngine(steps)
    choice = choose(steps, reference, ("label", "probability"), X[:20])
    assert choice.engine.name.startswith("trees"), choice.rejected
    answer = choice.engine.predict(X, ("label", "probability"))
    assert np.array_equal(answer["label"], steps.predict(X))
    np.testing.assert_allclose(answer["probability"], steps.predict_proba(X), rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", [xgb, lgb])
def test_frames_with_names_and_whole_numbers(kind: Any) -> None:
    frame = pd.DataFrame(X, columns=list("abcde")).assign(b=lambda f: f["b"].astype(int))
    model = kind("Classifier", TWO, frame)
    plan = read_plan(model)
    assert plan is not None
    assert isinstance(plan.model, Ensemble)
    sums = numpy_walker(plan.model)(frame.to_numpy(float))
    assert sums is not None
    np.testing.assert_allclose(
        plan.head.answer()(sums, ["probability"])["probability"],
        model.predict_proba(frame),
        rtol=0,
        atol=1e-6,
    )


def test_a_model_that_cannot_be_read_is_served_by_the_estimator(monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(_model: Any) -> None:
        raise KeyError("trees")

    monkeypatch.setattr(xgboost_trees, "read_ensemble", changed)
    model = WALKED["xgboost of two classes"]
    choice = choose(model, ScikitEngine(model), ("label", "probability"), X[:20])
    assert choice.engine.name == "sklearn"
    assert choice.rejected == ("reading XGBClassifier: KeyError: 'trees'",)


@pytest.mark.parametrize("name", ["xgboost of three classes", "lightgbm with holes"])
@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(*[st.floats(allow_infinity=False)] * 5), min_size=1, max_size=4))
def test_any_rows_answer_alike(name: str, rows: list[tuple[float, ...]]) -> None:
    model = WALKED[name]
    plan = read_plan(model)
    assert plan is not None
    assert isinstance(plan.model, Ensemble)
    x = np.array(rows)
    with np.errstate(over="ignore"):
        sums = numpy_walker(plan.model)(x)
        expected = model.predict_proba(x)
    assert sums is not None
    np.testing.assert_allclose(
        plan.head.answer()(sums, ["probability"])["probability"], expected, rtol=0, atol=plan.tolerance
    )
