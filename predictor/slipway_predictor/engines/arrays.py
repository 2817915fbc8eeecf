"""Telling narwhals that a numpy array is no data frame, before it looks for itself.

scikit-learn asks narwhals several times in every step of a call whether it was given a frame. To answer, narwhals searches
the array's classes for attributes, by Python code that is made for any object: a third of what a scaler and a logistic
regression take for a call. For numpy's own array the answer is known. A scikit-learn that asks otherwise is left as it is.
"""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

_QUESTIONS = ("is_into_dataframe", "is_into_series")


def spare_arrays() -> None:
    """Have the questions that scikit-learn asks answered at once for arrays, in this process; a second time does nothing."""
    validation = sys.modules.get("sklearn.utils.validation")
    asked = getattr(getattr(validation, "nw", None), "dependencies", None)
    for name in _QUESTIONS:
        question = getattr(asked, name, None)
        if callable(question) and not hasattr(question, "__wrapped__"):
            setattr(asked, name, _knowing_arrays(question))


def _knowing_arrays(question: Callable[[Any], bool]) -> Callable[[Any], bool]:
    @wraps(question)
    def answer(value: Any) -> bool:
        return type(value) is not np.ndarray and question(value)

    return answer
