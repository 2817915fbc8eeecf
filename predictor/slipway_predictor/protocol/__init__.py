"""The Open Inference Protocol (V2), free of any transport: tensors, requests, answers, errors and their JSON."""

from slipway_predictor.protocol.datatypes import DATATYPES, Datatype
from slipway_predictor.protocol.errors import (
    BadRequest,
    ModelFailed,
    NotFound,
    NotReady,
    RequestError,
    TooLarge,
    UnsupportedMedia,
)
from slipway_predictor.protocol.messages import InferenceAnswer, InferenceRequest, Tensor

__all__ = [
    "DATATYPES",
    "BadRequest",
    "Datatype",
    "InferenceAnswer",
    "InferenceRequest",
    "ModelFailed",
    "NotFound",
    "NotReady",
    "RequestError",
    "Tensor",
    "TooLarge",
    "UnsupportedMedia",
]
