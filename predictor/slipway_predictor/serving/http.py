"""KServe's REST server (FastAPI on uvicorn) with our routes, our socket, and no hands on the process's signals."""

import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import fastapi
import uvicorn
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from slipway_predictor.protocol import RequestError
from slipway_predictor.serving import rest
from slipway_predictor.serving.lifecycle import Lifecycle, State
from slipway_predictor.serving.sdk import RESTServer, app

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


class HttpServer(RESTServer):  # type: ignore[misc]  # the SDK is untyped
    """The HTTP side of the server."""

    def __init__(
        self,
        dataplane: Any,
        routes: list[BaseRoute],
        lifecycle: Lifecycle,
        listener: socket.socket,
        grace_period: int,
    ) -> None:
        super().__init__(
            "kserve.model_server:app", dataplane, None, listener.getsockname()[1], grace_period=grace_period
        )
        self.config.lifespan = "off"
        self.config.proxy_headers = False
        self.config.server_header = False
        self._routes = routes
        self._lifecycle = lifecycle
        self._listener = listener
        self._server = _Uvicorn(self.config)

    async def start(self) -> None:
        """Serve until `stop`."""
        self.create_application()
        self.config.app = _closing_while_draining(app, self._lifecycle)
        await self._server.serve(sockets=[self._listener])

    def stop(self) -> None:
        """Stop listening, close idle connections, and let `start` return when the others are done."""
        self._server.should_exit = True

    def _register_endpoints(self, app: fastapi.FastAPI) -> None:
        app.router.routes[:] = self._routes

    def _add_middlewares(self, app: fastapi.FastAPI) -> None:
        """Add none: the SDK's prints the timings of every request."""

    def _add_exception_handlers(self, app: fastapi.FastAPI) -> None:
        app.add_exception_handler(RequestError, rest.refused)
        app.add_exception_handler(RequestValidationError, rest.refused)
        app.add_exception_handler(HTTPException, rest.no_route)
        app.add_exception_handler(Exception, rest.broken)


class _Uvicorn(uvicorn.Server):
    """uvicorn without its signal handlers, which stop listening the moment SIGTERM comes."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
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
