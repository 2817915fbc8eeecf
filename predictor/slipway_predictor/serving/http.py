"""The HTTP side: uvicorn with our routes, our socket, the fast lane, and no hands on the process's signals."""

import asyncio
import contextlib
import functools
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

import uvicorn

from slipway_predictor.monitoring.logs import LOGGER
from slipway_predictor.serving import fast
from slipway_predictor.serving.lane import Lane
from slipway_predictor.serving.lifecycle import Lifecycle, State

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_log = logging.getLogger(LOGGER)
_SWEEP = 1.0
_ACCEPTED = 16
"""New connections a turn of the event loop: libuv takes one for each socket that is listened on, and a busy turn is long."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long clients are waited for, in seconds: between two requests, and for a request to have come whole."""

    idle: float
    reading: float


class HttpServer:
    """The HTTP side of the server. `lane`: where inference requests take the short way, if they may."""

    def __init__(
        self,
        application: Application,
        lifecycle: Lifecycle,
        listener: socket.socket,
        grace_period: int,
        lane: Lane | None,
        patience: Patience,
    ) -> None:
        self._config = uvicorn.Config(
            _closing_while_draining(application, lifecycle),
            log_config=None,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=max(1, int(patience.idle)),
            timeout_graceful_shutdown=grace_period,
        )
        if lane is not None:
            self._take_the_short_way(lane)
        self._patience = patience
        self._listener = listener
        self._server = Uvicorn(self._config)

    async def start(self) -> None:
        """Serve until `stop`."""
        sweeping = asyncio.create_task(self._sweep())
        try:
            await self._server.serve(
                sockets=[self._listener, *(self._listener.dup() for _ in range(1, _ACCEPTED))]
            )
        finally:
            sweeping.cancel()

    def stop(self) -> None:
        """Stop listening, close idle connections, and let `start` return when the others are done."""
        self._server.should_exit = True

    def _take_the_short_way(self, lane: Lane) -> None:
        if fast.usable():
            self._config.http = functools.partial(fast.FastProtocol, lane)  # type: ignore[assignment]  # it makes one
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
