"""The protocol over gRPC, off unless a port is given: our own servicer on KServe's messages, health and reflection.

A server of threads, because grpcio's asyncio one answers half as many: where the engine takes microseconds a thread
asks it itself, else it waits for the event loop's queue like everybody. Load and unload do not exist.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from slipway_predictor.errors import CannotServe
from slipway_predictor.protocol import BadRequest, NotFound, RequestError
from slipway_predictor.serving.catalog import Catalog
from slipway_predictor.serving.fast import read_id
from slipway_predictor.serving.lane import failure
from slipway_predictor.serving.messages import from_message, parse, to_message
from slipway_predictor.serving.protobuf import SERVICE, pb
from slipway_predictor.serving.service import Call, Service

CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    404: grpc.StatusCode.NOT_FOUND,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    415: grpc.StatusCode.INVALID_ARGUMENT,
    500: grpc.StatusCode.INTERNAL,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}
"""The gRPC status for each of ours."""

_CLOSED = "models are managed through their deployment, not through this port"
_QUICK_THREADS = 8
"""For an engine that answers in microseconds: more of them would only take the interpreter's lock from each other."""
_THREADS = 32
_WAITING = 512  # calls beyond the threads that may wait for one; more are refused at once


class Servicer:
    """The six calls of the protocol; the two of the model-repository extension answer UNIMPLEMENTED."""

    def __init__(self, catalog: Catalog, service: Service, loop: asyncio.AbstractEventLoop) -> None:
        self._catalog = catalog
        self.service = self._service = service
        self._loop = loop

    def ServerLive(self, _request: Any, _context: Any) -> Any:  # noqa: N802 (the protocol's name)
        """Tell that the process answers."""
        return pb.ServerLiveResponse(live=True)

    def ServerReady(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Tell whether new traffic should come here."""
        return pb.ServerReadyResponse(ready=self._service.lifecycle.ready)

    def ModelReady(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Tell whether the model is ready for new traffic."""
        self._require(request.name, request.version, context)
        return pb.ModelReadyResponse(ready=self._service.lifecycle.ready)

    def ServerMetadata(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Return the server's metadata."""
        return pb.ServerMetadataResponse(**self._catalog.server)

    def ModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Return the model's metadata."""
        self._require(request.name, request.version, context)
        return pb.ModelMetadataResponse(**self._catalog.model)

    def ModelInfer(self, data: bytes, context: Any) -> Any:  # noqa: N802
        """Answer an inference request, given as bytes, whatever comes of it, and count it."""
        service = self._service
        call = service.begin("grpc-v2", _request_id(context), context.time_remaining())
        try:
            request = parse(pb.ModelInferRequest, data)
            self._catalog.require(request.model_name, request.model_version)
            service.admit(call)
            answer = self._answer(call, request)
        except Exception as error:
            status = service.end(call, error)
            context.abort(CODES[status], str(error) if isinstance(error, RequestError) else failure(error))
        service.end(call)
        return answer

    def _answer(self, call: Call, message: Any) -> Any:
        request = from_message(message)
        if self._service.quick:
            answer = self._service.answer_here(call, request)
        else:
            waiting = self._service.answer(call, request)
            answer = asyncio.run_coroutine_threadsafe(waiting, self._loop).result()
        return to_message(answer, raw=request.binary)

    def RepositoryModelLoad(self, _request: Any, context: Any) -> Any:  # noqa: N802
        """Refuse."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, _CLOSED)

    def RepositoryModelUnload(self, _request: Any, context: Any) -> Any:  # noqa: N802
        """Refuse."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, _CLOSED)

    def _require(self, name: str, version: str, context: Any) -> None:
        try:
            self._catalog.require(name, version)
        except NotFound as error:
            context.abort(grpc.StatusCode.NOT_FOUND, str(error))


def _request_id(context: Any) -> str | None:
    for key, value in context.invocation_metadata():
        if key == "x-request-id":
            return read_id(value) if isinstance(value, str) else None
    return None


def _handlers(servicer: Servicer) -> grpc.GenericRpcHandler:
    """The servicer's methods under their names in the protocol.

    None has a deserializer: grpcio answers INTERNAL where one fails, and what cannot be read is the client's to mend.
    """
    methods = {
        method.name: grpc.unary_unary_rpc_method_handler(
            _answering(servicer, method),
            response_serializer=getattr(pb, method.output_type.name).SerializeToString,
        )
        for method in SERVICE.methods
    }
    return grpc.method_handlers_generic_handler(SERVICE.full_name, methods)


def _answering(servicer: Servicer, method: Any) -> Callable[[bytes, Any], Any]:
    """Return a method that takes its request as bytes."""
    answer: Callable[[Any, Any], Any] = getattr(servicer, method.name)
    if method.name == "ModelInfer":  # reads them itself, and counts those it cannot read
        return answer
    kind = getattr(pb, method.input_type.name)

    def answered(data: bytes, context: Any) -> Any:
        try:
            request = parse(kind, data)
        except BadRequest as error:
            context.abort(CODES[error.status], str(error))
        return answer(request, context)

    return answered


class Threads(Executor):
    """As many threads as serve the engine best, which is known once the model is loaded."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._few = ThreadPoolExecutor(_QUICK_THREADS, "grpc")
        self._many = ThreadPoolExecutor(_THREADS, "grpc")  # makes a thread only when one is needed

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it soon."""
        return (self._few if self._service.quick else self._many).submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more."""
        for pool in (self._few, self._many):
            pool.shutdown(wait, cancel_futures=cancel_futures)


class GrpcServer:
    """The gRPC side of the server."""

    def __init__(self, servicer: Servicer, host: str, port: int, max_message: int, *, shared: bool) -> None:
        """Listen, on a port that other workers listen on as well if `shared`. Raises CannotServe when it cannot."""
        options = [
            ("grpc.max_receive_message_length", max_message),
            ("grpc.max_send_message_length", max_message),
            ("grpc.so_reuseport", int(shared)),
        ]
        threads = Threads(servicer.service)
        self._server = grpc.server(threads, options=options, maximum_concurrent_rpcs=_THREADS + _WAITING)
        self._health = health.HealthServicer()
        self._server.add_generic_rpc_handlers((_handlers(servicer),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (SERVICE.full_name, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)
        self.ready(False)
        try:
            self._server.add_insecure_port(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        except RuntimeError:
            raise CannotServe(f"cannot listen on {host} port {port}: choose another --grpc-port") from None
        self._server.start()

    def ready(self, ready: bool) -> None:
        """Say whether new traffic should come here."""
        status = (
            health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
        )
        for name in ("", SERVICE.full_name):
            self._health.set(name, status)

    def stop(self, grace: float) -> None:
        """Take no new calls and tell the clients so; those under way have `grace` seconds. Does not wait."""
        self._server.stop(grace)
