"""KServe's `ModelServer`, started before its model is loaded and stopped after its last request.

listen -> load in a thread -> ready -> (signal) -> draining: answer, but report not ready -> quiet -> exit
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

import uvloop

from slipway_contract import Bundle
from slipway_predictor.bundle.versions import installed
from slipway_predictor.monitoring.logs import LOGGER
from slipway_predictor.monitoring.metrics import Metrics
from slipway_predictor.serving import loading, rpc
from slipway_predictor.serving.core import Core, Identity
from slipway_predictor.serving.dataplane import BundleDataPlane
from slipway_predictor.serving.http import HttpServer
from slipway_predictor.serving.lifecycle import Lifecycle, State
from slipway_predictor.serving.model import BundleModel
from slipway_predictor.serving.rest import RestRoutes
from slipway_predictor.serving.sdk import ModelServer
from slipway_predictor.settings import Settings

_log = logging.getLogger(LOGGER)

# Seconds without a request before a draining server goes: the endpoints' news takes about this long to spread.
_QUIET = 1.0
_CLOSING = 2  # seconds for connections to close after the last request


class Server(ModelServer):  # type: ignore[misc]  # the SDK is untyped
    """The server of one bundle."""

    def __init__(
        self, settings: Settings, bundle: Bundle, identity: Identity, listener: socket.socket
    ) -> None:
        super().__init__(
            http_port=listener.getsockname()[1],
            workers=1,
            enable_grpc=settings.grpc_port is not None,
            enable_latency_logging=False,
            grace_period=_CLOSING,
        )
        self.on_ready: Callable[[], None] = lambda: None
        self._settings = settings
        self._bundle = bundle
        self._identity = identity
        self._lifecycle = Lifecycle()
        self._metrics = Metrics(identity.model_name, identity.revision)
        self.model = BundleModel(identity.model_name, bundle.manifest, self._load)
        self.dataplane = BundleDataPlane(self.registered_models, self._lifecycle, installed("slipway"))
        routes = RestRoutes(
            self.dataplane, self._lifecycle, self._metrics, identity, settings.max_body
        ).routes()
        self._rest_server = HttpServer(self.dataplane, routes, self._lifecycle, listener, _CLOSING)

    def start(self, models: list[BundleModel]) -> None:
        """Serve until SIGTERM or SIGINT. Raises BundleError when the bundle cannot be loaded."""
        for model in models:
            self.register_model(model)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            left = runner.run(self._serve())
        if left:
            _log.warning("%d request(s) were cut off: the pod's grace period is too short for them", left)
            sys.stdout.flush()
            os._exit(0)  # their threads would be waited for, past the time that was given

    def _load(self) -> Core:
        return loading.load(self._bundle, self._identity)

    async def _serve(self) -> int:
        """Run the whole life; return how many requests were cut off."""
        stopping = _signalled()
        http = asyncio.create_task(self._rest_server.start())
        grpc = await self._start_grpc()
        loaded = _in_thread(self.model.load)
        try:
            await _first(loaded, stopping, http)
            if loaded.done():
                self._become_ready()
                await _first(stopping, http)
            self._lifecycle.state = State.DRAINING
            hurry = stopping.done() and stopping.result() is signal.SIGINT
            return await self._lifecycle.idle(0.0 if hurry else _QUIET, self._settings.drain)
        finally:
            loaded.cancel()
            self._rest_server.stop()
            await asyncio.gather(http, *([grpc.stop(0)] if grpc else []))

    async def _start_grpc(self) -> Any:
        settings = self._settings
        if settings.grpc_port is None:
            return None
        servicer = rpc.Servicer(self.dataplane, self._lifecycle, self._metrics, self._identity)
        return await rpc.serve(servicer, settings.host, settings.grpc_port, settings.max_body)

    def _become_ready(self) -> None:
        assert self.model.core is not None  # noqa: S101 (its loading has just ended well)
        self._metrics.serving(
            version=self._identity.version, digest=self._bundle.digest, engine=self.model.core.engine.name
        )
        self._lifecycle.state = State.READY
        self.on_ready()


def _signalled() -> asyncio.Future[signal.Signals]:
    """Return a future of the first signal to stop; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[signal.Signals] = loop.create_future()

    def stop(number: signal.Signals) -> None:
        if future.done():
            os._exit(128 + number)
        future.set_result(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    return future


def _in_thread(work: Callable[[], object]) -> asyncio.Future[None]:
    """Run `work` in a thread that does not keep the process alive: a signal must not wait for a long load."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()

    def finish(error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)

    def body() -> None:
        error: BaseException | None = None
        try:
            work()
        except BaseException as caught:
            error = caught
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits for the model any more
            loop.call_soon_threadsafe(finish, error)

    threading.Thread(target=body, name="load", daemon=True).start()
    return future


async def _first(*futures: asyncio.Future[Any]) -> None:
    """Wait until one of `futures` is done, and raise what it raised."""
    done, _ = await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
    for future in done:
        future.result()
