"""scikit-learn's tree ensembles as flat arrays, in the form in which a walker takes them.

A node's right child always follows its left one, and a leaf is its own left child with a threshold of infinity: a walk
is then the same step over and over, without asking whether it has arrived.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

NODE = np.dtype([("threshold", "<f8"), ("feature", "<i4"), ("left", "<i4")])
_DIRECT = ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor")
_FORESTS = (
    "RandomForestClassifier",
    "RandomForestRegressor",
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
)
_BOOSTED = ("GradientBoostingClassifier", "GradientBoostingRegressor")
_HISTOGRAM = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")


@dataclass(frozen=True)
class Ensemble:
    """Trees and how their leaves add up to a row's numbers: `start + rate * leaf + rate * leaf + …, / divisor`."""

    nodes: NDArray[Any]
    missing_left: NDArray[np.uint8]
    roots: NDArray[np.int32]
    values: NDArray[np.float64]
    """[nodes, width]: width is `columns`, or 1 where tree t adds to column t % columns."""
    features: int
    columns: int
    narrow: bool
    """Whether a feature is rounded to float32 before it is compared."""
    refuses_infinity: bool
    refuses_missing: bool
    start: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    rate: float = 1.0
    divisor: float = 1.0


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


def _forest(estimators: list[Any]) -> Ensemble:
    trees = [one.tree_ for one in estimators]
    first = estimators[0]
    width = int(getattr(first, "n_classes_", 1))
    return Ensemble(
        *_laid_out([_plain(tree, width) for tree in trees]),
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
        *_laid_out([_plain(one.tree_, 1) for one in estimator.estimators_.ravel()]),
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
        *_laid_out([_binned(nodes) for nodes in trees]),
        features=int(estimator.n_features_in_),
        columns=int(estimator.n_trees_per_iteration_),
        narrow=False,
        refuses_infinity=False,
        refuses_missing=False,
        start=np.asarray(estimator._baseline_prediction, dtype=np.float64).ravel(),
    )


@dataclass(frozen=True)
class _Tree:
    """One tree as scikit-learn keeps it: nodes anywhere, a leaf has left child -1 or is marked."""

    leaf: NDArray[np.bool_]
    left: NDArray[Any]
    right: NDArray[Any]
    feature: NDArray[Any]
    threshold: NDArray[np.float64]
    missing_left: NDArray[Any]
    values: NDArray[np.float64]


def _plain(tree: Any, width: int) -> _Tree:
    return _Tree(
        leaf=tree.children_left < 0,
        left=tree.children_left,
        right=tree.children_right,
        feature=tree.feature,
        threshold=tree.threshold,
        missing_left=tree.missing_go_to_left,
        values=tree.value[:, 0, :width],
    )


def _binned(nodes: NDArray[Any]) -> _Tree:
    return _Tree(
        leaf=nodes["is_leaf"].astype(bool),
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        feature=nodes["feature_idx"],
        threshold=nodes["num_threshold"],
        missing_left=nodes["missing_go_to_left"],
        values=nodes["value"].reshape(-1, 1),
    )


class _Layout(NamedTuple):
    """The first fields of an ensemble."""

    nodes: NDArray[Any]
    missing_left: NDArray[np.uint8]
    roots: NDArray[np.int32]
    values: NDArray[np.float64]


def _laid_out(trees: list[_Tree]) -> _Layout:
    nodes, missing, values, roots = [], [], [], []
    base = 0
    for tree in trees:
        order, placed = _siblings_together(tree)
        leaf = tree.leaf[order]
        one = np.zeros(len(order), NODE)
        one["threshold"] = np.where(leaf, np.inf, tree.threshold[order])
        one["feature"] = np.where(leaf, 0, tree.feature[order])
        one["left"] = base + np.where(
            leaf, np.arange(len(order)), placed[np.where(leaf, 0, tree.left[order])]
        )
        nodes.append(one)
        missing.append(np.where(leaf, 0, tree.missing_left[order]).astype(np.uint8))
        values.append(tree.values[order])
        roots.append(base)
        base += len(order)
    return _Layout(
        nodes=np.concatenate(nodes),
        missing_left=np.concatenate(missing),
        roots=np.array(roots, np.int32),
        values=np.ascontiguousarray(np.concatenate(values), dtype=np.float64),
    )


def _siblings_together(tree: _Tree) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the nodes level by level, the two children of one side by side; and each node's place in that order."""
    levels = [np.zeros(1, np.int64)]
    while len(parents := levels[-1][~tree.leaf[levels[-1]]]):
        levels.append(np.stack([tree.left[parents], tree.right[parents]], axis=1).ravel().astype(np.int64))
    order = np.concatenate(levels)
    placed = np.empty(len(tree.leaf), np.int64)
    placed[order] = np.arange(len(order))
    return order, placed
