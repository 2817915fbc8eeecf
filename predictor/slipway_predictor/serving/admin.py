"""The admin port: what is for the operator and for people with access to the pod, not for clients.

GET /answers?limit=N   the last answers: id, rows, label, score, digest
GET /state             what is served, by which engine, what waits
GET /metrics           as on the HTTP port
"""

import json
import socket
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from slipway_predictor.serving.http import Uvicorn
from slipway_predictor.serving.recent import SIZE
from slipway_predictor.serving.sdk import metrics_handler
from slipway_predictor.serving.service import Service


class AdminServer:
    """The admin side of the server."""

    def __init__(self, service: Service, about: dict[str, Any], listener: socket.socket) -> None:
        """`about`: what /state says besides what changes."""
        self._service = service
        self.about = about
        self._listener = listener
        routes = [
            Route("/answers", self.answers),
            Route("/state", self.state),
            Route("/metrics", metrics_handler),
        ]
        config = uvicorn.Config(
            Starlette(routes=routes), log_config=None, lifespan="off", server_header=False, ws="none"
        )
        self._server = Uvicorn(config)

    async def start(self) -> None:
        """Serve until `stop`."""
        await self._server.serve(sockets=[self._listener])

    def stop(self) -> None:
        """Let `start` return."""
        self._server.should_exit = True

    async def answers(self, request: Request) -> Response:
        """Return the last answers, oldest first."""
        text = request.query_params.get("limit", str(SIZE))
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            return _json({"error": "limit must be a whole number"}, 400)
        return _json({"answers": self._service.recent.read(int(text))})

    async def state(self, _request: Request) -> Response:
        """Return what is served and how it does."""
        service = self._service
        return _json(
            {
                **self.about,
                "state": str(service.lifecycle.state),
                "under_way": service.lifecycle.under_way,
                "waiting": service.limiter.waiting,
                "waiting_limit": service.limiter.limit,
            }
        )


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document) + "\n", status, media_type="application/json")
