"""KServe's REST server (FastAPI on uvicorn) with our routes, our socket, and no hands on the process's signals."""

import asyncio
import contextlib
import functools
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

import fastapi
import uvicorn
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from slipway_predictor.monitoring.logs import LOGGER
from slipway_predictor.protocol import RequestError
from slipway_predictor.serving import fast, rest
from slipway_predictor.serving.lane import Lane
from slipway_predictor.serving.lifecycle import Lifecycle, State
from slipway_predictor.serving.sdk import RESTServer, app

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_log = logging.getLogger(LOGGER)
_SWEEP = 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long clients are waited for, in seconds: between two requests, and for a request to have come whole."""

    idle: float
    reading: float


class HttpServer(RESTServer):  # type: ignore[misc]  # the SDK is untyped
    """The HTTP side of the server. `lane`: where inference requests take the short way, if they may."""

    def __init__(
        self,
        dataplane: Any,
        routes: list[BaseRoute],
        lifecycle: Lifecycle,
        listener: socket.socket,
        grace_period: int,
        lane: Lane | None,
        patience: Patience,
    ) -> None:
        super().__init__(
            "kserve.model_server:app", dataplane, None, listener.getsockname()[1], grace_period=grace_period
        )
        self.config.lifespan = "off"
        self.config.ws = "none"
        self.config.proxy_headers = False
        self.config.server_header = False
        self.config.timeout_keep_alive = max(1, int(patience.idle))
        if lane is not None:
            self._take_the_short_way(lane)
        self._patience = patience
        self._routes = routes
        self._lifecycle = lifecycle
        self._listener = listener
        self._server = Uvicorn(self.config)

    async def start(self) -> None:
        """Serve until `stop`."""
        self.create_application()
        self.config.app = _closing_while_draining(app, self._lifecycle)
        sweeping = asyncio.create_task(self._sweep())
        try:
            await self._server.serve(sockets=[self._listener])
        finally:
            sweeping.cancel()

    def stop(self) -> None:
        """Stop listening, close idle connections, and let `start` return when the others are done."""
        self._server.should_exit = True

    def _take_the_short_way(self, lane: Lane) -> None:
        if fast.usable():
            self.config.http = functools.partial(fast.FastProtocol, lane)
        else:
            _log.warning(
                "this uvicorn (%s) is built otherwise than the fast lane knows: every request takes the ordinary way, "
                "which is many times slower; install the version in requirements/predictor.txt",
                uvicorn.__version__,
            )

    async def _sweep(self) -> None:
        """Close connections whose clients are idle or slow."""
        while True:
            await asyncio.sleep(_SWEEP)
            now = fast.clock()
            for connection in list(self._server.server_state.connections):
                if isinstance(connection, fast.FastProtocol):
                    connection.sweep(now, self._patience.idle, self._patience.reading)

    def _register_endpoints(self, app: fastapi.FastAPI) -> None:
        app.router.routes[:] = self._routes

    def _add_middlewares(self, app: fastapi.FastAPI) -> None:
        """Add none: the SDK's prints the timings of every request."""

    def _add_exception_handlers(self, app: fastapi.FastAPI) -> None:
        app.add_exception_handler(RequestError, rest.refused)
        app.add_exception_handler(RequestValidationError, rest.refused)
        app.add_exception_handler(HTTPException, rest.no_route)
        app.add_exception_handler(Exception, rest.broken)


class Uvicorn(uvicorn.Server):
    """uvicorn without its signal handlers, which stop listening the moment SIGTERM comes."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's signals alone."""
        yield


def _closing_while_draining(app: Application, lifecycle: Lifecycle) -> Application:
    """Wrap an application so that answers given while draining ask clients to open their next connection elsewhere."""

    async def wrapped(scope: Message, receive: Receive, send: Send) -> None:
        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start" and lifecycle.state is State.DRAINING:
                message["headers"] = [*message.get("headers", []), (b"connection", b"close")]
            await send(message)

        await app(scope, receive, closing)

    return wrapped
