"""The V2 REST bodies: bytes to an InferenceRequest, an InferenceAnswer to bytes; JSON, and binary data behind it.

Everything wrong with a body is a BadRequest whose text names the place. Nothing here knows the model.
"""

from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from slipway_predictor.protocol.binary import to_bytes
from slipway_predictor.protocol.bounds import require_distinct, require_few
from slipway_predictor.protocol.errors import BadRequest
from slipway_predictor.protocol.lenient import parse
from slipway_predictor.protocol.messages import InferenceAnswer, InferenceRequest, Tensor
from slipway_predictor.protocol.numbers import WORTH, cut
from slipway_predictor.protocol.tensors import LONGEST, Binary, called, read

_REALS = frozenset({int, float})
_USUAL_FIELDS = 4  # name, shape, datatype, data
_SMALL = 256  # values: up to here a list is written faster than a numpy array


def decode(body: bytes, header_length: int | None = None) -> InferenceRequest:
    """Read the body of an infer request. Raises BadRequest.

    `header_length`: how many bytes of it are JSON, where binary data follows (Inference-Header-Content-Length).
    """
    if header_length is None:
        if len(body) >= WORTH and (found := _long(body)) is not None:
            return found
        document = _document(body)
        return _usual(document) or _request(document, None)
    if header_length > len(body):
        raise BadRequest(
            f"Inference-Header-Content-Length says {header_length} bytes of JSON, the body has {len(body)}"
        )
    view = memoryview(body)
    binary = Binary(view[header_length:])
    request = _request(_document(view[:header_length]), binary)
    if binary.left:
        raise BadRequest(f"{binary.left} bytes follow the last tensor's binary data")
    return request


def parse_header_length(text: str) -> int:
    """Read the value of the Inference-Header-Content-Length header. Raises BadRequest."""
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadRequest("Inference-Header-Content-Length must be a number of bytes")
    return int(text)


def encode(answer: InferenceAnswer) -> bytes:
    """Write the body of an answer as JSON: flat row-major data. Output tensors must be finite."""
    return _dump(answer, [_output(tensor) for tensor in answer.outputs])


def encode_for(request: InferenceRequest, answer: InferenceAnswer) -> tuple[bytes, int | None]:
    """Write an answer in the form its request asks for.

    Returns the body, and the length of its JSON part where binary data follows it.
    """
    if not request.binary and not request.binary_of:
        return encode(answer), None
    wanted = request.binary_of or {}
    documents, parts = [], []
    for tensor in answer.outputs:
        if wanted.get(tensor.name, request.binary):
            raw = to_bytes(tensor.array)
            parts.append(raw)
            documents.append(_head(tensor) | {"parameters": {"binary_data_size": len(raw)}})
        else:
            documents.append(_output(tensor))
    head = _dump(answer, documents)
    return (b"".join([head, *parts]), len(head)) if parts else (head, None)


def encode_error(message: str) -> bytes:
    """Write the body of any failure."""
    return orjson.dumps({"error": message})


def _document(body: bytes | memoryview) -> dict[str, Any]:
    document = parse(body)
    if type(document) is not dict:
        raise BadRequest(f"the body must be a JSON object with 'inputs', not {called(document)}")
    return document


def _long(body: bytes) -> InferenceRequest | None:
    """Read a usual request of many numbers without making an object of each; else None."""
    found = cut(body)
    if found is None:
        return None
    try:
        document = orjson.loads(found.rest)
    except orjson.JSONDecodeError:
        return None
    return _usual(document, found.numbers) if type(document) is dict else None


def _usual(document: dict[str, Any], numbers: NDArray[np.float64] | None = None) -> InferenceRequest | None:
    """Read the request that nearly all are: one flat matrix of doubles and nothing said of outputs; else None.

    Does by a few comparisons what `_request` does; whatever is unusual, or wrong, is left to that. `numbers` are those
    of the data, where an empty list stands in their place.
    """
    try:
        (entry,) = document["inputs"]
        name, data = entry["name"], entry["data"]
        rows, width = entry["shape"]
        if entry["datatype"] != "FP64":
            return None
    except (KeyError, TypeError, ValueError):
        return None
    request_id = document.get("id")
    if (
        type(name) is not str
        or type(rows) is not int
        or type(width) is not int
        or not 0 < rows < LONGEST
        or not 0 < width < LONGEST
        or type(data) is not list
        or (numbers is not None and bool(data))
        or len(data if numbers is None else numbers) != rows * width
        or (numbers is None and not _REALS.issuperset(map(type, data)))
        or len(document) > 1 + (type(request_id) is str)
        or len(entry) != _USUAL_FIELDS
        or not name
    ):
        return None
    values = np.fromiter(data, np.float64, len(data)) if numbers is None else numbers
    return InferenceRequest((Tensor(name, "FP64", values.reshape(rows, width)),), request_id)


def _request(document: dict[str, Any], binary: Binary | None) -> InferenceRequest:
    request_id = document.get("id")
    if request_id is not None and type(request_id) is not str:
        raise BadRequest(f"'id' must be a string, not {called(request_id)}")
    inputs = document.get("inputs")
    if type(inputs) is not list or not inputs:
        raise BadRequest("'inputs' must be a list of at least one tensor")
    require_few(len(inputs))
    tensors = tuple([read(entry, index, binary) for index, entry in enumerate(inputs)])
    if len(tensors) > 1:
        require_distinct(tensors)
    request = InferenceRequest(tensors, request_id)
    if (parameters := document.get("parameters")) is not None:
        _require_object(parameters, "parameters")
        request.binary = parameters.get("binary_data_output") is True
    if (outputs := document.get("outputs")) is not None:
        _read_outputs(outputs, request)
    return request


def _read_outputs(document: Any, request: InferenceRequest) -> None:
    binary_of: dict[str, bool] = {}
    if type(document) is not list:
        raise BadRequest(f"'outputs' must be a list, not {called(document)}")
    for index, entry in enumerate(document):
        if type(entry) is not dict or type(entry.get("name")) is not str:
            raise BadRequest(f"outputs[{index}] must be an object with a 'name'")
        if (parameters := entry.get("parameters")) is not None:
            _require_object(parameters, f"outputs[{index}].parameters")
            if type(wanted := parameters.get("binary_data")) is bool:
                binary_of[entry["name"]] = wanted
    request.binary_of = binary_of
    if document:
        request.outputs = tuple(dict.fromkeys(entry["name"] for entry in document))


def _require_object(value: Any, where: str) -> None:
    if type(value) is not dict:
        raise BadRequest(f"'{where}' must be an object, not {called(value)}")


def _dump(answer: InferenceAnswer, outputs: list[dict[str, Any]]) -> bytes:
    return orjson.dumps(
        {
            "model_name": answer.model_name,
            "model_version": answer.model_version,
            "id": answer.id,
            "parameters": answer.parameters,
            "outputs": outputs,
        }
    )


def _head(tensor: Tensor) -> dict[str, Any]:
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": tensor.array.shape}


def _output(tensor: Tensor) -> dict[str, Any]:
    array = tensor.array
    flat = array if array.ndim == 1 else array.ravel()
    if array.size <= _SMALL or array.dtype.kind == "O":
        data: Any = flat.tolist()
    else:
        numbers = orjson.dumps(np.ascontiguousarray(flat), option=orjson.OPT_SERIALIZE_NUMPY)
        data = orjson.Fragment(
            numbers
        )  # so that the many small answers need not be looked through for arrays
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": array.shape, "data": data}
