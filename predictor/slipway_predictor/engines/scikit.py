"""The reference engine: the fitted scikit-learn pipeline, asked as its own API says.

`label` is what `predict` says, which for some classifiers (a tuned threshold, a support vector machine) is not the
argmax of the probabilities. Where scikit-learn's own code takes both from the same numbers, those are computed once
(`together`).
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slipway_contract import BundleError, Output
from slipway_predictor.engines.base import Cost, output_of
from slipway_predictor.engines.documents import takes_documents
from slipway_predictor.engines.parts import names_of, take_apart, take_apart_nameless
from slipway_predictor.features import Columns, Table, to_frame

if TYPE_CHECKING:
    import pandas as pd

_BOOSTING = ("xgboost.", "lightgbm.")
_STEADY = ("sklearn.", *_BOOSTING)
_ONE = "probability_"  # and the place of one of several labels


class ScikitEngine:
    """A fitted estimator with `predict`. Raises BundleError when it is none."""

    name = "sklearn"
    cost: Cost | None = None

    def __init__(self, estimator: Any) -> None:
        if isinstance(estimator, type) or not callable(getattr(estimator, "predict", None)):
            raise BundleError(
                f"the artifact holds a {_kind(estimator)}, which has no predict(): give a fitted scikit-learn estimator "
                "or Pipeline that ends in one"
            )
        self._names: Any = names_of(estimator)
        self.framed = self._names is not None
        self._documents = takes_documents(estimator)
        self._boosting = type(estimator).__module__.startswith(_BOOSTING)
        self._classes: Any = getattr(estimator, "classes_", None)
        self._parts = take_apart(estimator)
        self._nameless = take_apart_nameless(estimator) if self.framed and _all_of_scikit(estimator) else None
        self.steady = _all_of_scikit(estimator)
        """Whether a call's time depends on the rows alone: code of somebody else's may sleep, or ask a server."""

    def predict(self, table: Table, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
        """Return the named outputs, as the Engine interface says."""
        parts, rows = self._parts, table
        if self._nameless is not None and not isinstance(table, Columns) and table.dtype == np.float64:
            parts = self._nameless
        else:
            rows = self._fitted_form(table)
        rows, methods = parts.transformed(rows), parts.methods
        if parts.both is not None and len(outputs) > 1:
            return parts.both(rows)
        answers = {name: np.asarray(methods[name](rows)) for name in outputs if name in methods}
        if len(answers) < len(outputs):
            several = methods["probability"](rows)
            answers |= {name: several[int(name[len(_ONE) :])] for name in outputs if name not in answers}
        return answers

    def _fitted_form(self, table: Table) -> Any:
        """Return the table as what the pipeline was fitted on: a data frame with its names, a matrix, or documents."""
        if self._names is not None:
            frame = to_frame(table, self._names)
            return _with_categories(frame) if self._boosting else frame
        if self._documents and not isinstance(table, Columns):
            return table[:, 0]
        return table

    def describe(self, table: Table) -> list[Output]:
        """Return what this estimator answers, seen by asking it for `table`, with all outputs it has.

        Raises whatever the model raises, and BundleError when an answer does not have one entry a row.
        """
        rows = len(table)
        outputs = []
        for name, method in self._parts.methods.items():
            answer = method(self._parts.transformed(self._fitted_form(table)))
            if isinstance(answer, list):  # probabilities of a classifier of several labels: one array a label
                parts = [self._described(f"{_ONE}{at}", part, rows) for at, part in enumerate(answer)]
                outputs += [
                    part.model_copy(update={"classes": classes.tolist()})
                    for part, classes in zip(parts, self._classes, strict=True)
                ]
                continue
            outputs.append(self._described(name, np.asarray(answer), rows))
        return outputs

    def _described(self, name: str, answer: NDArray[Any], rows: int) -> Output:
        if answer.ndim not in (1, 2) or len(answer) != rows:
            raise BundleError(
                f"the pipeline's {name} for {rows} row(s) has shape {list(answer.shape)}: it must have a row each"
            )
        output = output_of(name, answer)
        if name == "label" and output.columns is None and isinstance(self._classes, np.ndarray):
            return output.model_copy(update={"classes": self._classes.tolist()})
        return output


def _with_categories(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the frame with text as pandas' categories, the only text XGBoost and LightGBM take; they match by value."""
    texts = [name for name, dtype in frame.dtypes.items() if dtype.kind == "O"]
    return frame.astype(dict.fromkeys(texts, "category")) if texts else frame


def _all_of_scikit(estimator: Any) -> bool:
    if not type(estimator).__module__.startswith(_STEADY):
        return False
    parameters = estimator.get_params(deep=True) if hasattr(estimator, "get_params") else {}
    return not any(
        callable(value) or (hasattr(value, "fit") and not type(value).__module__.startswith(_STEADY))
        for value in parameters.values()
    )


def _kind(estimator: Any) -> str:
    kind = estimator if isinstance(estimator, type) else type(estimator)
    return f"{kind.__module__}.{kind.__qualname__}" if kind.__module__ != "builtins" else kind.__qualname__
