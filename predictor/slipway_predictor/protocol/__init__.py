"""The Open Inference Protocol (V2), free of any transport: tensors, requests, answers, errors and their JSON."""

from slipway_predictor.protocol.datatypes import DATATYPES, Datatype
from slipway_predictor.protocol.errors import (
    BadRequest,
    DeadlineExceeded,
    ModelFailed,
    NotFound,
    NotReady,
    Overloaded,
    Rejected,
    RequestError,
    TooLarge,
    UnsupportedMedia,
)
from slipway_predictor.protocol.messages import InferenceAnswer, InferenceRequest, Tensor

__all__ = [
    "DATATYPES",
    "BadRequest",
    "Datatype",
    "DeadlineExceeded",
    "InferenceAnswer",
    "InferenceRequest",
    "ModelFailed",
    "NotFound",
    "NotReady",
    "Overloaded",
    "Rejected",
    "RequestError",
    "Tensor",
    "TooLarge",
    "UnsupportedMedia",
]
