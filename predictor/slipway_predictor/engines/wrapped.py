"""Estimators around others: which of scikit-learn's hand their rows on as they came, and to whom."""

from typing import Any

_ONE = ("best_estimator_", "estimator_", "regressor_")


def handed(estimator: Any) -> list[Any]:
    """Return the fitted estimators that one hands its rows to as they are: of a search, a vote, a calibration, ...

    Empty where it takes the rows itself, or hands on only some of their columns.
    """
    if type(estimator).__name__ == "FrozenEstimator":
        return [estimator.estimator]
    for name in _ONE:
        if (one := getattr(estimator, name, None)) is not None:
            return [one]
    if folds := getattr(estimator, "calibrated_classifiers_", None):
        return [fold.estimator for fold in folds]
    several = getattr(estimator, "estimators_", None)
    if isinstance(several, list) and not hasattr(estimator, "estimators_features_"):
        return [one for one in several if one != "drop"]
    return []
