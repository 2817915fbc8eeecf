"""LightGBM's estimators, read into trees and a head: double arithmetic throughout, so nearly bit for bit its own.

Not read: categorical splits, linear leaves, zero taken for missing, an objective of the user's own. Those are asked
through the booster, which is still quicker than the estimator's checks around it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_predictor.engines.heads import Head
from slipway_predictor.engines.trees import Ensemble, Tree, laid_out

Matrix = NDArray[np.float64]

TOLERANCE = 1e-9
"""What its numbers may differ by here, relative: the last step is double arithmetic in another library."""

_IDENTITY = ("regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg")
_EXPONENTIAL = ("poisson", "gamma", "tweedie")


def read_head(estimator: Any) -> Head | None:
    """Return what becomes of the sums, or None for an objective that is not known here."""
    name, *words = (estimator.booster_.dump_model(num_iteration=1).get("objective") or "").split()
    options = dict(word.split(":", 1) for word in words if ":" in word)
    classes = getattr(estimator, "classes_", None)
    link = _link(name, words)
    if link is None:
        return None
    steepness = float(options.get("sigmoid", 1.0))
    if classes is None:
        return Head("value", link, steepness=steepness)
    return Head("ranked", link, np.asarray(classes), steepness=steepness)


def _link(name: str, words: list[str]) -> str | None:
    """Return LightGBM's own step from sums [n, columns] to probabilities or values of that shape."""
    if name in _IDENTITY:
        return "signed-square" if "sqrt" in words else "identity"
    if name in _EXPONENTIAL:
        return "exponential"
    if name == "multiclass":
        return "softmax"
    return "sigmoid" if name in ("binary", "multiclassova", "cross_entropy") else None


def read_ensemble(estimator: Any) -> Ensemble | None:
    """Return the trees of a fitted estimator, or None where one is of a kind that is not walked here."""
    best = (
        getattr(estimator, "best_iteration_", None) or -1
    )  # after early stopping, the later trees do not count
    model = estimator.booster_.dump_model(num_iteration=best)
    trees = [_read(entry["tree_structure"]) for entry in model["tree_info"]]
    if not trees or any(tree is None for tree in trees):
        return None
    columns = int(model["num_tree_per_iteration"])
    return Ensemble(
        *laid_out([tree for tree in trees if tree is not None]),
        features=int(model["max_feature_idx"]) + 1,
        columns=columns,
        narrow=False,
        refuses_infinity=False,
        refuses_missing=False,
        start=np.zeros(columns),
        divisor=len(trees) / columns if model.get("average_output") else 1.0,
    )


def quick_call(estimator: Any) -> Callable[[Matrix], Matrix]:
    """Return the booster's own call, from rows to what the objective makes of their sums."""
    booster = estimator.booster_

    def raw(x: Matrix) -> Matrix:
        answer: Matrix = booster.predict(x, num_threads=1)
        return answer if answer.ndim == 2 else answer[:, None]

    return raw


def _read(root: dict[str, Any]) -> Tree | None:
    """Return a tree from its nested form, or None if it has a node of another kind than `value <= threshold`."""
    nodes, at = [root], 0
    left, right = [], []
    while at < len(nodes):
        node = nodes[at]
        at += 1
        if "leaf_value" in node:
            if "leaf_coeff" in node:
                return None
            left.append(0)
            right.append(0)
            continue
        if node["decision_type"] != "<=" or node["missing_type"] == "Zero":
            return None
        left.append(len(nodes))
        right.append(len(nodes) + 1)
        nodes += [node["left_child"], node["right_child"]]
    leaf = np.array(["leaf_value" in node for node in nodes])
    threshold = np.array([node.get("threshold", 0.0) for node in nodes], dtype=np.float64)
    return Tree(
        leaf=leaf,
        left=np.array(left),
        right=np.array(right),
        feature=np.array([node.get("split_feature", 0) for node in nodes]),
        threshold=threshold,
        missing_left=np.array([_missing_left(node) for node in nodes]),
        values=np.array([[node.get("leaf_value", 0.0)] for node in nodes], dtype=np.float64),
    )


def _missing_left(node: dict[str, Any]) -> bool:
    """Tell where a missing value goes; a split that never saw one takes it for zero."""
    if node.get("missing_type") == "NaN":
        return bool(node["default_left"])
    return float(node.get("threshold", 0.0)) >= 0.0
