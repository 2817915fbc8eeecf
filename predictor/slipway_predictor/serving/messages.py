"""The protocol's gRPC messages to and from our own types, raw contents and typed ones."""

import math
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from slipway_predictor.protocol import (
    DATATYPES,
    BadRequest,
    Datatype,
    InferenceAnswer,
    InferenceRequest,
    Tensor,
)
from slipway_predictor.protocol.binary import from_bytes, to_bytes
from slipway_predictor.protocol.bounds import require_distinct, require_few, require_span
from slipway_predictor.protocol.messages import strings
from slipway_predictor.serving.protobuf import pb

# Where each datatype's values are in a message's typed contents; FP16 has no place there.
_FIELDS = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
_DIMENSIONS = 8
_LONGEST = 2**31


def parse(kind: Any, data: bytes) -> Any:
    """Return the message of this kind that the bytes hold. Raises BadRequest."""
    try:
        return kind.FromString(data)
    except DecodeError:
        raise BadRequest(
            f"the bytes are no {kind.DESCRIPTOR.name}: they are broken protobuf, or a text in them is not UTF-8"
        ) from None


def from_message(message: Any) -> InferenceRequest:
    """Read a ModelInferRequest. Raises BadRequest."""
    if not message.inputs:
        raise BadRequest("the request holds no inputs")
    raw = message.raw_input_contents
    require_few(len(message.inputs))
    if raw and len(raw) != len(message.inputs):
        raise BadRequest(f"the request has {len(message.inputs)} inputs, but {len(raw)} raw_input_contents")
    tensors = tuple(
        [_tensor(entry, raw[index] if raw else None) for index, entry in enumerate(message.inputs)]
    )
    if len(tensors) > 1:
        require_distinct(tensors)
    outputs = tuple(dict.fromkeys(output.name for output in message.outputs)) if message.outputs else None
    return InferenceRequest(tensors, message.id or None, outputs, binary=bool(raw))


def to_message(answer: InferenceAnswer, *, raw: bool) -> Any:
    """Write a ModelInferResponse, with raw contents or typed ones, as its request came."""
    message = pb.ModelInferResponse(
        model_name=answer.model_name, model_version=answer.model_version, id=answer.id
    )
    for key, value in answer.parameters.items():
        message.parameters[key].string_param = value
    for tensor in answer.outputs:
        output = message.outputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.array.shape)
        if raw:
            message.raw_output_contents.append(to_bytes(tensor.array))
        else:
            values = tensor.array.reshape(-1).tolist()
            if tensor.datatype == "BYTES":
                values = [value.encode() for value in values]
            getattr(output.contents, _FIELDS[tensor.datatype]).extend(values)
    return message


def _tensor(entry: Any, raw: bytes | None) -> Tensor:
    where = f"input '{entry.name}'"
    datatype = DATATYPES.get(entry.datatype)
    if not entry.name:
        raise BadRequest("an input has no name")
    if datatype is None:
        raise BadRequest(f"{where}: datatype must be one of {', '.join(DATATYPES)}")
    shape = list(entry.shape)
    if not 0 < len(shape) <= _DIMENSIONS or any(not 0 <= size < _LONGEST for size in shape):
        raise BadRequest(f"{where}: shape must hold one to {_DIMENSIONS} sizes from 0 up to 2^31")
    if 0 in shape:
        require_span(shape, where)
    if raw is None:
        return Tensor(entry.name, datatype.name, _typed(entry.contents, shape, datatype, where))
    if entry.HasField("contents"):
        raise BadRequest(f"{where}: its contents must be empty, as the request has raw_input_contents")
    return Tensor(entry.name, datatype.name, from_bytes(memoryview(raw), shape, datatype, where))


def _typed(contents: Any, shape: list[int], datatype: Datatype, where: str) -> NDArray[Any]:
    field = _FIELDS.get(datatype.name)
    if field is None:
        raise BadRequest(f"{where}: {datatype.name} has no typed contents: send it in raw_input_contents")
    values = getattr(contents, field)
    if len(values) != math.prod(shape):
        raise BadRequest(f"{where}: its {field} do not fill shape {shape}: they hold {len(values)} values")
    if datatype.kind == "O":
        return strings(_texts(values, where)).reshape(shape)
    try:
        return np.array(values, dtype=datatype.dtype).reshape(shape)
    except OverflowError:
        raise BadRequest(f"{where}: a value is too large for {datatype.name}, or negative") from None


def _texts(values: Any, where: str) -> list[str]:
    try:
        return [value.decode() for value in values]
    except UnicodeDecodeError:
        raise BadRequest(f"{where} holds BYTES that are not UTF-8 text") from None
