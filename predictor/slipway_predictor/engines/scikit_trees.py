"""scikit-learn's tree ensembles, read into the form in which a walker takes them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_predictor.engines.heads import Head
from slipway_predictor.engines.trees import Ensemble, Tree, laid_out

_DIRECT = ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor")
_FORESTS = (
    "RandomForestClassifier",
    "RandomForestRegressor",
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
)
_BOOSTED = ("GradientBoostingClassifier", "GradientBoostingRegressor")
_LINKS = {"IdentityLink": "identity", "LogLink": "exponential"}
_PROBABILITIES = {
    "HalfBinomialLoss": "logistic",
    "HalfMultinomialLoss": "softmax",
    "ExponentialLoss": "half-logistic",
}
_HISTOGRAM = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")


def read_ensemble(estimator: Any) -> Ensemble | None:
    """Return the trees of a fitted estimator of scikit-learn's own, or None where it is none, or one of a special kind.

    Special: several outputs, categorical splits, a first guess that is itself a model.
    """
    kind = type(estimator)
    if not kind.__module__.startswith("sklearn.") or getattr(estimator, "n_outputs_", 1) != 1:
        return None
    if kind.__name__ in _DIRECT:
        return _forest([estimator])
    if kind.__name__ in _FORESTS:
        return _forest(estimator.estimators_)
    if kind.__name__ in _BOOSTED:
        return _boosted(estimator)
    if kind.__name__ in _HISTOGRAM:
        return _histogram(estimator)
    return None


def read_head(estimator: Any) -> Head | None:
    """Return what becomes of the sums of such an estimator, or None for a loss that is not known here."""
    classes = getattr(estimator, "classes_", None)
    kind = type(estimator).__name__
    if classes is None:
        link = _LINKS.get(type(estimator._loss.link).__name__) if kind in _HISTOGRAM else "identity"
        return None if link is None else Head("value", link)
    if kind in _FORESTS or kind in _DIRECT:
        return Head("averaged", classes=classes)
    link = _PROBABILITIES.get(type(estimator._loss).__name__)
    return None if link is None else Head("scored", link, classes, at_zero=int(kind in _BOOSTED))


def _forest(estimators: list[Any]) -> Ensemble:
    trees = [one.tree_ for one in estimators]
    first = estimators[0]
    width = int(getattr(first, "n_classes_", 1))
    return Ensemble(
        *laid_out([_plain(tree, width) for tree in trees]),
        features=int(first.n_features_in_),
        columns=width,
        narrow=True,
        refuses_infinity=True,
        refuses_missing=not first._support_missing_values(np.zeros((1, 1))),
        divisor=float(len(trees)),
    )


def _boosted(estimator: Any) -> Ensemble | None:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    if not (estimator.init_ == "zero" or type(estimator.init_) in (DummyClassifier, DummyRegressor)):
        return None
    features = int(estimator.n_features_in_)
    start = estimator._raw_predict_init(np.zeros((1, features), np.float32))[0]
    return Ensemble(
        *laid_out([_plain(one.tree_, 1) for one in estimator.estimators_.ravel()]),
        features=features,
        columns=len(start),
        narrow=True,
        refuses_infinity=True,
        refuses_missing=True,
        start=start,
        rate=float(estimator.learning_rate),
    )


def _histogram(estimator: Any) -> Ensemble | None:
    if estimator._preprocessor is not None:  # categorical features are encoded and reordered
        return None
    trees = [tree.nodes for stage in estimator._predictors for tree in stage]
    return Ensemble(
        *laid_out([_binned(nodes) for nodes in trees]),
        features=int(estimator.n_features_in_),
        columns=int(estimator.n_trees_per_iteration_),
        narrow=False,
        refuses_infinity=False,
        refuses_missing=False,
        start=np.asarray(estimator._baseline_prediction, dtype=np.float64).ravel(),
    )


def _plain(tree: Any, width: int) -> Tree:
    return Tree(
        leaf=tree.children_left < 0,
        left=tree.children_left,
        right=tree.children_right,
        feature=tree.feature,
        threshold=tree.threshold,
        missing_left=tree.missing_go_to_left,
        values=tree.value[:, 0, :width],
    )


def _binned(nodes: NDArray[Any]) -> Tree:
    return Tree(
        leaf=nodes["is_leaf"].astype(bool),
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        feature=nodes["feature_idx"],
        threshold=nodes["num_threshold"],
        missing_left=nodes["missing_go_to_left"],
        values=nodes["value"].reshape(-1, 1),
    )
