"""Models that nothing here was written for: what a client gets is what `predict` and `predict_proba` say.

Each is made a bundle from a frame, with its training data, and from a matrix, without; and asked for rows it was not
fitted on.
"""

from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.base import clone, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import (
    ElasticNet,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, LocalOutlierFactor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, SVR, LinearSVC, OneClassSVM
from sklearn.tree import DecisionTreeClassifier

from .conftest import Serve, same

RNG = np.random.default_rng(7)
X = np.round(RNG.normal(5, 2, size=(260, 4)), 2)
TWO = (X[:, 0] + RNG.normal(0, 1, 260) > 5).astype(int)
FOUR = np.array(["north", "south", "east", "west"])[(X[:, 0] > 5) * 2 + (X[:, 1] > 5)]
YES = X[:, 2] > 5
AMOUNT = X @ [1.0, -2.0, 0.5, 3.0] + RNG.normal(0, 0.5, 260)
SEVERAL = np.stack([TWO, (X[:, 1] > 5).astype(int)], axis=1)
MIXED_LABELS = np.stack([np.where(TWO, "in", "out"), FOUR], axis=1)
AMOUNTS = np.stack([AMOUNT, -2 * AMOUNT], axis=1)
TRAIN, REST = slice(0, 200), slice(200, 260)

MODELS: dict[str, tuple[Any, Any]] = {
    "logistic of four": (make_pipeline(RobustScaler(), LogisticRegression()), FOUR),
    "logistic of booleans": (LogisticRegression(), YES),
    "linear svc": (make_pipeline(StandardScaler(), LinearSVC()), FOUR),
    "svc without probabilities": (SVC(), TWO),
    "svc of four": (make_pipeline(StandardScaler(), SVC(kernel="poly")), FOUR),
    "ridge classifier": (RidgeClassifier(), FOUR),
    "hinge": (make_pipeline(StandardScaler(), SGDClassifier(random_state=0)), TWO),
    "modified huber": (make_pipeline(StandardScaler(), SGDClassifier(loss="modified_huber")), FOUR),
    "naive bayes": (GaussianNB(), FOUR),
    "bernoulli": (make_pipeline(MinMaxScaler(), BernoulliNB(binarize=0.5)), TWO),
    "discriminants": (LinearDiscriminantAnalysis(), FOUR),
    "quadratic": (QuadraticDiscriminantAnalysis(), TWO),
    "neighbours": (KNeighborsClassifier(), FOUR),
    "network": (make_pipeline(StandardScaler(), MLPClassifier((8,), max_iter=2000, random_state=0)), FOUR),
    "tree with weights": (DecisionTreeClassifier(class_weight="balanced", max_depth=4), FOUR),
    "boosted stumps": (AdaBoostClassifier(n_estimators=10), FOUR),
    "bagged": (BaggingClassifier(GaussianNB(), 5, random_state=0), FOUR),
    "calibrated": (CalibratedClassifierCV(LinearSVC(), cv=3), TWO),
    "calibrated isotonic": (CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=3), FOUR),
    "stacked": (StackingClassifier([("a", GaussianNB()), ("b", DecisionTreeClassifier(max_depth=3))]), FOUR),
    "voting, hard": (VotingClassifier([("a", GaussianNB()), ("b", LogisticRegression())]), FOUR),
    "voting, soft": (
        VotingClassifier([("a", GaussianNB()), ("b", KNeighborsClassifier())], voting="soft"),
        TWO,
    ),
    "one against the rest": (OneVsRestClassifier(SVC()), FOUR),
    "one against one": (OneVsOneClassifier(LinearSVC()), FOUR),
    "a found threshold": (TunedThresholdClassifierCV(LogisticRegression(), cv=3), TWO),
    "a fixed threshold": (FixedThresholdClassifier(LogisticRegression(), threshold=0.2), TWO),
    "a search": (GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression()), {}, cv=2), FOUR),
    "a search for trees": (
        GridSearchCV(RandomForestClassifier(9, random_state=0), {"max_depth": [3]}, cv=2),
        TWO,
    ),
    "several labels": (RandomForestClassifier(7, random_state=0), SEVERAL),
    "several labels of text": (MultiOutputClassifier(LogisticRegression()), MIXED_LABELS),
    "several labels of a chain": (ClassifierChain(LogisticRegression()), SEVERAL),
    "several labels of a network": (MLPClassifier((8,), max_iter=3000, random_state=0), SEVERAL),
    "polynomials": (
        make_pipeline(PolynomialFeatures(2), StandardScaler(), LogisticRegression(max_iter=2000)),
        TWO,
    ),
    "components": (make_pipeline(PCA(2), GradientBoostingClassifier(n_estimators=9)), FOUR),
    "normalized, discretized": (
        make_pipeline(
            Normalizer(), KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"), LogisticRegression()
        ),
        TWO,
    ),
    "quantiles": (make_pipeline(QuantileTransformer(n_quantiles=50), LogisticRegression()), TWO),
    "powers, selected": (make_pipeline(PowerTransformer(), SelectKBest(k=2), LogisticRegression()), TWO),
    "a union": (make_pipeline(make_union(PCA(2), StandardScaler()), LogisticRegression()), FOUR),
    "line": (LinearRegression(), AMOUNT),
    "elastic": (make_pipeline(StandardScaler(), ElasticNet()), AMOUNT),
    "counts": (make_pipeline(StandardScaler(), PoissonRegressor()), np.rint(np.abs(AMOUNT))),
    "svr": (make_pipeline(StandardScaler(), SVR()), AMOUNT),
    "neighbours' mean": (KNeighborsRegressor(), AMOUNT),
    "process": (GaussianProcessRegressor(), AMOUNT),
    "trees' mean of two": (RandomForestRegressor(5, random_state=0), AMOUNTS),
    "several values": (MultiOutputRegressor(HistGradientBoostingRegressor(max_iter=5)), AMOUNTS),
    "partial squares": (PLSRegression(2), AMOUNTS),
    "voting values": (VotingRegressor([("a", LinearRegression()), ("b", KNeighborsRegressor())]), AMOUNT),
    "stacked values": (StackingRegressor([("a", LinearRegression()), ("b", SVR())]), AMOUNT),
    "clusters": (KMeans(4, n_init=2, random_state=0), None),
    "clusters after scaling": (make_pipeline(StandardScaler(), MiniBatchKMeans(3, n_init=2)), None),
    "mixture": (GaussianMixture(3, random_state=0), None),
    "outliers": (IsolationForest(n_estimators=20, random_state=0), None),
    "outliers after scaling": (make_pipeline(StandardScaler(), OneClassSVM()), None),
    "novelties": (LocalOutlierFactor(novelty=True), None),
    "xgboost of booleans": (xgboost.XGBClassifier(n_estimators=9), YES),
    "xgboost in a pipeline": (make_pipeline(StandardScaler(), xgboost.XGBRegressor(n_estimators=9)), AMOUNT),
    "lightgbm of four": (lightgbm.LGBMClassifier(n_estimators=9, verbose=-1), FOUR),
    "lightgbm in a stack": (
        StackingClassifier(
            [("a", lightgbm.LGBMClassifier(n_estimators=5, verbose=-1))], LogisticRegression()
        ),
        TWO,
    ),
}


def expected_of(model: Any, rows: Any) -> dict[str, Any]:
    """What the model itself says, by the names of the outputs."""
    if not is_regressor(model):
        said = {"label": model.predict(rows)}
        if hasattr(model, "predict_proba"):
            probability = model.predict_proba(rows)
            several = isinstance(probability, list)
            said |= (
                {f"probability_{at}": one for at, one in enumerate(probability)}
                if several
                else {"probability": probability}
            )
        return said
    return {"value": model.predict(rows)}


@pytest.mark.parametrize("framed", [True, False], ids=["frame", "matrix"])
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names:UserWarning")
def test_a_client_gets_what_the_model_says(name: str, framed: bool, serve: Serve) -> None:
    template, target = MODELS[name]
    model = clone(template)
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    rows: Any = frame if framed else X
    model = model.fit(rows[TRAIN]) if target is None else model.fit(rows[TRAIN], target[TRAIN])
    expected = expected_of(model, rows[REST])
    served = serve(model, data=frame[TRAIN] if framed else None)
    answers = served.infer_matrix(X[REST])
    assert expected.keys() <= answers.keys()
    for output, values in expected.items():
        same(values, answers[output], 2e-6 if "xgboost" in name else 1e-9)
    one = served.infer_matrix(X[200:201])
    for output in expected:
        same(answers[output][:1], one[output], 2e-6)
    if "score" in answers:
        same(model.decision_function(rows[REST]), answers["score"])


def test_one_column(serve: Serve) -> None:
    model = IsotonicRegression(out_of_bounds="clip").fit(X[:, 0], AMOUNT)
    served = serve(make_pipeline(model), data=pd.DataFrame({"a": X[:, 0]}))
    same(model.predict(X[REST, 0]), served.infer_matrix(X[REST, :1])["value"])
