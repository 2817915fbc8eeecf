"""One input tensor of a V2 JSON document: its fields, and its data as an array, nested or flat or binary.

Written for the case that all is well; a message is put together only when something is wrong.
"""

import itertools
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_predictor.protocol.binary import from_bytes
from slipway_predictor.protocol.bounds import require_span
from slipway_predictor.protocol.datatypes import DATATYPES, Datatype
from slipway_predictor.protocol.errors import BadRequest
from slipway_predictor.protocol.messages import Tensor, strings

_DIMENSIONS = 8
LONGEST = 2**31
"""No dimension is as long as this."""
_NULL = frozenset({type(None)})
_LEAST = -(2.0**63)  # the smallest integer of 64 bits
_JSON_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a string",
    int: "an integer",
    float: "a number with a fraction",
    bool: "true or false",
    type(None): "null",
}


class Binary:
    """The binary data behind a JSON document, handed out tensor by tensor in their order."""

    def __init__(self, raw: memoryview) -> None:
        self._raw = raw
        self._at = 0

    def take(self, size: Any, where: str) -> memoryview:
        """Return the next `size` bytes. Raises BadRequest when there are not so many."""
        if type(size) is not int or size < 0:
            raise BadRequest(f"{where}: 'binary_data_size' must be a whole number from 0 up")
        if size > self.left:
            raise BadRequest(
                f"{where}: 'binary_data_size' says {size} bytes, {self.left} are left after the JSON part"
            )
        self._at += size
        return self._raw[self._at - size : self._at]

    @property
    def left(self) -> int:
        """How many bytes no tensor has claimed."""
        return len(self._raw) - self._at


def read(entry: Any, index: int, binary: Binary | None) -> Tensor:
    """Return element `index` of 'inputs' as a tensor. Raises BadRequest."""
    if type(entry) is not dict:
        raise BadRequest(f"inputs[{index}] must be an object, not {called(entry)}")
    name = entry.get("name")
    if type(name) is not str or not name:
        raise BadRequest(f"inputs[{index}] has no 'name'")
    parameters = entry.get("parameters")
    if parameters is not None and type(parameters) is not dict:
        raise BadRequest(f"{_at(index, name)}: 'parameters' must be an object, not {called(parameters)}")
    kind = entry.get("datatype")
    datatype = DATATYPES.get(kind) if type(kind) is str else None
    if datatype is None:
        raise BadRequest(f"{_at(index, name)}: 'datatype' must be one of {', '.join(DATATYPES)}")
    shape = entry.get("shape")
    if type(shape) is not list or not 0 < len(shape) <= _DIMENSIONS:
        raise BadRequest(f"{_at(index, name)}: 'shape' must be a list of sizes, such as [1, 30]")
    for size in shape:
        if type(size) is not int or not 0 <= size < LONGEST:
            raise BadRequest(f"{_at(index, name)}: 'shape' must hold whole numbers from 0 up to 2^31")
    if 0 in shape:
        require_span(shape, _at(index, name))
    if parameters and "binary_data_size" in parameters:
        return Tensor(name, datatype.name, _binary(entry, parameters, shape, datatype, index, binary))
    if "data" not in entry:
        raise BadRequest(f"{_at(index, name)} has no 'data'")
    try:
        return Tensor(name, datatype.name, _array(entry["data"], shape, datatype))
    except BadRequest as error:
        raise BadRequest(f"{_at(index, name)}: {error}") from None


def called(value: Any) -> str:
    """Return what JSON calls a value of this type."""
    return _JSON_NAMES.get(type(value), type(value).__name__)


def _at(index: int, name: str) -> str:
    return f"inputs[{index}] '{name}'"


def _binary(
    entry: dict[str, Any],
    parameters: dict[str, Any],
    shape: list[int],
    datatype: Datatype,
    index: int,
    binary: Binary | None,
) -> NDArray[Any]:
    where = _at(index, entry["name"])
    if binary is None:
        raise BadRequest(
            f"{where} has a 'binary_data_size', but the request has no Inference-Header-Content-Length header"
        )
    if "data" in entry:
        raise BadRequest(f"{where} has both 'data' and a 'binary_data_size'")
    return from_bytes(binary.take(parameters["binary_data_size"], where), shape, datatype, where)


def _array(data: Any, shape: list[int], datatype: Datatype) -> NDArray[Any]:
    """Turn nested or flat JSON data into an array of exactly this shape and type."""
    if type(data) is not list:
        raise BadRequest(f"'data' must be a list, not {called(data)}")
    flat = _flat(data, shape) if len(shape) > 1 else data
    size = math.prod(shape)
    if len(flat) != size:
        raise BadRequest(f"shape {shape} needs {size} values, 'data' holds {len(flat)}")
    kinds = set(map(type, flat))
    nulls = False
    if not kinds <= datatype.json:
        if float in kinds and datatype.kind in "iu":
            flat = _wholes(flat, datatype)
            kinds = set(map(type, flat))
        nulls = type(None) in kinds
        if wrong := kinds - datatype.json - _NULL:
            index = next(i for i, value in enumerate(flat) if type(value) in wrong)
            raise BadRequest(f"value {index} is {called(flat[index])}, which is no {datatype.name}")
    if datatype.kind == "O":
        return strings(flat).reshape(shape)
    return _numbers(flat, datatype, nulls=nulls).reshape(shape)


def _wholes(flat: list[Any], datatype: Datatype) -> list[Any]:
    """Return the values with 7.0 as 7: JSON has one kind of number, and to its schemas both are integers.

    The parser makes a float of an integer below 64 bits, which must not be rounded into them.
    """
    if any(type(value) is float and value <= _LEAST for value in flat):
        raise _too_large(datatype)
    return [int(value) if type(value) is float and value.is_integer() else value for value in flat]


def _numbers(flat: list[Any], datatype: Datatype, *, nulls: bool) -> NDArray[Any]:
    dtype = np.dtype(np.float64) if nulls and datatype.kind != "f" else datatype.dtype
    try:
        if dtype.itemsize == 8:
            return np.array(flat, dtype=dtype)
        with np.errstate(
            over="ignore"
        ):  # an overflow becomes inf, which the contract's check names by its row
            return np.array(flat, dtype=dtype)
    except OverflowError:
        raise _too_large(datatype) from None


def _too_large(datatype: Datatype) -> BadRequest:
    return BadRequest(f"a value is too large for {datatype.name}, or negative")


def _flat(data: list[Any], shape: list[int]) -> list[Any]:
    """Return the values in row-major order; nesting, where there is any, must follow the shape."""
    for depth, size in enumerate(shape[1:], start=1):
        if not data or type(data[0]) is not list:
            return data
        if depth == 1 and len(data) != shape[0]:
            raise BadRequest(f"shape {shape} says {shape[0]} rows, 'data' holds {len(data)}")
        if (index := _first_misfit(data, size)) is not None:
            raise BadRequest(
                f"'data' is nested, but part {index} does not have {size} values as its shape says"
            )
        data = list(itertools.chain.from_iterable(data))
    return data


def _first_misfit(parts: Iterable[Any], size: int) -> int | None:
    return next((i for i, part in enumerate(parts) if type(part) is not list or len(part) != size), None)
