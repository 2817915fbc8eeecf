"""What the bundle says of itself, offered on the admin port to whoever has to decide whether it may have traffic.

GET /contract   digests, and the contract: inputs, outputs, the most rows
GET /golden     the golden rows: a V2 infer request, and the outputs recorded for it; 404 where the bundle has none
GET /example    a V2 infer request of one row, made from the contract's examples
"""

import asyncio
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from slipway_contract import Bundle, BundleError, Interface
from slipway_predictor.features import example_request
from slipway_predictor.serving.core import Identity


class Offer:
    """The handlers."""

    def __init__(self, bundle: Bundle, identity: Identity) -> None:
        self._bundle = bundle
        self._identity = identity

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/contract", self.contract),
            Route("/golden", self.golden),
            Route("/example", self.example),
        ]

    async def contract(self, _request: Request) -> Response:
        """Return the contract. `artifactDigest` is the sha256 of the artifact alone, by which a bare file is pinned."""
        manifest = self._bundle.manifest
        about = {
            "model": self._identity.model_name,
            "version": self._identity.version,
            "digest": self._bundle.digest,
            "artifactDigest": f"sha256:{manifest.files[manifest.artifact]}",
        }
        return json_line({**about, **Interface.of(manifest).to_json()})

    async def golden(self, _request: Request) -> Response:
        """Return the golden rows, checked against the manifest's checksum once more."""
        path = self._bundle.manifest.golden
        if path is None:
            return json_line(
                {"error": "the bundle has no golden rows: make it with `slipway bundle create --data`"}, 404
            )
        try:
            content = await asyncio.to_thread(self._bundle.read, path)
        except BundleError as error:
            return json_line({"error": str(error)}, 500)
        return Response(content, media_type="application/json")

    async def example(self, _request: Request) -> Response:
        """Return the example request."""
        return json_line(example_request(self._bundle.manifest.inputs))


def json_line(document: dict[str, Any], status: int = 200) -> Response:
    """Return a document as an answer that reads well in a terminal."""
    return Response(json.dumps(document) + "\n", status, media_type="application/json")
