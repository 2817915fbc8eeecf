"""The V2 REST bodies: JSON bytes to an InferenceRequest, an InferenceAnswer to JSON bytes.

Everything wrong with a body is a BadRequest whose text names the place. Nothing here knows the model.
"""

import itertools
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from slipway_predictor.protocol.datatypes import DATATYPES, Datatype
from slipway_predictor.protocol.errors import BadRequest
from slipway_predictor.protocol.messages import InferenceAnswer, InferenceRequest, Tensor, strings

_JSON_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a string",
    int: "an integer",
    float: "a number with a fraction",
    bool: "true or false",
    type(None): "null",
}


def decode(body: bytes) -> InferenceRequest:
    """Read the body of an infer request. Raises BadRequest."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the body is not JSON: {error}{_nan_hint(body)}") from None
    if not isinstance(document, dict):
        raise BadRequest(f"the body must be a JSON object with 'inputs', not {_called(document)}")
    request_id = document.get("id")
    if request_id is not None and not isinstance(request_id, str):
        raise BadRequest(f"'id' must be a string, not {_called(request_id)}")
    _require_object(document, "parameters", "")
    return InferenceRequest(
        inputs=_inputs(document.get("inputs")),
        id=request_id,
        outputs=_outputs(document.get("outputs")),
    )


def encode(answer: InferenceAnswer) -> bytes:
    """Write the body of an answer: flat row-major data. Output tensors must be finite."""
    return orjson.dumps(
        {
            "model_name": answer.model_name,
            "model_version": answer.model_version,
            "id": answer.id,
            "parameters": answer.parameters,
            "outputs": [_output(tensor) for tensor in answer.outputs],
        },
        option=orjson.OPT_SERIALIZE_NUMPY,
    )


def encode_error(message: str) -> bytes:
    """Write the body of any failure."""
    return orjson.dumps({"error": message})


def _output(tensor: Tensor) -> dict[str, Any]:
    flat = np.ascontiguousarray(tensor.array.reshape(-1))
    data = flat.tolist() if flat.dtype.kind == "O" else flat
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": tensor.shape, "data": data}


def _inputs(document: Any) -> tuple[Tensor, ...]:
    if not isinstance(document, list) or not document:
        raise BadRequest("'inputs' must be a list of at least one tensor")
    tensors = tuple(_input(entry, f"inputs[{index}]") for index, entry in enumerate(document))
    seen: set[str] = set()
    for tensor in tensors:
        if tensor.name in seen:
            raise BadRequest(f"input '{tensor.name}' is given twice")
        seen.add(tensor.name)
    return tensors


def _outputs(document: Any) -> tuple[str, ...] | None:
    if document is None:
        return None
    if not isinstance(document, list):
        raise BadRequest(f"'outputs' must be a list, not {_called(document)}")
    if not document:
        return None
    for index, entry in enumerate(document):
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise BadRequest(f"outputs[{index}] must be an object with a 'name'")
        _require_object(entry, "parameters", f"outputs[{index}].")
    return tuple(dict.fromkeys(entry["name"] for entry in document))


def _input(entry: Any, where: str) -> Tensor:
    if not isinstance(entry, dict):
        raise BadRequest(f"{where} must be an object, not {_called(entry)}")
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise BadRequest(f"{where} has no 'name'")
    where = f"{where} '{name}'"
    _require_object(entry, "parameters", f"{where}: ")
    datatype = DATATYPES.get(entry["datatype"]) if isinstance(entry.get("datatype"), str) else None
    if datatype is None:
        raise BadRequest(f"{where}: 'datatype' must be one of {', '.join(DATATYPES)}")
    shape = _shape(entry.get("shape"), where)
    if "data" not in entry:
        raise BadRequest(f"{where} has no 'data' (binary tensor data is not read here: send JSON)")
    return Tensor(name, datatype.name, _array(entry["data"], shape, datatype, where))


def _shape(document: Any, where: str) -> tuple[int, ...]:
    if not isinstance(document, list) or not document:
        raise BadRequest(f"{where}: 'shape' must be a list of sizes, such as [1, 30]")
    if any(type(size) is not int or size < 0 for size in document):
        raise BadRequest(f"{where}: 'shape' must hold whole numbers from 0 up")
    return tuple(document)


def _array(data: Any, shape: tuple[int, ...], datatype: Datatype, where: str) -> NDArray[Any]:
    """Turn nested or flat JSON data into an array of exactly this shape and type."""
    if not isinstance(data, list):
        raise BadRequest(f"{where}: 'data' must be a list, not {_called(data)}")
    flat = _flat(data, shape, where)
    size = math.prod(shape)
    if len(flat) != size:
        raise BadRequest(f"{where}: shape {list(shape)} needs {size} values, 'data' holds {len(flat)}")
    if wrong := set(map(type, flat)) - datatype.json:
        index = next(i for i, value in enumerate(flat) if type(value) in wrong)
        raise BadRequest(f"{where}: value {index} is {_called(flat[index])}, which is no {datatype.name}")
    if datatype.kind == "O":
        return strings(flat).reshape(shape)
    try:
        with np.errstate(
            over="ignore"
        ):  # an overflow becomes inf, which the model's own check names by its row
            return np.array(flat, dtype=datatype.dtype).reshape(shape)
    except OverflowError:
        raise BadRequest(f"{where}: a value is too large for {datatype.name}, or negative") from None


def _flat(data: list[Any], shape: tuple[int, ...], where: str) -> list[Any]:
    """Return the values in row-major order; nesting, where there is any, must follow the shape."""
    for depth, size in enumerate(shape[1:], start=1):
        if not data or not isinstance(data[0], list):
            return data
        if depth == 1 and len(data) != shape[0]:
            raise BadRequest(f"{where}: shape {list(shape)} says {shape[0]} rows, 'data' holds {len(data)}")
        if (index := _first_misfit(data, size)) is not None:
            raise BadRequest(
                f"{where}: 'data' is nested, but part {index} does not have {size} values as its shape says"
            )
        data = list(itertools.chain.from_iterable(data))
    return data


def _first_misfit(parts: Iterable[Any], size: int) -> int | None:
    return next((i for i, part in enumerate(parts) if not isinstance(part, list) or len(part) != size), None)


def _require_object(entry: dict[str, Any], key: str, where: str) -> None:
    value = entry.get(key)
    if value is not None and not isinstance(value, dict):
        raise BadRequest(f"{where}'{key}' must be an object, not {_called(value)}")


def _called(value: Any) -> str:
    return _JSON_NAMES.get(type(value), type(value).__name__)


def _nan_hint(body: bytes) -> str:
    if any(word in body for word in (b"NaN", b"Infinity")):
        return " (JSON has no NaN and no Infinity; leave such rows out)"
    return ""
