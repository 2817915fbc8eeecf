"""The admin port: what is for the operator and for people with access to the pod, not for clients.

GET /answers?limit=N   the last answers of all workers by time: id, rows, label, score, digest
GET /state             what is served, by which engine, what waits, of each worker
GET /metrics           as on the HTTP port
GET /contract, /golden, /example   what the bundle says of itself (see `offer`)
"""

import socket

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from slipway_predictor.serving.figures import MetricsRoute
from slipway_predictor.serving.http import Uvicorn
from slipway_predictor.serving.offer import Offer, json_line
from slipway_predictor.serving.peers import Peers
from slipway_predictor.serving.recent import SIZE


class AdminServer:
    """The admin side of the server."""

    def __init__(self, peers: Peers, metrics: MetricsRoute, offer: Offer, listener: socket.socket) -> None:
        self._peers = peers
        self._listener = listener
        routes = [
            Route("/answers", self.answers),
            Route("/state", self.state),
            Route("/metrics", metrics.answer),
            *offer.routes(),
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
            return json_line({"error": "limit must be a whole number"}, 400)
        limit = int(text)
        rings = await self._peers.gather("answers", limit)
        answers = sorted((entry for ring in rings for entry in ring), key=lambda entry: float(entry["time"]))
        return json_line({"answers": answers[-limit:] if limit else []})

    async def state(self, _request: Request) -> Response:
        """Return what is served and how it does."""
        return json_line({"workers": await self._peers.gather("state")})
