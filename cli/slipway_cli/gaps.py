"""Missing text, as the pipeline has met it: NaN or None. Imputers and encoders tell the two apart, and a file does not.

Parquet makes one kind of gap of both, which is read as None, while a CSV's gaps are read as NaN; and what the pipeline was
fitted on may have come another way.
"""

import sys
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from slipway_predictor.engines.parts import methods

if TYPE_CHECKING:
    import pandas as pd

_ROWS = 100  # asked about a column
_KEPT = object()  # for a gap where either will do, or neither does


def settled(estimator: Any, data: "pd.DataFrame") -> "pd.DataFrame":
    """Return the data with missing text as the pipeline was fitted on it, where that makes a difference; says so."""
    texts: list[Any] = [
        name for name, dtype in data.dtypes.items() if dtype.kind == "O" and data[name].isna().any()
    ]
    for name in texts:
        gap = _gap(estimator, data, name, texts)
        column = data[name]
        if gap is _KEPT or all((value is None) is (gap is None) for value in column[column.isna()]):
            continue
        data = data.assign(**{name: column.where(column.notna(), gap)})
        print(
            f"note: what is missing in '{name}' was {'None' if gap is None else 'NaN'} when the pipeline was fitted, and "
            "becomes that again",
            file=sys.stderr,
        )
    return data


def _gap(estimator: Any, data: "pd.DataFrame", name: str, texts: list[Any]) -> Any:
    """Return None or NaN, whichever the pipeline takes for a missing value."""
    rows = data[data[name].isna()]
    others = rows[[text for text in texts if text != name]].isna().any(axis=1)
    rows = (rows[~others] if not others.all() else rows).iloc[:_ROWS]
    by_none, by_nan = (_answer(estimator, rows, name, gap) for gap in (None, np.nan))
    if by_none is None or by_nan is None:
        return _KEPT if by_none is by_nan else np.nan if by_none is None else None
    if np.array_equal(by_none, by_nan):
        return _KEPT
    # To an encoder that has learnt None, None is a value like others; to all else in scikit-learn, what is missing is NaN.
    return None if _learnt_none(estimator, set(data[name].dropna())) else np.nan


def _answer(estimator: Any, rows: "pd.DataFrame", name: str, gap: Any) -> Any:
    """Return what the estimator says to rows with such gaps, or None where it fails."""
    import pandas as pd

    rows = rows.assign(**{name: pd.Series([gap] * len(rows), index=rows.index, dtype=object)})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ways = methods(estimator)
            answer = getattr(estimator, ways.get("probability", next(iter(ways.values()))))(rows)
            several = isinstance(answer, list)  # labels, each with its probabilities
            return np.hstack(answer) if several else np.asarray(answer)
    except Exception:
        return None


def _learnt_none(estimator: Any, values: set[Any]) -> bool:
    """Whether an encoder for these values has met None among them."""
    known = (set(one) for encoder in _encoders(estimator, set()) for one in encoder.categories_)
    return any(None in one and one & values for one in known)


def _encoders(thing: Any, seen: set[int]) -> Iterator[Any]:
    """Yield the fitted encoders within an estimator, at any depth."""
    if isinstance(thing, list | tuple):
        for part in thing:
            yield from _encoders(part, seen)
    elif isinstance(thing, dict):
        yield from _encoders(list(thing.values()), seen)
    elif hasattr(thing, "__dict__") and not isinstance(thing, type) and id(thing) not in seen:
        seen.add(id(thing))
        if isinstance(getattr(thing, "categories_", None), list):
            yield thing
        yield from _encoders(list(vars(thing).values()), seen)
