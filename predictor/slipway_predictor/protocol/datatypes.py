"""The protocol's datatypes: the numpy type of each, and which JSON values may stand for it."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Datatype:
    """One V2 datatype. `json` are the Python types a JSON decoder gives for its values (exactly, not by subclass)."""

    name: str
    dtype: np.dtype[Any]
    json: frozenset[type]

    @property
    def kind(self) -> str:
        """Numpy's kind letter: b bool, i and u integers, f floats, O for BYTES."""
        return self.dtype.kind


_INTEGERS = ("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64")
_FLOATS = {"FP16": "float16", "FP32": "float32", "FP64": "float64"}

DATATYPES: dict[str, Datatype] = {
    "BOOL": Datatype("BOOL", np.dtype(bool), frozenset({bool})),
    **{name: Datatype(name, np.dtype(name.lower()), frozenset({int})) for name in _INTEGERS},
    **{name: Datatype(name, np.dtype(kind), frozenset({int, float})) for name, kind in _FLOATS.items()},
    "BYTES": Datatype("BYTES", np.dtype(object), frozenset({str})),
}
"""All datatypes by name."""
