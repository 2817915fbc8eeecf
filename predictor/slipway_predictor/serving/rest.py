"""The REST routes of the protocol, on KServe's FastAPI application in the place of the SDK's own.

The SDK's answer a malformed body with 422 and FastAPI's `detail`, want a Content-Type, are always ready, know no
versions, and open load and unload to everybody. Here every failure is `{"error": …}` with the protocol's status, and
what is not listed below does not exist.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from slipway_predictor.protocol import NotFound
from slipway_predictor.serving.dataplane import BundleDataPlane
from slipway_predictor.serving.docs import Docs
from slipway_predictor.serving.figures import MetricsRoute
from slipway_predictor.serving.inference import InferenceRoutes
from slipway_predictor.serving.lane import failure
from slipway_predictor.serving.service import Service


class RestRoutes:
    """The handlers of one served model."""

    def __init__(
        self,
        dataplane: BundleDataPlane,
        service: Service,
        docs: Docs,
        metrics: MetricsRoute,
        max_body: int,
    ) -> None:
        self._dataplane = dataplane
        self._service = service
        self._docs = docs
        self._metrics = metrics
        self._inference = InferenceRoutes(dataplane, service, max_body)

    def routes(self) -> list[BaseRoute]:
        """Return the route table."""
        paths = [
            ("/", self.live, "GET"),
            ("/metrics", self._metrics.answer, "GET"),
            ("/v2", self.server, "GET"),
            ("/v2/health/live", self.live, "GET"),
            ("/v2/health/ready", self.ready, "GET"),
            ("/v2/models", self.models, "GET"),
            ("/v1/models", self.models, "GET"),
            ("/v1/models/{model}", self.v1_ready, "GET"),
            ("/v1/models/{model}:predict", self._inference.v1, "POST"),
        ]
        for model in ("/v2/models/{model}", "/v2/models/{model}/versions/{version}"):
            paths += [
                (model, self.model, "GET"),
                (f"{model}/ready", self.model_ready, "GET"),
                (f"{model}/infer", self._inference.v2, "POST"),
            ]
        # The more particular path first: {model} would match "name:predict" as well.
        paths.sort(key=lambda entry: ":predict" not in entry[0])
        return [
            *(Route(path, handler, methods=[method]) for path, handler, method in paths),
            *self._docs.routes(),
        ]

    async def live(self, _request: Request) -> Response:
        """Tell that the process answers."""
        return JSONResponse({"live": True})

    async def ready(self, _request: Request) -> Response:
        """Tell whether new traffic should come here: 200 or 503."""
        return self._readiness({})

    async def model_ready(self, request: Request) -> Response:
        """Tell the same for the model."""
        self._dataplane.require_version(request.path_params.get("version", ""))
        name = request.path_params["model"]
        self._dataplane.get_model_from_registry(name)
        return self._readiness({"name": name})

    async def v1_ready(self, request: Request) -> Response:
        """Tell the same in V1's words."""
        name = request.path_params["model"]
        if name.endswith(":predict"):  # that path again, asked with the wrong method
            raise HTTPException(405, headers={"Allow": "POST"})
        self._dataplane.get_model_from_registry(name)
        return self._readiness({"name": name})

    def _readiness(self, about: dict[str, str]) -> Response:
        lifecycle = self._service.lifecycle
        if lifecycle.ready:
            return JSONResponse({**about, "ready": True})
        return JSONResponse({**about, "ready": False, "error": f"not ready: {lifecycle.state}"}, 503)

    async def server(self, _request: Request) -> Response:
        """Return the server's metadata."""
        return JSONResponse(self._dataplane.metadata())

    async def models(self, _request: Request) -> Response:
        """Return the names of the models here."""
        return JSONResponse({"models": [self._service.identity.model_name]})

    async def model(self, request: Request) -> Response:
        """Return the model's metadata."""
        self._dataplane.require_version(request.path_params.get("version", ""))
        return JSONResponse(self._dataplane.about_model(request.path_params["model"]))


async def refused(_request: Request, error: Exception) -> Response:
    """Answer a RequestError that left a handler."""
    return JSONResponse({"error": str(error)}, getattr(error, "status", 500))


async def no_route(request: Request, error: Exception) -> Response:
    """Answer a path or method that is not there."""
    status = error.status_code if isinstance(error, HTTPException) else NotFound.status
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else None
    return JSONResponse(
        {"error": f"{request.method} {request.url.path} is not served here"}, status, headers=headers
    )


async def broken(_request: Request, error: Exception) -> Response:
    """Answer an error of our own outside inference."""
    return JSONResponse({"error": failure(error)}, 500)
