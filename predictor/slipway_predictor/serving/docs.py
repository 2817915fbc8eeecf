"""`/docs` and `/openapi.json`: the model's contract for people and for tools. Everything comes from the package, no CDN."""

import functools
from importlib import resources
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from slipway_predictor.features import data_schemas, example_request
from slipway_predictor.protocol import openapi
from slipway_predictor.serving.catalog import Catalog

# The files of Swagger UI inside the distribution that carries them, and what they are.
_PACKAGE = "fastapi_swagger.resources"
_FILES = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}
_DAY = {"cache-control": "max-age=86400"}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>%s</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "openapi.json", dom_id: "#ui"})</script>
</body>
</html>
"""


class Docs:
    """The documentation routes of one model."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/docs", self.page, methods=["GET"]),
            Route("/docs/{file}", self.file, methods=["GET"]),
            Route("/openapi.json", self.openapi, methods=["GET"]),
        ]

    async def page(self, _request: Request) -> Response:
        """Return the page that shows the document."""
        return HTMLResponse(_PAGE % self._catalog.identity.model_name)

    async def file(self, request: Request) -> Response:
        """Return one of Swagger UI's files."""
        name = request.path_params["file"]
        if name not in _FILES:
            return JSONResponse({"error": f"no file '{name}' here"}, 404)
        return Response(_read(name), media_type=_FILES[name], headers=_DAY)

    async def openapi(self, _request: Request) -> Response:
        """Return the OpenAPI document."""
        return JSONResponse(self._document)

    @functools.cached_property
    def _document(self) -> dict[str, Any]:
        inputs = self._catalog.manifest.inputs
        example = example_request(inputs)
        return openapi.document(
            name=self._catalog.identity.model_name,
            version=self._catalog.identity.version,
            tensors=example["inputs"],
            values=data_schemas(inputs),
            outputs=self._catalog.outputs,
            classes={entry.name: entry.classes for entry in self._catalog.manifest.outputs if entry.classes},
            example=example,
        )


@functools.cache
def _read(name: str) -> bytes:
    return (resources.files(_PACKAGE) / name).read_bytes()
