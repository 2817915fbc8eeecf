"""The inference routes, V2 and V1: the ordinary way of a request, for what the fast lane does not take."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from slipway_predictor.protocol import (
    InferenceAnswer,
    InferenceRequest,
    Overloaded,
    RequestError,
    v1_json,
    v2_json,
)
from slipway_predictor.serving.bodies import read_body
from slipway_predictor.serving.catalog import Catalog
from slipway_predictor.serving.fast import read_budget, read_id
from slipway_predictor.serving.handover import Handover
from slipway_predictor.serving.lane import INLINE, failure
from slipway_predictor.serving.pending import Asked
from slipway_predictor.serving.service import Call, Service

_MANY = 1024  # rows of an answer that is written in a thread
_HEADER_LENGTH = "inference-header-content-length"


class InferenceRoutes:
    """The handlers that ask the model."""

    def __init__(self, catalog: Catalog, service: Service, kserve: Handover, max_body: int) -> None:
        self._catalog = catalog
        self._service = service
        self._kserve = kserve
        self._max_body = max_body

    def routes(self) -> list[Route]:
        """Return the routes."""
        paths = {
            "/v1/models/{model}:predict": self.v1,
            "/v2/models/{model}/infer": self.v2,
            "/v2/models/{model}/versions/{version}/infer": self.v2,
        }
        return [Route(path, handler, methods=["POST"]) for path, handler in paths.items()]

    async def v2(self, request: Request) -> Response:
        """Answer a V2 infer request, whatever comes of it, and count it."""
        return await self._counted("v2", request, self._infer)

    async def v1(self, request: Request) -> Response:
        """Answer a V1 predict request, whatever comes of it, and count it."""
        return await self._counted("v1", request, self._predict)

    async def _counted(
        self, protocol: str, request: Request, answer: Callable[[Request, Call], Awaitable[Response]]
    ) -> Response:
        headers = request.headers
        call = self._service.begin(
            protocol,
            read_id(headers.get("x-request-id", "")),
            read_budget(headers.get("x-envoy-expected-rq-timeout-ms", "")),
        )
        try:
            response = await answer(request, call)
        except asyncio.CancelledError:  # the grace period is over, and this is the last chance to say so
            return self._refused(
                call, _CutOff("the server shut down before the model had answered: ask again")
            )
        except Exception as error:
            return self._refused(call, error)
        self._service.end(call)
        return response

    def _refused(self, call: Call, error: Exception) -> Response:
        status = self._service.end(call, error)
        message = str(error) if isinstance(error, RequestError) else failure(error)
        headers = {"retry-after": str(error.retry_after)} if isinstance(error, Overloaded) else None
        return Response(v2_json.encode_error(message), status, headers, "application/json")

    async def _admitted_body(self, request: Request, call: Call) -> bytes:
        """Return the body; most of what is refused is refused before it is read."""
        self._catalog.require(request.path_params["model"], request.path_params.get("version", ""))
        self._service.admit(call)
        return await read_body(request, self._max_body)

    async def _infer(self, request: Request, call: Call) -> Response:
        body = await self._admitted_body(request, call)
        text = request.headers.get(_HEADER_LENGTH)
        length = None if text is None else v2_json.parse_header_length(text)
        # A large body is parsed in a thread; for a small one the hand-over costs more than the parsing.
        if len(body) > INLINE:
            message = await asyncio.to_thread(v2_json.decode, body, length)
        else:
            message = v2_json.decode(body, length)
        answer = await self._answered(call, message)
        if len(answer.outputs[0].array) > _MANY:
            content, json_length = await asyncio.to_thread(v2_json.encode_for, message, answer)
        else:
            content, json_length = v2_json.encode_for(message, answer)
        if json_length is None:
            return Response(content, media_type="application/json")
        headers = {_HEADER_LENGTH: str(json_length)}
        return Response(content, headers=headers, media_type="application/octet-stream")

    async def _predict(self, request: Request, call: Call) -> Response:
        body = await self._admitted_body(request, call)
        names = [entry.name for entry in self._catalog.manifest.inputs]
        message = await asyncio.to_thread(v1_json.decode, body, names)
        answer = await self._answered(call, message)
        return Response(v1_json.encode(answer), media_type="application/json")

    async def _answered(self, call: Call, request: InferenceRequest) -> InferenceAnswer:
        """Ask the model through KServe's data plane, or without it while that is still being imported."""
        dataplane = self._kserve.made
        if dataplane is None:
            return await self._service.answer(call, request)
        answer: InferenceAnswer
        answer, _ = await dataplane.infer(self._catalog.identity.model_name, Asked(call, request))
        return answer


class _CutOff(RequestError):  # noqa: N818 (named after the answer it becomes)
    """The process ends."""

    status = 503
