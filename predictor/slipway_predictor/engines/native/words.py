"""An ensemble's nodes in the form that trees.c walks: siblings together in 32 bytes, so that a step is a load and an addition.

A pair of siblings is four words of 8 bytes: two thresholds, then two splits (feature and left child). A node is the place
of its threshold, and its sibling is the next word. A root is the second of a pair whose first place is free.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from slipway_predictor.engines.trees import Ensemble

_PAIR = 32  # bytes: an aligned one lies in one line of the cache


class Words(NamedTuple):
    """The nodes as words, and where the roots are among them."""

    nodes: NDArray[np.float64]
    roots: NDArray[np.uint32]


def words_of(ensemble: Ensemble) -> Words:
    """Return the nodes of trees that lie as `laid_out` and `require_sound` have them."""
    nodes, roots = ensemble.nodes, ensemble.roots
    numbers = np.arange(len(nodes))
    places = numbers + np.searchsorted(roots, numbers, side="right")  # with the free ones
    at = places // 2 * 4 + places % 2
    words = _aligned((len(nodes) + len(roots)) // 2 * 4)
    words[at] = nodes["threshold"]
    splits = words.view(np.uint32).reshape(-1, 2)
    splits[at + 2, 0] = nodes["feature"]
    splits[at + 2, 1] = at[nodes["left"]]
    return Words(words, at[roots].astype(np.uint32))


def _aligned(count: int) -> NDArray[np.float64]:
    """Return zeros that begin where a line of the cache may begin."""
    room = np.zeros(count + _PAIR // 8)
    skip = -room.ctypes.data % _PAIR // 8
    return room[skip : skip + count]
