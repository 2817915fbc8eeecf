"""The protocol over gRPC, off unless a port is given: KServe's servicer with our errors, and without load and unload."""

import logging
import time
from typing import Any

import grpc  # type: ignore[import-untyped]

from slipway_predictor.errors import CannotServe
from slipway_predictor.monitoring.logs import LOGGER
from slipway_predictor.monitoring.metrics import Metrics
from slipway_predictor.protocol import BadRequest, NotFound, RequestError
from slipway_predictor.serving.core import Identity
from slipway_predictor.serving.dataplane import BundleDataPlane
from slipway_predictor.serving.lifecycle import Lifecycle
from slipway_predictor.serving.sdk import (
    InferenceServicer,
    InferRequest,
    InvalidInput,
    ModelRepositoryExtension,
    add_GRPCInferenceServiceServicer_to_server,
)

_log = logging.getLogger(LOGGER)

_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    404: grpc.StatusCode.NOT_FOUND,
    500: grpc.StatusCode.INTERNAL,
    503: grpc.StatusCode.UNAVAILABLE,
}
_CLOSED = "models are managed through their deployment, not through this port"


class Servicer(InferenceServicer):  # type: ignore[misc]  # the SDK is untyped
    """The six calls of the protocol; the two of the model-repository extension answer UNIMPLEMENTED."""

    def __init__(
        self, dataplane: BundleDataPlane, lifecycle: Lifecycle, metrics: Metrics, identity: Identity
    ) -> None:
        super().__init__(dataplane, ModelRepositoryExtension(dataplane.model_registry))
        self._lifecycle = lifecycle
        self._metrics = metrics
        self._identity = identity

    async def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802 (the protocol's name)
        """Answer an inference request and count it."""
        start = time.perf_counter()
        status, outcome = 200, None
        with self._lifecycle.request():
            try:
                outcome = await self._infer(request)
            except RequestError as error:
                status, outcome = error.status, str(error)
            except Exception as error:
                _log.exception("an inference request failed inside the predictor")
                status, outcome = 500, f"the predictor failed on this request: {type(error).__name__}"
        self._metrics.request("grpc-v2", status, time.perf_counter() - start)
        if status != 200:
            await context.abort(_CODES[status], outcome)
        return outcome

    async def _infer(self, request: Any) -> Any:
        self._require_version(request.model_version)
        await self._data_plane.get_model(request.model_name)
        response, _ = await self._data_plane.infer(request.model_name, _read(request))
        return response.to_grpc()

    async def ModelReady(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Tell whether the model is ready for new traffic."""
        try:
            self._require_version(request.version)
            return await super().ModelReady(request, context)
        except RequestError as error:
            return await context.abort(_CODES[error.status], str(error))

    async def ModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Return the model's metadata."""
        try:
            self._require_version(request.version)
            metadata = await super().ModelMetadata(request, context)
        except RequestError as error:
            return await context.abort(_CODES[error.status], str(error))
        metadata.versions.append(self._identity.version)
        metadata.platform = "sklearn"
        return metadata

    async def RepositoryModelLoad(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Refuse."""
        return await context.abort(grpc.StatusCode.UNIMPLEMENTED, _CLOSED)

    async def RepositoryModelUnload(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Refuse."""
        return await context.abort(grpc.StatusCode.UNIMPLEMENTED, _CLOSED)

    def _require_version(self, version: str) -> None:
        if version and version != self._identity.version:
            raise NotFound(
                f"no version '{version}' of this model here; this is version '{self._identity.version}'"
            )


def _read(request: Any) -> InferRequest:
    """Return the message as the SDK's request. Raises BadRequest."""
    try:
        Servicer.validate_grpc_request(request)
        return InferRequest.from_grpc(request)
    except (InvalidInput, ValueError) as error:
        raise BadRequest(str(error)) from None


async def serve(servicer: Servicer, host: str, port: int, max_message: int) -> grpc.aio.Server:
    """Start a gRPC server. Raises CannotServe when the port cannot be had."""
    options = [
        ("grpc.max_receive_message_length", max_message),
        ("grpc.max_send_message_length", max_message),
    ]
    server = grpc.aio.server(options=options)
    add_GRPCInferenceServiceServicer_to_server(servicer, server)
    try:
        server.add_insecure_port(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    except RuntimeError:
        raise CannotServe(f"cannot listen on {host} port {port}: choose another --grpc-port") from None
    await server.start()
    return server
