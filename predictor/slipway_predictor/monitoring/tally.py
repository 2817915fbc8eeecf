"""A histogram whose values are only kept when they come, and counted hundreds at a time, or when somebody reads."""

from collections import deque
from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TOGETHER = 512

Buckets = list[tuple[str, float]]
"""Upper bounds as Prometheus writes them, each with how many values are at most that."""


class Tally:
    """Counts by bucket and a sum, as a Prometheus histogram wants them. Adding is safe from any thread."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """`bounds`: upper bounds of the buckets, rising, without infinity."""
        self._bounds = np.array(bounds, dtype=float)
        self._names = [*(str(float(bound)) for bound in bounds), "+Inf"]
        self._counts = np.zeros(len(bounds) + 1, dtype=np.int64)
        self._sum = 0.0
        self._kept: deque[Any] = deque()
        self._lock = Lock()

    def add(self, values: "NDArray[Any] | float") -> None:
        """Keep a value, or an array [n] of them."""
        self._kept.append(values)
        if len(self._kept) >= _TOGETHER:
            self.read()

    def read(self) -> tuple[Buckets, float]:
        """Return the buckets and the sum of all values."""
        with self._lock:
            kept = [self._kept.popleft() for _ in range(len(self._kept))]
            if kept:
                values = np.hstack(kept).astype(float)
                np.add.at(self._counts, np.searchsorted(self._bounds, values), 1)
                self._sum += float(values.sum())
            return list(zip(self._names, np.cumsum(self._counts).tolist(), strict=True)), self._sum
