"""A pipeline taken apart answers as the whole, with a frame's names and without."""

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler

from slipway_predictor.engines.parts import names_of, take_apart, take_apart_nameless
from slipway_predictor.engines.scikit import ScikitEngine

RANDOM = np.random.default_rng(4)
X = RANDOM.normal(size=(120, 4))
Y = (X[:, 0] + 0.3 * RANDOM.normal(size=120) > 0).astype(int)
FRAME = pd.DataFrame(X, columns=["a", "b", "c", "d"])

POSITIONAL = {
    "logistic": make_pipeline(StandardScaler(), LogisticRegression()),
    "forest alone": RandomForestClassifier(5, random_state=0),
    "imputed": make_pipeline(SimpleImputer(), StandardScaler(), KNeighborsClassifier()),
    "passed through": Pipeline([("nothing", "passthrough"), ("model", LogisticRegression())]),
    "many steps": make_pipeline(
        PolynomialFeatures(2, include_bias=False), SelectKBest(k=5), PCA(3), LogisticRegression()
    ),
    "histogram boosting": HistGradientBoostingClassifier(max_iter=5),
    "outliers": make_pipeline(StandardScaler(), IsolationForest(n_estimators=5, random_state=0)),
    "regression": make_pipeline(StandardScaler(), LinearRegression()),
}
BY_NAME = {
    "columns": make_pipeline(ColumnTransformer([("s", StandardScaler(), ["a", "b"])]), LogisticRegression()),
    "pandas inside": make_pipeline(StandardScaler(), LogisticRegression()).set_output(transform="pandas"),
    "function": make_pipeline(FunctionTransformer(), LogisticRegression()),
    "voting": VotingClassifier([("a", LogisticRegression()), ("b", KNeighborsClassifier())], voting="soft"),
    "calibrated": CalibratedClassifierCV(LogisticRegression(), cv=2),
}


@pytest.mark.parametrize("name", POSITIONAL)
def test_names_are_not_needed_and_nothing_changes(name):
    model = POSITIONAL[name].fit(FRAME, Y)
    engine = ScikitEngine(model)
    outputs = list(take_apart(model).methods)
    answers = engine.predict(np.ascontiguousarray(X), outputs)
    for output, method in (("label", "predict"), ("value", "predict"), ("probability", "predict_proba")):
        if output in outputs:
            # A frame's columns lie one after another, a matrix's rows do: sums may round their last digit otherwise.
            np.testing.assert_allclose(answers[output], getattr(model, method)(FRAME), rtol=1e-12, atol=1e-14)
    assert take_apart_nameless(model) is not None
    assert list(names_of(model)) == list(FRAME.columns), "the model itself keeps its names"


@pytest.mark.parametrize("name", BY_NAME)
def test_where_names_may_matter_the_frame_is_kept(name):
    model = BY_NAME[name].fit(FRAME, Y)
    assert take_apart_nameless(model) is None
    answers = ScikitEngine(model).predict(X, ["label", "probability"])
    assert answers["probability"].tobytes() == model.predict_proba(FRAME).tobytes()


def test_only_scikit_learns_own_pipeline_is_taken_apart():
    class Own(Pipeline):
        def predict(self, rows, **params):
            return 1 - super().predict(rows, **params)

    model = Own(make_pipeline(StandardScaler(), LogisticRegression()).steps).fit(X, Y)
    assert take_apart(model).before == ()
    assert (ScikitEngine(model).predict(X, ["label"])["label"] == model.predict(X)).all()
