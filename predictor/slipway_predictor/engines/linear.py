"""Linear models of scikit-learn's own, read into one matrix product. Bit for bit its operations, without its checks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_predictor.engines import heads
from slipway_predictor.features.finite import all_finite

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


@dataclass(frozen=True)
class Linear:
    """A fitted linear model, as plain numbers."""

    weights: Matrix
    """[features, columns]: a view of the model's own [columns, features], as scikit-learn multiplies; a copy may add in
    another order."""
    intercept: Matrix
    """[columns], or a single number."""

    def raw(self, x: Matrix) -> Matrix | None:
        """Return the raw numbers [n, columns] of rows [n, features]; None for a number that scikit-learn refuses."""
        product: Matrix = x @ self.weights
        product += self.intercept
        return product if all_finite(product) or all_finite(x) else None


def read_linear(model: Any) -> tuple[Linear, heads.Head] | None:
    """Return a fitted linear model's numbers, and its head. None where it is none, or answers several labels at once."""
    kind = type(model)
    if not kind.__module__.startswith("sklearn."):
        return None
    if kind.__name__ in _REGRESSORS.split():
        return _numbers(model), heads.Head("value" if np.ndim(model.coef_) == 1 else "values")
    classes = getattr(model, "classes_", None)
    if (
        kind.__name__ not in _CLASSIFIERS.split()
        or not isinstance(classes, np.ndarray)
        or not _known_head(model)
    ):
        return None
    if np.atleast_2d(model.coef_).shape[0] != (1 if len(classes) == 2 else len(classes)):
        return None
    return _numbers(model), heads.Head("scored", "logistic" if len(classes) == 2 else "softmax", classes)


def _known_head(model: Any) -> bool:
    """Tell whether the model has no probabilities, or the logistic or softmax ones."""
    if not callable(getattr(model, "predict_proba", None)):
        return True
    if type(model).__name__ == "SGDClassifier":
        return bool(model.loss == "log_loss" and len(model.classes_) == 2)
    one_against_all = model.solver == "liblinear" or getattr(model, "multi_class", "auto") == "ovr"
    return len(model.classes_) == 2 or not one_against_all


def _numbers(model: Any) -> Linear:
    return Linear(np.atleast_2d(model.coef_).T, np.asarray(model.intercept_))
