"""The REST routes of the protocol, on KServe's FastAPI application in the place of the SDK's own.

The SDK's answer a malformed body with 422 and FastAPI's `detail`, want a Content-Type, are always ready, know no
versions, and open load and unload to everybody. Here every failure is `{"error": …}` with the protocol's status, and
what is not listed below does not exist.
"""

import asyncio
import logging
import time

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from slipway_predictor.monitoring.logs import LOGGER
from slipway_predictor.monitoring.metrics import Metrics
from slipway_predictor.protocol import (
    BadRequest,
    NotFound,
    RequestError,
    TooLarge,
    UnsupportedMedia,
    v2_json,
)
from slipway_predictor.serving.core import Identity
from slipway_predictor.serving.dataplane import BundleDataPlane
from slipway_predictor.serving.lifecycle import Lifecycle
from slipway_predictor.serving.sdk import metrics_handler

_log = logging.getLogger(LOGGER)

# Above this size (bytes) a body is parsed in a thread; below it the hand-over costs more than the parsing.
_PARSE_INLINE = 64 * 1024


class RestRoutes:
    """The handlers of one served model."""

    def __init__(
        self,
        dataplane: BundleDataPlane,
        lifecycle: Lifecycle,
        metrics: Metrics,
        identity: Identity,
        max_body: int,
    ) -> None:
        self._dataplane = dataplane
        self._lifecycle = lifecycle
        self._metrics = metrics
        self._identity = identity
        self._max_body = max_body

    def routes(self) -> list[BaseRoute]:
        """Return the route table."""
        paths = [
            ("/", self.live, "GET"),
            ("/metrics", metrics_handler, "GET"),
            ("/v2", self.server, "GET"),
            ("/v2/health/live", self.live, "GET"),
            ("/v2/health/ready", self.ready, "GET"),
            ("/v2/models", self.models, "GET"),
        ]
        for model in ("/v2/models/{model}", "/v2/models/{model}/versions/{version}"):
            paths += [
                (model, self.model, "GET"),
                (f"{model}/ready", self.model_ready, "GET"),
                (f"{model}/infer", self.infer, "POST"),
            ]
        return [Route(path, handler, methods=[method]) for path, handler, method in paths]

    async def infer(self, request: Request) -> Response:
        """Answer an inference request, whatever comes of it, and count it."""
        start = time.perf_counter()
        with self._lifecycle.request():
            status, body = await self._outcome(request)
        self._metrics.request("v2", status, time.perf_counter() - start)
        return Response(body, status, media_type="application/json")

    async def _outcome(self, request: Request) -> tuple[int, bytes]:
        try:
            return 200, await self._answer(request)
        except RequestError as error:
            return error.status, v2_json.encode_error(str(error))
        except asyncio.CancelledError:  # the grace period is over, and this is the last chance to say so
            return 503, v2_json.encode_error("the server shut down before the model had answered: ask again")
        except Exception as error:
            _log.exception("an inference request failed inside the predictor")
            return 500, v2_json.encode_error(f"the predictor failed on this request: {type(error).__name__}")

    async def _answer(self, request: Request) -> bytes:
        self._require_version(request)
        name = request.path_params["model"]
        await self._dataplane.get_model(
            name
        )  # before the body is read: most of what is refused is refused here
        body = await self._body(request)
        if len(body) > _PARSE_INLINE:
            message = await asyncio.to_thread(v2_json.decode, body)
        else:
            message = v2_json.decode(body)
        answer, _ = await self._dataplane.infer(name, message)
        return v2_json.encode(answer)

    async def _body(self, request: Request) -> bytes:
        """Read the body up to the limit, with or without a Content-Type or a Content-Length."""
        if (encoding := request.headers.get("content-encoding", "identity")) != "identity":
            raise UnsupportedMedia(
                f"Content-Encoding '{encoding}' is not read here: send the body uncompressed"
            )
        if "inference-header-content-length" in request.headers:
            raise BadRequest("binary tensor data is not read here: send the tensors' data as JSON")
        if int(request.headers.get("content-length") or 0) > self._max_body:
            raise self._too_large()
        chunks: list[bytes] = []
        size = 0
        try:
            async for chunk in request.stream():
                chunks.append(chunk)
                size += len(chunk)
                if size > self._max_body:
                    raise self._too_large()
        except ClientDisconnect:
            raise BadRequest("the client went away before its body was whole") from None
        return b"".join(chunks)

    def _too_large(self) -> TooLarge:
        return TooLarge(f"the body is larger than {self._max_body} bytes: send fewer rows at a time")

    def _require_version(self, request: Request) -> None:
        version = request.path_params.get("version", self._identity.version)
        if version != self._identity.version:
            raise NotFound(
                f"no version '{version}' of this model here; this is version '{self._identity.version}'"
            )

    async def live(self, _request: Request) -> Response:
        """Tell that the process answers."""
        return JSONResponse({"live": True})

    async def ready(self, _request: Request) -> Response:
        """Tell whether new traffic should come here: 200 or 503."""
        return self._readiness({})

    async def model_ready(self, request: Request) -> Response:
        """Tell the same for the model."""
        self._require_version(request)
        name = request.path_params["model"]
        self._dataplane.get_model_from_registry(name)
        return self._readiness({"name": name})

    def _readiness(self, about: dict[str, str]) -> Response:
        if self._lifecycle.ready:
            return JSONResponse({**about, "ready": True})
        return JSONResponse({**about, "ready": False, "error": f"not ready: {self._lifecycle.state}"}, 503)

    async def server(self, _request: Request) -> Response:
        """Return the server's metadata."""
        return JSONResponse(self._dataplane.metadata())

    async def models(self, _request: Request) -> Response:
        """Return the names of the models here."""
        return JSONResponse({"models": [self._identity.model_name]})

    async def model(self, request: Request) -> Response:
        """Return the model's metadata."""
        self._require_version(request)
        metadata = await self._dataplane.model_metadata(request.path_params["model"])
        return JSONResponse({**metadata, "versions": [self._identity.version], "platform": "sklearn"})


async def refused(_request: Request, error: Exception) -> Response:
    """Answer a RequestError that left a handler."""
    return JSONResponse({"error": str(error)}, getattr(error, "status", 500))


async def no_route(request: Request, error: Exception) -> Response:
    """Answer a path or method that is not there."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else None
    return JSONResponse(
        {"error": f"{request.method} {request.url.path} is not served here"}, status, headers=headers
    )


async def broken(_request: Request, error: Exception) -> Response:
    """Answer an error of our own outside inference."""
    return JSONResponse({"error": f"the predictor failed on this request: {type(error).__name__}"}, 500)
