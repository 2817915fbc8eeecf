"""Link functions by name: from a model's sums to its probabilities or values, in its library's own arithmetic.

`single…` are XGBoost's, in float32. scikit-learn's logistic function is scipy's, whose import takes longer than
everything else of a start: the C library's exponential gives the same bits.
"""

import math
import sys
from collections.abc import Callable
from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Link = Callable[[Matrix], NDArray[Any]]

_STEEPEST = np.float32(88.7)  # XGBoost's own bound of the exponent
_LEAST = -math.log(sys.float_info.max)  # below it the logistic function is 0 in float64


def logistic(raw: Matrix) -> Matrix:
    """Return both classes' probabilities [n, 2] from the second one's log-odds [n, 1]."""
    out = np.empty((len(raw), 2))
    second = out[:, 1]
    second[:] = _expit(raw[:, 0].tolist())
    np.subtract(1.0, second, out=out[:, 0])
    return out


def _expit(values: list[float]) -> list[float]:
    try:
        return [1.0 / (1.0 + exp(-value)) for value in values]
    except OverflowError:
        return [0.0 if value < _LEAST else 1.0 / (1.0 + exp(-value)) for value in values]


def softmax(raw: Matrix) -> Matrix:
    """Return the probabilities of log-odds [n, classes]."""
    powers: Matrix = np.exp(raw - raw.max(axis=1, keepdims=True))
    powers /= powers.sum(axis=1, keepdims=True)
    return powers


def _sigmoid(steepness: float) -> Link:
    """LightGBM's logistic function: the second class's probability alone."""
    return lambda raw: 1.0 / (1.0 + np.exp(-steepness * raw))


def _squared(raw: Matrix) -> Matrix:
    return np.sign(raw) * raw * raw


def _single_exponential(raw: Matrix) -> NDArray[np.float32]:
    return np.exp(raw).astype(np.float32)  # of a float32 in float64, rounded once: what a good expf gives


def _single_logistic(raw: Matrix) -> NDArray[np.float32]:
    one = np.float32(1)
    answer: NDArray[np.float32] = one / (_single_exponential(np.minimum(-raw, _STEEPEST)) + one)
    return answer


def _single_softmax(raw: Matrix) -> NDArray[np.float32]:
    powers = _single_exponential((raw - raw.max(axis=1, keepdims=True)).astype(np.float32).astype(np.float64))
    sums = np.add.accumulate(powers, axis=1, dtype=np.float64)[:, -1:]
    return np.divide(powers, sums.astype(np.float32), dtype=np.float32)


def _plain(link: Link) -> Callable[[float], Link]:
    return lambda _steepness: link


LINKS: dict[str, Callable[[float], Link]] = {
    "identity": _plain(lambda raw: raw),
    "logistic": _plain(logistic),
    "half-logistic": _plain(lambda raw: logistic(2 * raw)),
    "sigmoid": _sigmoid,
    "softmax": _plain(softmax),
    "exponential": _plain(np.exp),
    "signed-square": _plain(_squared),
    "single": _plain(lambda raw: raw.astype(np.float32)),
    "single-exponential": _plain(_single_exponential),
    "single-logistic": _plain(_single_logistic),
    "single-softmax": _plain(_single_softmax),
}
"""Each takes a steepness, which most have no use for."""
