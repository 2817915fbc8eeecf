"""The REST routes of the protocol; inference comes here where the fast lane does not take it.

Every failure is `{"error": …}` with the protocol's status, and what is not listed below does not exist.
"""

from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from slipway_predictor.protocol import NotFound, RequestError
from slipway_predictor.serving.catalog import Catalog
from slipway_predictor.serving.docs import Docs
from slipway_predictor.serving.figures import MetricsRoute
from slipway_predictor.serving.inference import InferenceRoutes
from slipway_predictor.serving.lane import failure
from slipway_predictor.serving.service import Service


class RestRoutes:
    """The handlers of one served model."""

    def __init__(
        self,
        catalog: Catalog,
        service: Service,
        docs: Docs,
        metrics: MetricsRoute,
        inference: InferenceRoutes,
    ) -> None:
        self._catalog = catalog
        self._inference = inference
        self._service = service
        self._docs = docs
        self._metrics = metrics

    def routes(self) -> list[BaseRoute]:
        """Return the route table."""
        paths = [
            ("/", self.live),
            ("/metrics", self._metrics.answer),
            ("/v2", self.server),
            ("/v2/", self.server),
            ("/v2/health/live", self.live),
            ("/v2/health/ready", self.ready),
            ("/v2/models", self.models),
            ("/v1/models", self.models),
            ("/v1/models/{model}", self.v1_ready),
        ]
        for model in ("/v2/models/{model}", "/v2/models/{model}/versions/{version}"):
            paths += [(model, self.model), (f"{model}/ready", self.model_ready)]
        return [
            # Before the others: {model} would match "name:predict" as well.
            *self._inference.routes(),
            *(Route(path, handler, methods=["GET"]) for path, handler in paths),
            *self._docs.routes(),
        ]

    def application(self) -> Starlette:
        """Return the routes as an application."""
        handlers: dict[Any, Any] = {RequestError: refused, HTTPException: no_route, Exception: broken}
        return Starlette(routes=self.routes(), exception_handlers=handlers)

    async def live(self, _request: Request) -> Response:
        """Tell that the process answers."""
        return JSONResponse({"live": True})

    async def ready(self, _request: Request) -> Response:
        """Tell whether new traffic should come here: 200 or 503."""
        return self._readiness({})

    async def model_ready(self, request: Request) -> Response:
        """Tell the same for the model."""
        name = request.path_params["model"]
        self._catalog.require(name, request.path_params.get("version", ""))
        return self._readiness({"name": name})

    async def v1_ready(self, request: Request) -> Response:
        """Tell the same in V1's words."""
        name = request.path_params["model"]
        if name.endswith(":predict"):  # that path again, asked with the wrong method
            raise HTTPException(405, headers={"Allow": "POST"})
        self._catalog.require(name)
        return self._readiness({"name": name})

    def _readiness(self, about: dict[str, str]) -> Response:
        lifecycle = self._service.lifecycle
        if lifecycle.ready:
            return JSONResponse({**about, "ready": True})
        return JSONResponse({**about, "ready": False, "error": f"not ready: {lifecycle.state}"}, 503)

    async def server(self, _request: Request) -> Response:
        """Return the server's metadata."""
        return JSONResponse(self._catalog.server)

    async def models(self, _request: Request) -> Response:
        """Return the names of the models here."""
        return JSONResponse({"models": [self._service.identity.model_name]})

    async def model(self, request: Request) -> Response:
        """Return the model's metadata."""
        self._catalog.require(request.path_params["model"], request.path_params.get("version", ""))
        return JSONResponse({**self._catalog.model, "parameters": self._catalog.parameters})


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
