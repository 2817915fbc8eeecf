"""Are all numbers finite? Asked of every request, and of every answer. And which are too large to compute with?"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST = 1e18
"""Up to here a number and its square have a place in single precision: what any model is taken to compute with."""

_all = np.logical_and.reduce  # as the method of that name, without its detour through Python
_vdot = np.vdot
_FEW = (
    1024  # values: of more the sum of squares is no faster, and may wake the threads of the algebra library
)


def all_finite(array: NDArray[Any]) -> bool:
    """Return whether no number in an array of floats is NaN or infinite.

    The sum of their squares is a single call. If that is finite, so are they; if not, it may be one too large to square.
    """
    if array.size <= _FEW and math.isfinite(_vdot(array, array)):
        return True
    return bool(_all(np.isfinite(array.reshape(-1))))
