"""KServe's older V1 bodies: `{"instances": [...]}` in, `{"predictions": [...]}` out.

An instance is a row: a list of values in the inputs' order, an object by the inputs' names, or, for a model of one
input, the value itself.
"""

from collections.abc import Sequence
from math import nan
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from slipway_predictor.protocol.errors import BadRequest
from slipway_predictor.protocol.lenient import parse
from slipway_predictor.protocol.messages import InferenceAnswer, InferenceRequest, Tensor, strings
from slipway_predictor.protocol.tensors import called

_NUMBERS = frozenset({int, float})
_NULL = frozenset({type(None)})


def decode(body: bytes, names: Sequence[str]) -> InferenceRequest:
    """Read a predict request; `names` are the model's inputs. Raises BadRequest."""
    document = parse(body)
    instances = document.get("instances") if type(document) is dict else None
    if type(instances) is not list or not instances:
        raise BadRequest("the body must be a JSON object with 'instances', a list of at least one row")
    if type(instances[0]) is dict:
        return InferenceRequest(_by_name(instances))
    rows = instances if type(instances[0]) is list else [[value] for value in instances]
    return InferenceRequest(_by_position(rows, names))


def encode(answer: InferenceAnswer) -> bytes:
    """Write a predict answer: the labels, or a regressor's values."""
    return orjson.dumps({"predictions": answer.outputs[0].array.tolist()})


def _by_name(rows: list[Any]) -> tuple[Tensor, ...]:
    names = list(rows[0])
    for index, row in enumerate(rows):
        if type(row) is not dict or row.keys() != rows[0].keys():
            raise BadRequest(f"instances[{index}] must be an object with the same names as instances[0]")
    if not names:
        raise BadRequest("instances[0] names no input")
    return tuple(_tensor(name, [row[name] for row in rows]) for name in names)


def _by_position(rows: list[Any], names: Sequence[str]) -> tuple[Tensor, ...]:
    width = len(rows[0])
    for index, row in enumerate(rows):
        if type(row) is not list or len(row) != width:
            raise BadRequest(f"instances[{index}] must be a list of {width} values, like instances[0]")
    columns = [[row[at] for row in rows] for at in range(width)]
    # Where each value has an input of its own, null may be one of a column of text.
    numbers = _NUMBERS if width == len(names) else _NUMBERS | _NULL
    if all(set(map(type, column)) <= numbers for column in columns):
        flat = [nan if value is None else float(value) for row in rows for value in row]
        return (Tensor("instances", "FP64", np.array(flat).reshape(len(rows), width)),)
    if width != len(names):
        raise BadRequest(
            f"instances[0] has {width} values: give {len(names)}, one for each input, or numbers alone"
        )
    return tuple(_tensor(name, column) for name, column in zip(names, columns, strict=True))


def _tensor(name: str, values: list[Any]) -> Tensor:
    """Return a column as the tensor whose datatype its values have."""
    kinds = set(map(type, values)) - _NULL
    if kinds <= {str} and kinds:
        return Tensor(name, "BYTES", strings(values))
    if kinds <= {bool} and kinds:
        return Tensor(name, "BOOL", _numbers(values, np.bool_ if None not in values else np.float64))
    if kinds <= _NUMBERS:
        whole = kinds == {int} and None not in values
        return Tensor(name, "INT64" if whole else "FP64", _numbers(values, np.int64 if whole else np.float64))
    held = " and ".join(sorted({called(value) for value in values}))
    raise BadRequest(f"'{name}' holds {held}: give numbers, or text, or true and false")


def _numbers(values: list[Any], dtype: Any) -> NDArray[Any]:
    try:
        return np.array(values, dtype=dtype)
    except OverflowError:
        raise BadRequest("a number is too large for 64 bits") from None
