"""A histogram that counts a value when it comes, in less time than keeping it for later would take.

Counting hundreds together is no cheaper a value, and is a pause of a millisecond for whoever comes just then.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

_sum = np.add.reduce  # as the method of that name, without its detour through Python

Buckets = list[tuple[str, float]]
"""Upper bounds as Prometheus writes them, each with how many values are at most that."""


class Tally:
    """Counts by bucket and a sum, as a Prometheus histogram wants them. Whoever shares it between threads locks it."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """`bounds`: upper bounds of the buckets, rising, without infinity."""
        self._bounds = [float(bound) for bound in bounds]
        self._edges = np.array(self._bounds)
        self._names = [*map(str, self._bounds), "+Inf"]
        self._counts = [0] * len(self._names)
        self._sum = 0.0

    def add(self, value: float) -> None:
        """Count a value; one that is no number is above all bounds."""
        place = bisect_left(self._bounds, value) if value == value else -1
        self._counts[place] += 1
        self._sum += value

    def add_all(self, values: "NDArray[Any]") -> None:
        """Count values [n] at once."""
        places = np.bincount(self._edges.searchsorted(values), minlength=len(self._counts)).tolist()
        self._counts = [one + more for one, more in zip(self._counts, places, strict=True)]
        self._sum += float(_sum(values))

    def read(self) -> tuple[Buckets, float]:
        """Return the buckets and the sum of all values."""
        return list(zip(self._names, accumulate(self._counts), strict=True)), self._sum
