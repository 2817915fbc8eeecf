"""A model that takes its time: importable by the served process, because its folder is on that one's PYTHONPATH."""

import os
import time
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin


class Sleepy(RegressorMixin, BaseEstimator):
    """Answers the first column after sleeping that many seconds; takes $SLEEPY_LOAD seconds to be unpickled."""

    n_features_in_ = 1

    def predict(self, table: Any) -> Any:
        time.sleep(float(np.max(table[:, 0])))
        return np.asarray(table[:, 0], dtype=float)

    def __setstate__(self, state: dict[str, Any]) -> None:
        time.sleep(float(os.environ.get("SLEEPY_LOAD", "0")))
        super().__setstate__(state)
