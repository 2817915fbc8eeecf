"""Linear models of scikit-learn's own, read into one matrix product. Bit for bit its operations, without its checks."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_predictor.engines import heads

Matrix = NDArray[np.float64]

_REGRESSORS = """
LinearRegression Ridge RidgeCV Lasso LassoCV ElasticNet ElasticNetCV Lars LarsCV LassoLars LassoLarsCV LassoLarsIC
OrthogonalMatchingPursuit BayesianRidge ARDRegression HuberRegressor TheilSenRegressor SGDRegressor LinearSVR
QuantileRegressor
"""
_CLASSIFIERS = """
LogisticRegression LogisticRegressionCV SGDClassifier RidgeClassifier RidgeClassifierCV LinearSVC Perceptron
PassiveAggressiveClassifier
"""


def read_linear(model: Any) -> tuple[Callable[[Matrix], Matrix | None], heads.Head] | None:
    """Return the raw numbers [n, columns] of a fitted linear model as a function of its rows, and its head.

    None where the model is none, or answers several labels at once. The function returns None for rows with a number
    that scikit-learn refuses.
    """
    kind = type(model)
    if not kind.__module__.startswith("sklearn."):
        return None
    if kind.__name__ in _REGRESSORS.split():
        return _product(model), heads.value
    classes = getattr(model, "classes_", None)
    if (
        kind.__name__ not in _CLASSIFIERS.split()
        or not isinstance(classes, np.ndarray)
        or not _known_head(model)
    ):
        return None
    if np.atleast_2d(model.coef_).shape[0] != (1 if len(classes) == 2 else len(classes)):
        return None
    return _product(model), heads.scored(classes)


def _known_head(model: Any) -> bool:
    """Tell whether the model has no probabilities, or the logistic or softmax ones."""
    if not callable(getattr(model, "predict_proba", None)):
        return True
    if type(model).__name__ == "SGDClassifier":
        return bool(model.loss == "log_loss" and len(model.classes_) == 2)
    one_against_all = model.solver == "liblinear" or getattr(model, "multi_class", "auto") == "ovr"
    return len(model.classes_) == 2 or not one_against_all


def _product(model: Any) -> Callable[[Matrix], Matrix | None]:
    weights = np.atleast_2d(
        model.coef_
    ).T  # as a view, as scikit-learn multiplies: the copy may add in another order
    shift = np.asarray(model.intercept_)

    def raw(x: Matrix) -> Matrix | None:
        product: Matrix = x @ weights
        product += shift
        return product if np.isfinite(product).all() else None

    return raw
