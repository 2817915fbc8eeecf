"""What adds up an ensemble's leaves for a matrix: our own C where it was compiled, else numpy. Both give the same bits."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from slipway_predictor.engines.trees import Ensemble

Matrix = NDArray[np.float64]
Walker = Callable[[Matrix], Matrix | None]
"""From rows [n, features] to sums [n, columns], or None where scikit-learn refuses one of the values."""

_BLOCK = 2**18  # lanes (a row in a tree) walked at once: what fits into the cache


def numpy_walker(ensemble: Ensemble) -> Walker:
    """Return a walker that steps through all trees for all rows at once, level by level."""

    def walk(x: Matrix) -> Matrix | None:
        y = _narrowed(x) if ensemble.narrow else x
        if ensemble.refuses_infinity and np.isinf(y).any():
            return None
        missing = _missing(y)
        if missing is not None and ensemble.refuses_missing:
            return None
        rows = max(1, _BLOCK // len(ensemble.roots))
        parts = [
            _sums(
                ensemble, y[start : start + rows], None if missing is None else missing[start : start + rows]
            )
            for start in range(0, len(y), rows)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    return walk


def _narrowed(x: Matrix) -> Matrix:
    with np.errstate(over="ignore"):  # what is too large becomes infinity, and is looked for there
        return x.astype(np.float32).astype(np.float64)


def _missing(y: Matrix) -> NDArray[np.bool_] | None:
    missing = np.isnan(y)
    return missing if missing.any() else None


def _sums(ensemble: Ensemble, y: Matrix, missing: NDArray[np.bool_] | None) -> Matrix:
    leaves = ensemble.values[_leaves(ensemble, y, missing)] * ensemble.rate  # [trees, rows, width]
    if leaves.shape[2] != ensemble.columns:
        leaves = leaves[:, :, 0].reshape(-1, ensemble.columns, len(y)).transpose(0, 2, 1)
    start = np.broadcast_to(ensemble.start, (1, len(y), ensemble.columns))
    # Accumulated, not summed: numpy's sum adds in pairs, scikit-learn one after the other.
    kind = np.float32 if ensemble.single else np.float64
    sums = np.add.accumulate(np.concatenate([start, leaves]), axis=0, dtype=kind)[-1]
    answer: Matrix = sums.astype(np.float64, copy=False) / ensemble.divisor
    return answer


def _leaves(ensemble: Ensemble, y: Matrix, missing: NDArray[np.bool_] | None) -> NDArray[np.int32]:
    """Return the leaf of each row in each tree, [trees, rows]."""
    feature, threshold, left = (ensemble.nodes[name] for name in ("feature", "threshold", "left"))
    at = np.repeat(ensemble.roots[:, None], len(y), axis=1)
    rows = np.arange(len(y))
    while True:
        column = feature[at]
        right = ~(y[rows, column] <= threshold[at])
        if missing is not None:
            right = np.where(missing[rows, column], ensemble.missing_left[at] == 0, right)
            right &= left[at] != at
        following = left[at] + right
        if np.array_equal(following, at):
            return at
        at = following
