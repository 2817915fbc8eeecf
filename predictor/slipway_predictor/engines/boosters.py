"""Gradient boosting by XGBoost and LightGBM: which reader takes a model, without importing either library.

A model of theirs can only be here because its library is, so nothing needs to be imported to look at it.
"""

from typing import Any, NamedTuple

from slipway_predictor.engines import lightgbm_trees, xgboost_trees
from slipway_predictor.engines.heads import Head
from slipway_predictor.engines.trees import Ensemble


class Booster(NamedTuple):
    """How to compute such a model: its trees, or its own quickest call where they cannot be walked."""

    ensemble: Ensemble | None
    head: Head
    """From the trees' sums to the outputs."""
    call: Any
    """From rows to what the objective makes of their sums; None if there is none."""
    call_head: Head
    """From what `call` gives to the outputs."""
    tolerance: float


def read_booster(model: Any) -> Booster | None:
    """Return how to compute a fitted estimator of either library, or None where that is not known here."""
    home = type(model).__module__
    if not home.startswith(("xgboost.", "lightgbm.")):
        return None
    library = xgboost_trees if home.startswith("xgboost.") else lightgbm_trees
    head = library.read_head(model)
    if head is None:
        return None
    classes = getattr(model, "classes_", None)
    call_head = Head("value") if classes is None else Head("ranked", classes=classes)
    return Booster(
        library.read_ensemble(model), head, library.quick_call(model), call_head, library.TOLERANCE
    )
