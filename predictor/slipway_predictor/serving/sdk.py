"""KServe's SDK, imported so that it neither reads our command line nor writes to our log.

`kserve.model_server` parses `sys.argv` when imported, and takes abbreviations of its own flags for them.
"""

import sys

_arguments, sys.argv = sys.argv, sys.argv[:1]
try:
    from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer
    from kserve.errors import InvalidInput, ModelNotFound
    from kserve.model_server import app
    from kserve.protocol.dataplane import DataPlane
    from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import add_GRPCInferenceServiceServicer_to_server
    from kserve.protocol.grpc.servicer import InferenceServicer
    from kserve.protocol.model_repository_extension import ModelRepositoryExtension
    from kserve.protocol.rest.server import RESTServer, metrics_handler
finally:
    sys.argv = _arguments

__all__ = [
    "DataPlane",
    "InferOutput",
    "InferRequest",
    "InferResponse",
    "InferenceServicer",
    "InvalidInput",
    "Model",
    "ModelNotFound",
    "ModelRepositoryExtension",
    "ModelServer",
    "RESTServer",
    "add_GRPCInferenceServiceServicer_to_server",
    "app",
    "metrics_handler",
]
