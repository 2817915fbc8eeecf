"""XGBoost's estimators, read into trees and a head: features, splits, leaves and sums in float32, as XGBoost has them.

Not read: categories, DART's dropped trees, linear boosters, several targets. Those are asked through the booster's
inplace_predict, which makes no DMatrix, where that knows them.
"""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_predictor.engines.heads import Head
from slipway_predictor.engines.trees import Ensemble, Tree, laid_out

Matrix = NDArray[np.float64]

TOLERANCE = 1e-6
"""What its numbers may differ by here, relative: some steps of float32, for an exponential of another library."""

_IDENTITY = (
    *("reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror", "reg:quantileerror"),
    *("reg:squaredlogerror", "rank:pairwise", "rank:ndcg", "rank:map"),
)
_LOGISTIC = ("binary:logistic", "reg:logistic")
_EXPONENTIAL = ("count:poisson", "reg:gamma", "reg:tweedie")


def read_head(estimator: Any) -> Head | None:
    """Return what becomes of the sums, or None for an objective that is not known here."""
    classes = getattr(estimator, "classes_", None)
    link = _link(_config(estimator)["objective"]["name"])
    if link is None:
        return None
    return Head("value", link) if classes is None else Head("ranked", link, np.asarray(classes))


def _link(objective: str) -> str | None:
    """Return XGBoost's own step from sums [n, columns] to probabilities or values of that shape."""
    if objective in _IDENTITY:
        return "single"
    if objective in _LOGISTIC:
        return "single-logistic"
    if objective in _EXPONENTIAL:
        return "single-exponential"
    return "single-softmax" if objective == "multi:softprob" else None


def read_ensemble(estimator: Any) -> Ensemble | None:
    """Return the trees of a fitted estimator, or None where they are of a kind that is not walked here."""
    config = _config(estimator)
    learner = json.loads(bytes(estimator.get_booster().save_raw("json")))["learner"]
    if learner["gradient_booster"]["name"] != "gbtree" or not np.isnan(estimator.missing):
        return None
    model, about = learner["gradient_booster"]["model"], config["learner_model_param"]
    columns = max(1, int(about["num_class"]))
    if max(model["tree_info"], default=columns) >= columns or any(map(_special, model["trees"])):
        return None
    trees = _in_turns(model, _used(estimator, model), columns)
    return Ensemble(
        *laid_out([_read(tree) for tree in trees]),
        features=int(about["num_feature"]),
        columns=columns,
        narrow=True,
        refuses_infinity=False,
        refuses_missing=False,
        start=_start(about["base_score"], config["objective"]["name"], columns),
        single=True,
    )


def quick_call(estimator: Any) -> Callable[[Matrix], NDArray[Any]] | None:
    """Return the booster's own call, from rows to what the objective makes of their sums; None if it has none."""
    booster = estimator.get_booster()
    if _config(estimator)["gradient_booster"]["name"] == "gblinear" or not np.isnan(estimator.missing):
        return None
    stop = _best(estimator)

    def raw(x: Matrix) -> NDArray[Any]:
        answer: NDArray[Any] = booster.inplace_predict(x, iteration_range=(0, stop), validate_features=False)
        return answer if answer.ndim == 2 else answer[:, None]

    return raw


def _config(estimator: Any) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(estimator.get_booster().save_config())["learner"]
    return config


def _best(estimator: Any) -> int:
    """Return how many rounds count, after early stopping; 0 is all."""
    try:
        return int(estimator.best_iteration) + 1
    except AttributeError:
        return 0


def _used(estimator: Any, model: dict[str, Any]) -> int:
    """Return how many trees count."""
    return int(model["iteration_indptr"][_best(estimator) or -1])


def _in_turns(model: dict[str, Any], count: int, columns: int) -> list[dict[str, Any]]:
    """Return the first `count` trees such that tree t adds to column t % columns, those of one column in their order."""
    of_column: list[list[dict[str, Any]]] = [[] for _ in range(columns)]
    for tree, column in zip(model["trees"][:count], model["tree_info"], strict=False):
        of_column[column].append(tree)
    return [tree for turn in zip(*of_column, strict=True) for tree in turn]


def _special(tree: dict[str, Any]) -> bool:
    return any(tree["split_type"]) or int(tree["tree_param"]["size_leaf_vector"]) > 1


def _read(tree: dict[str, Any]) -> Tree:
    left = np.array(tree["left_children"])
    leaf = left < 0
    split = np.array(tree["split_conditions"], dtype=np.float32)
    # XGBoost goes left below the split, a walker up to it: the same for the float32 that comes right before.
    threshold = np.nextafter(split, np.float32(-np.inf))
    return Tree(
        leaf=leaf,
        left=left,
        right=np.array(tree["right_children"]),
        feature=np.array(tree["split_indices"]),
        threshold=threshold.astype(np.float64),
        missing_left=np.array(tree["default_left"]),
        values=np.where(leaf, split, np.float32(0)).astype(np.float64)[:, None],
    )


def _start(text: str, objective: str, columns: int) -> Matrix:
    """Return the sums' first term: the base score as a number before the objective's last step, in float32."""
    one = np.float32(1)
    base = np.atleast_1d(np.array(json.loads(text), dtype=np.float32))
    if objective in _LOGISTIC:
        base = (-np.log((one / base - one).astype(np.float64))).astype(np.float32)
    elif objective in _EXPONENTIAL:
        base = np.log(base.astype(np.float64)).astype(np.float32)
    return np.broadcast_to(base.astype(np.float64), columns).copy()
