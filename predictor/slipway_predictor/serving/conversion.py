"""Between KServe's SDK types, which its gRPC servicer speaks, and ours."""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_predictor.protocol import DATATYPES, BadRequest, InferenceAnswer, InferenceRequest, Tensor
from slipway_predictor.protocol.messages import strings
from slipway_predictor.serving.sdk import InferOutput, InferRequest, InferResponse, InvalidInput


def from_sdk(request: InferRequest) -> InferenceRequest:
    """Return the SDK's request as ours. Raises BadRequest."""
    if not request.inputs:
        raise BadRequest("the request holds no inputs")
    tensors = tuple(_tensor(entry) for entry in request.inputs)
    names = [tensor.name for tensor in tensors]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadRequest(f"input '{twice}' is given twice")
    outputs = tuple(dict.fromkeys(output.name for output in request.request_outputs or ()))
    return InferenceRequest(inputs=tensors, id=request.id or None, outputs=outputs or None)


def to_sdk(answer: InferenceAnswer, request: InferRequest) -> InferResponse:
    """Return our answer as the SDK's, in the form (raw or typed contents) in which `request` came."""
    outputs = []
    for tensor in answer.outputs:
        output = InferOutput(name=tensor.name, shape=tensor.shape, datatype=tensor.datatype)
        output.set_data_from_numpy(tensor.array, binary_data=request.use_binary_outputs)
        outputs.append(output)
    return InferResponse(
        response_id=answer.id,
        model_name=answer.model_name,
        model_version=answer.model_version,
        infer_outputs=outputs,
        parameters=dict(answer.parameters),
        use_binary_outputs=request.use_binary_outputs,
    )


def _tensor(entry: Any) -> Tensor:
    if entry.datatype not in DATATYPES:
        raise BadRequest(f"input '{entry.name}': datatype must be one of {', '.join(DATATYPES)}")
    try:
        array: NDArray[Any] = entry.as_numpy()
    except (ValueError, TypeError, OverflowError, struct.error, InvalidInput) as error:
        raise BadRequest(
            f"input '{entry.name}': its contents do not fill shape {list(entry.shape)} with {entry.datatype} ({error})"
        ) from None
    return Tensor(entry.name, entry.datatype, _text(entry.name, array) if array.dtype == object else array)


def _text(name: str, array: NDArray[Any]) -> NDArray[np.object_]:
    try:
        values = [value.decode() if isinstance(value, bytes) else str(value) for value in array.flat]
    except UnicodeDecodeError:
        raise BadRequest(f"input '{name}' holds BYTES that are not UTF-8 text") from None
    return strings(values).reshape(array.shape)
