"""Our own C, compiled when the package is built, where a compiler was there. Everything works without it, only slower.

`library()` finds it beside this file. It holds no Python objects and needs no Python headers: one build serves every
version of Python on its platform.
"""

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from slipway_predictor.engines.native.words import Words, words_of
from slipway_predictor.engines.trees import Ensemble
from slipway_predictor.engines.walkers import Matrix, Walker

LIBRARY = Path(__file__).with_name("_trees.so")
_LAYOUT = 3  # of the structure below; slipway_trees_layout() in trees.c says what the library was built with
_LONG = 1 << 12  # lanes (a row in a tree) from which on, at some 50 µs, other threads are let run meanwhile


class _Ensemble(ctypes.Structure):
    """`ensemble` in trees.c."""

    _fields_ = (
        ("words", ctypes.c_void_p),
        ("missing_left", ctypes.c_void_p),
        ("roots", ctypes.c_void_p),
        ("values", ctypes.c_void_p),
        ("trees", ctypes.c_int64),
        ("features", ctypes.c_int64),
        ("width", ctypes.c_int64),
        ("columns", ctypes.c_int64),
        ("rate", ctypes.c_double),
        ("narrow", ctypes.c_int32),
        ("limits", ctypes.c_int32),
        ("single", ctypes.c_int32),
    )


@cache
def available() -> bool:
    """Whether the compiled library is there and of this version's making."""
    try:
        return bool(ctypes.CDLL(str(LIBRARY)).slipway_trees_layout() == _LAYOUT)
    except (OSError, AttributeError):
        return False


def native_walker(ensemble: Ensemble) -> Walker:
    """Return a walker in C. Only where `available()`."""
    holding, releasing = _function(ctypes.PyDLL), _function(ctypes.CDLL)
    words = words_of(ensemble)
    structure = _structure(ensemble, words)
    where = ctypes.addressof(structure)
    trees, features, columns = len(ensemble.roots), ensemble.features, ensemble.columns
    start, divisor = ensemble.start if ensemble.start.any() else None, ensemble.divisor
    address = ctypes.addressof
    view: Any = ctypes.c_char.from_buffer  # works on arrays of any type; its stub knows only buffers

    def walk(x: Matrix, _keep: Any = (structure, words, ensemble)) -> Matrix | None:
        if (
            x.dtype != np.float64 or not x.flags.carray
        ):  # in order, aligned and writable, as the view below wants it
            x = np.array(x, np.float64, order="C")
        rows = len(x)
        if x.shape != (rows, features):
            raise ValueError(f"expected {features} columns, got shape {x.shape}")
        if start is None:
            out = np.zeros((rows, columns))
        else:
            out = np.empty((rows, columns))
            out[:] = start
        # Short calls keep the interpreter's lock: handing it over and waiting to get it back costs more than they do.
        add = holding if rows * trees < _LONG else releasing
        failed = add(where, address(view(x)), rows, address(view(out)))
        if failed == -1:
            return None
        if failed:
            raise MemoryError("no memory to walk the trees")
        if divisor != 1.0:
            out /= divisor
        return out

    return walk


def _function(loader: Any) -> Any:
    function = loader(str(LIBRARY)).slipway_trees_add
    function.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)
    function.restype = ctypes.c_int32
    return function


def _structure(ensemble: Ensemble, words: Words) -> _Ensemble:
    return _Ensemble(
        words=words.nodes.ctypes.data,
        missing_left=ensemble.missing_left.ctypes.data,
        roots=words.roots.ctypes.data,
        values=ensemble.values.ctypes.data,
        trees=len(ensemble.roots),
        features=ensemble.features,
        width=ensemble.values.shape[1],
        columns=ensemble.columns,
        rate=ensemble.rate,
        narrow=ensemble.narrow,
        limits=ensemble.refuses_infinity | ensemble.refuses_missing << 1,
        single=ensemble.single,
    )
