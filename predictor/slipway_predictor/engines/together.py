"""Label and probabilities of a classifier by one computation, where scikit-learn's own `predict` and `predict_proba` would do it twice.

A forest's label is the class of the highest probability. A logistic regression takes both from its decision values.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Both = Callable[[Any], dict[str, NDArray[Any]]]
"""From rows to `label` and `probability`."""


def together(final: Any) -> Both | None:
    """Return a way to have both of a fitted classifier at once, with its own answers; None where there is none.

    Goes by the very functions of the class, so that a subclass with a `predict` of its own is asked for that.
    """
    if not isinstance(getattr(final, "classes_", None), np.ndarray):
        return None  # several labels
    if _has(final, "sklearn.ensemble", "RandomForestClassifier", "predict"):
        return lambda rows: _by_vote(final, rows)
    if _has(final, "sklearn.linear_model", "LogisticRegression", "predict", "predict_proba"):
        return lambda rows: _by_decision(final, rows)
    return None


def _has(final: Any, module: str, kind: str, *methods: str) -> bool:
    """Tell whether these methods are those of a class of scikit-learn's; its module is there if such a thing was loaded."""
    known = getattr(sys.modules.get(module), kind, None)
    return known is not None and all(
        getattr(type(final), name, None) is getattr(known, name) for name in methods
    )


def _by_vote(final: Any, rows: Any) -> dict[str, NDArray[Any]]:
    probability = np.asarray(final.predict_proba(rows))
    return {"label": final.classes_.take(probability.argmax(axis=1)), "probability": probability}


def _by_decision(final: Any, rows: Any) -> dict[str, NDArray[Any]]:
    """Ask a view of the estimator whose decision values are known: of its own for each call, since calls may overlap."""
    values = final.decision_function(rows)
    view = object.__new__(type(final))
    vars(view).update(vars(final), decision_function=lambda _rows: values)
    return {"label": np.asarray(view.predict(rows)), "probability": np.asarray(view.predict_proba(rows))}
