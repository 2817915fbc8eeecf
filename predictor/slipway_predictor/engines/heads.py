"""From a model's raw numbers to its outputs: what scikit-learn does after the sums, with its own functions."""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Matrix = NDArray[np.float64]
Head = Callable[[Matrix, Collection[str]], dict[str, NDArray[Any]]]
"""From raw numbers [n, columns] and the wanted outputs to those outputs."""


def value(raw: Matrix, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
    """Return a regressor's answer, [n] for one column."""
    answer = raw[:, 0] if raw.shape[1] == 1 else raw
    return dict.fromkeys(outputs, answer)


def averaged(classes: NDArray[Any]) -> Head:
    """Return the head of a model whose raw numbers are its probabilities already."""

    def head(raw: Matrix, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
        return {name: raw if name == "probability" else classes.take(raw.argmax(axis=1)) for name in outputs}

    return head


def scored(
    classes: NDArray[Any], probability: Callable[[Matrix], Matrix] | None = None, *, at_zero: int = 0
) -> Head:
    """Return the head of a classifier whose raw numbers are scores: one column for two classes, else one a class.

    `probability` turns them into probabilities [n, classes]; by default the logistic function, or softmax.
    `at_zero` is the class, 0 or 1, of a row that is exactly between the two.
    """
    two = len(classes) == 2
    if probability is None:
        probability = logistic if two else softmax
    above = np.greater_equal if at_zero else np.greater

    def label(raw: Matrix) -> NDArray[Any]:
        return classes.take(above(raw[:, 0], 0).view(np.int8) if two else raw.argmax(axis=1))

    def head(raw: Matrix, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
        return {name: probability(raw) if name == "probability" else label(raw) for name in outputs}

    return head


def linked(link: Callable[[Matrix], NDArray[Any]]) -> Head:
    """Return the head of a regressor whose answer is a function of its sum."""
    return lambda raw, outputs: value(link(raw), outputs)


def ranked(classes: NDArray[Any], probability: Callable[[Matrix], NDArray[Any]]) -> Head:
    """Return the head of a classifier that answers the class of the highest probability.

    `probability` gives a column a class, or for two classes the second one's alone.
    """

    def head(raw: Matrix, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
        all_of_them = probability(raw)
        if all_of_them.shape[1] == 1:
            all_of_them = np.concatenate([1 - all_of_them, all_of_them], axis=1)
        return {
            name: all_of_them if name == "probability" else classes.take(all_of_them.argmax(axis=1))
            for name in outputs
        }

    return head


def logistic(raw: Matrix) -> Matrix:
    """Return both classes' probabilities [n, 2] from the second one's log-odds [n, 1]."""
    out = np.empty((len(raw), 2))
    second = out[:, 1]
    expit(raw[:, 0], out=second)
    np.subtract(1.0, second, out=out[:, 0])
    return out


def softmax(raw: Matrix) -> Matrix:
    """Return the probabilities of log-odds [n, classes]."""
    powers: Matrix = np.exp(raw - raw.max(axis=1, keepdims=True))
    powers /= powers.sum(axis=1, keepdims=True)
    return powers
