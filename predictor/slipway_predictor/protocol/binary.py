"""Tensors as raw bytes: little-endian and row-major, BYTES as elements with a four-byte length before each.

The form of the binary tensor data extension over REST and of the raw contents over gRPC; numbers are looked at where
they lie, without a detour through Python objects.
"""

import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_predictor.protocol.datatypes import Datatype
from slipway_predictor.protocol.errors import BadRequest
from slipway_predictor.protocol.messages import strings

_LENGTH = struct.Struct("<I")


def from_bytes(raw: memoryview, shape: Sequence[int], datatype: Datatype, where: str) -> NDArray[Any]:
    """Return the tensor that `raw` holds. Raises BadRequest, naming `where`, when the bytes do not fill the shape."""
    size = math.prod(shape)
    if datatype.kind == "O":
        return strings(_texts(raw, size, where)).reshape(shape)
    if len(raw) != size * datatype.dtype.itemsize:
        raise BadRequest(
            f"{where}: shape {list(shape)} of {datatype.name} needs {size * datatype.dtype.itemsize} bytes, "
            f"its binary data has {len(raw)}"
        )
    if datatype.kind == "b":
        if raw.nbytes and max(raw) > 1:
            raise BadRequest(f"{where}: BOOL holds bytes of 0 and 1")
        return np.frombuffer(raw, dtype=np.bool_).reshape(shape)
    return np.frombuffer(raw, dtype=datatype.dtype.newbyteorder("<")).reshape(shape)


def to_bytes(array: NDArray[Any]) -> bytes:
    """Return a tensor's bytes."""
    if array.dtype.kind == "O":
        encoded = [str(value).encode() for value in array.flat]
        return b"".join(part for value in encoded for part in (_LENGTH.pack(len(value)), value))
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _texts(raw: memoryview, size: int, where: str) -> list[str]:
    """Read `size` length-prefixed elements that fill `raw` exactly."""
    values: list[str] = []
    at, end = 0, len(raw)
    while at < end and len(values) < size:
        if end - at < _LENGTH.size:
            break
        (length,) = _LENGTH.unpack_from(raw, at)
        at += _LENGTH.size
        if length > end - at:
            raise BadRequest(
                f"{where}: element {len(values)} says it has {length} bytes, {end - at} are left"
            )
        try:
            values.append(str(raw[at : at + length], "utf-8"))
        except UnicodeDecodeError:
            raise BadRequest(f"{where}: element {len(values)} holds BYTES that are not UTF-8 text") from None
        at += length
    if at != end or len(values) != size:
        raise BadRequest(f"{where}: the shape asks for {size} elements, its binary data holds another number")
    return values
