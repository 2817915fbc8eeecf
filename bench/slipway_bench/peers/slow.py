"""A model that takes five milliseconds a row and cannot be hurried, for the overload scenario."""

import time
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

SECONDS = 0.005


class Slow(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Answers each row's first value."""

    def fit(self, x: Any, y: Any = None) -> "Slow":  # noqa: ARG002 (scikit-learn's signature)
        """Learn the width."""
        self.n_features_in_ = x.shape[1]
        return self

    def predict(self, x: Any) -> Any:
        """Return [n] after n times five milliseconds."""
        time.sleep(SECONDS * len(x))
        return np.asarray(x)[:, 0]
