"""A fitted scikit-learn estimator taken apart: what stands before its last step, and the method behind each output.

A Pipeline's own predict and predict_proba pass the rows through all its transforms each; here they pass once. And a
pipeline of scikit-learn's own steps that was fitted on a data frame is asked with a bare matrix: building a frame and
having every step look at its column names and types costs several times what the steps compute.
"""

import copy
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from slipway_predictor.engines.together import Both, together

_BY_NAME = frozenset({"ColumnTransformer", "FunctionTransformer"})
_NAMES = "feature_names_in_"


class Parts(NamedTuple):
    """Transforms to be called one after another, then a method for each output."""

    before: tuple[Callable[[Any], Any], ...]
    methods: dict[str, Callable[[Any], Any]]
    both: Both | None
    """Label and probability by one call."""

    def transformed(self, rows: Any) -> Any:
        """Return the rows as the last step takes them."""
        for transform in self.before:
            rows = transform(rows)
        return rows


def names_of(estimator: Any) -> Any:
    """Return the column names that an estimator was fitted with, or None. A Pipeline has those of its first real step."""
    steps = [step for _, step in estimator.steps] if hasattr(estimator, "steps") else [estimator]
    first = next((step for step in steps if step not in (None, "passthrough")), estimator)
    return getattr(estimator, _NAMES, getattr(first, _NAMES, None))


def take_apart(estimator: Any) -> Parts:
    """Return the parts of an estimator; anything but scikit-learn's own Pipeline stays whole."""
    return _parts(estimator, lambda step: step)


def take_apart_nameless(estimator: Any) -> Parts | None:
    """Return parts that take a matrix of floats though the estimator was fitted on a frame; None where names may matter.

    The steps are shallow copies without their column names, so that none of them looks for names, or warns.
    """
    steps = [step for _, step in estimator.steps] if hasattr(estimator, "steps") else [estimator]
    if not all(_positional(step) for step in steps if step not in (None, "passthrough")):
        return None
    return _parts(estimator, _without_names)


def _positional(step: Any) -> bool:
    """Whether a step is scikit-learn's own, goes by the columns' places alone, and wraps no other that has their names."""
    return (
        type(step).__module__.startswith("sklearn.")
        and type(step).__name__ not in _BY_NAME
        and not any(hasattr(value, "fit") for value in step.get_params(deep=True).values())
        and getattr(step, "_preprocessor", None) is None  # of histogram boosting with categories
        and "_sklearn_output_config" not in vars(step)  # of set_output: frames between the steps
    )


def _without_names(step: Any) -> Any:
    bare = copy.copy(step)
    vars(bare).pop(_NAMES, None)
    return bare


def _parts(estimator: Any, view: Callable[[Any], Any]) -> Parts:
    outputs = methods(estimator)
    pipeline = sys.modules.get("sklearn.pipeline")
    if pipeline is not None and type(estimator) is pipeline.Pipeline:
        *before, (_, last) = estimator.steps
        steps = [step for _, step in before if step not in (None, "passthrough")]
        final = view(last)
        if callable(getattr(final, "predict", None)):
            transforms = tuple(view(step).transform for step in steps)
            return _asked(transforms, final, outputs)
    return _asked((), view(estimator), outputs)


def _asked(before: tuple[Callable[[Any], Any], ...], final: Any, outputs: dict[str, str]) -> Parts:
    found = {output: getattr(final, name) for output, name in outputs.items()}
    return Parts(before, found, together(final) if found.keys() == {"label", "probability"} else None)


def methods(estimator: Any) -> dict[str, str]:
    """Return the name of the method behind each output.

    `value` of a regressor; else `label`, with `probability` where there is one, and `score` of a detector of outliers.
    """
    if _is_regressor(estimator):
        return {"value": "predict"}
    found = {"label": "predict"}
    if callable(getattr(estimator, "predict_proba", None)):
        found["probability"] = "predict_proba"
    if _is_detector(estimator) and callable(getattr(estimator, "decision_function", None)):
        found["score"] = "decision_function"
    return found


def _is_regressor(estimator: Any) -> bool:
    from sklearn.base import is_regressor

    if type(estimator).__name__ in ("XGBRanker", "LGBMRanker"):
        return True
    try:
        return bool(is_regressor(estimator))
    except AttributeError:  # an estimator of someone else's, without scikit-learn's tags
        return getattr(estimator, "classes_", None) is None


def _is_detector(estimator: Any) -> bool:
    from sklearn.base import is_outlier_detector

    try:
        return bool(is_outlier_detector(estimator))
    except AttributeError:
        return False
