"""Tree ensembles outside scikit-learn: the same bits, whoever walks them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from slipway_predictor.engines import native
from slipway_predictor.engines.scikit_trees import read_ensemble
from slipway_predictor.engines.trees import Ensemble
from slipway_predictor.engines.walkers import numpy_walker

from .conftest import AMOUNT, THREE, TWO, X


def raw(estimator: Any, x: Any) -> Any:
    """What scikit-learn has before its last step, as [n, columns]."""
    if hasattr(estimator, "_raw_predict"):
        return estimator._raw_predict(np.asarray(x, estimator.kind))
    answer = estimator.predict_proba(x) if hasattr(estimator, "classes_") else estimator.predict(x)
    return answer.reshape(len(x), -1)


def fitted(kind: Any, target: Any, **options: Any) -> Any:
    estimator = kind(random_state=0, **options).fit(X, target)
    estimator.kind = np.float64 if "Hist" in kind.__name__ else np.float32
    return estimator


MODELS = {
    "tree": fitted(DecisionTreeClassifier, THREE),
    "regression tree": fitted(DecisionTreeRegressor, AMOUNT),
    "stump of one leaf": fitted(DecisionTreeClassifier, np.zeros(300, int)),
    "forest": fitted(RandomForestClassifier, TWO, n_estimators=19),
    "forest of three classes": fitted(RandomForestClassifier, THREE, n_estimators=3),
    "forest with weights": fitted(RandomForestClassifier, TWO, n_estimators=8, class_weight="balanced"),
    "forest of regression": fitted(RandomForestRegressor, AMOUNT, n_estimators=11),
    "extra trees": fitted(ExtraTreesClassifier, TWO, n_estimators=9),
    "extra trees of regression": fitted(ExtraTreesRegressor, AMOUNT, n_estimators=9),
    "boosting": fitted(GradientBoostingClassifier, TWO, n_estimators=20),
    "boosting from zero": fitted(GradientBoostingClassifier, TWO, n_estimators=5, init="zero"),
    "boosting of three classes": fitted(GradientBoostingClassifier, THREE, n_estimators=7),
    "boosting of regression": fitted(GradientBoostingRegressor, AMOUNT, n_estimators=20),
    "histogram": fitted(HistGradientBoostingClassifier, TWO, max_iter=12),
    "histogram of three classes": fitted(HistGradientBoostingClassifier, THREE, max_iter=5),
    "histogram of regression": fitted(HistGradientBoostingRegressor, AMOUNT, max_iter=12),
}


def ensemble_of(estimator: Any) -> Ensemble:
    ensemble = read_ensemble(estimator)
    assert ensemble is not None
    return ensemble


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("rows", [1, 2, 7, 64, 65, 300])
def test_every_bit_is_the_same(name: str, rows: int, walker: Any) -> None:
    estimator = MODELS[name]
    assert np.array_equal(walker(ensemble_of(estimator))(X[:rows]), raw(estimator, X[:rows]))


@pytest.mark.parametrize("name", MODELS)
def test_a_row_s_answer_does_not_depend_on_its_company(name: str, walker: Any) -> None:
    walk = walker(ensemble_of(MODELS[name]))
    assert np.array_equal(walk(X), np.concatenate([walk(X[i : i + 1]) for i in range(len(X))]))


@pytest.mark.parametrize("kind", [RandomForestClassifier, HistGradientBoostingClassifier])
@pytest.mark.parametrize("seen", [True, False], ids=["seen in training", "not seen"])
def test_missing_values_go_where_they_go_in_scikit_learn(kind: Any, seen: bool, walker: Any) -> None:
    holes = X.copy()
    holes[np.random.default_rng(1).random(X.shape) < 0.2] = np.nan
    estimator = kind(random_state=0).fit(holes if seen else X, TWO)
    estimator.kind = np.float64
    assert np.array_equal(walker(ensemble_of(estimator))(holes), raw(estimator, holes))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3.5e38])
def test_what_scikit_learn_refuses_is_left_to_it(value: float, walker: Any) -> None:
    row = X[:1].copy()
    row[0, 3] = value
    with pytest.raises(ValueError, match=r"NaN|infinity"), np.errstate(over="ignore"):
        MODELS["boosting"].predict(row)
    assert walker(ensemble_of(MODELS["boosting"]))(row) is None


def test_histograms_take_any_number(walker: Any) -> None:
    rows = np.array([[np.nan, np.inf, -np.inf, 1e300, -0.0]])
    estimator = MODELS["histogram"]
    assert np.array_equal(walker(ensemble_of(estimator))(rows), raw(estimator, rows))


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        RandomForestClassifier(2).fit(X, np.stack([TWO, TWO], axis=1)),
        GradientBoostingClassifier(n_estimators=2, init=DecisionTreeClassifier()).fit(X, TWO),
        HistGradientBoostingClassifier(max_iter=2, categorical_features=[0]).fit(np.rint(X) % 7, TWO),
        type("Mine", (RandomForestClassifier,), {})(2).fit(X, TWO),
    ],
    ids=["no trees", "two outputs", "a model to start from", "categories", "a subclass"],
)
def test_what_is_not_known_here_is_left_to_scikit_learn(estimator: Any) -> None:
    assert read_ensemble(estimator) is None


@pytest.mark.parametrize("form", ["by column", "backwards", "read only"])
def test_any_layout_of_the_matrix_will_do(form: str, walker: Any) -> None:
    rows = X[:5].copy()
    if form == "by column":
        rows = np.asfortranarray(rows)
    elif form == "backwards":
        rows = rows[:, ::-1].copy()[:, ::-1]
    else:
        rows.flags.writeable = False
    assert np.array_equal(walker(ensemble_of(MODELS["forest"]))(rows), raw(MODELS["forest"], X[:5]))


def test_the_library_checks_the_width(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "LIBRARY", library)
    with pytest.raises(ValueError, match="expected 5 columns"):
        native.native_walker(ensemble_of(MODELS["forest"]))(X[:, :4])


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(*[st.floats(allow_nan=False, allow_infinity=False, width=32)] * 5), min_size=1, max_size=9
    )
)
def test_any_rows_walk_alike(library: Any, rows: list[tuple[float, ...]]) -> None:
    ensemble = ensemble_of(MODELS["forest of three classes"])
    x = np.array(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "LIBRARY", library)
        walked = native.native_walker(ensemble)(x)
    assert np.array_equal(walked, numpy_walker(ensemble)(x))
    with np.errstate(over="ignore"):  # scikit-learn looks for infinity by a sum
        assert np.array_equal(walked, raw(MODELS["forest of three classes"], x))
