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
        self._kept: deque[float] = deque()
        self._lock = Lock()

    def add(self, value: float) -> None:
        """Keep a value."""
        self._kept.append(value)
        if len(self._kept) >= _TOGETHER:
            self.read()

    def add_all(self, values: "Sequence[float] | NDArray[Any]") -> None:
        """Count values [n] at once."""
        with self._lock:
            self._count(np.asarray(values, dtype=float))

    def read(self) -> tuple[Buckets, float]:
        """Return the buckets and the sum of all values."""
        with self._lock:
            kept = [self._kept.popleft() for _ in range(len(self._kept))]
            if kept:
                self._count(np.array(kept, dtype=float))
            return list(zip(self._names, np.cumsum(self._counts).tolist(), strict=True)), self._sum

    def _count(self, values: NDArray[np.float64]) -> None:
        places = np.searchsorted(self._bounds, values)
        self._counts += np.bincount(places, minlength=len(self._counts))
        self._sum += float(values.sum())
