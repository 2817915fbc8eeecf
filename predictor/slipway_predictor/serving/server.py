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
from dataclasses import dataclass
from typing import Any

import uvloop

from slipway_contract import Bundle
from slipway_predictor.bundle.versions import installed
from slipway_predictor.engines import Batcher
from slipway_predictor.monitoring.logs import LOGGER
from slipway_predictor.monitoring.metrics import Metrics
from slipway_predictor.serving import loading, rpc
from slipway_predictor.serving.admin import AdminServer
from slipway_predictor.serving.core import Identity
from slipway_predictor.serving.dataplane import BundleDataPlane
from slipway_predictor.serving.docs import Docs
from slipway_predictor.serving.http import HttpServer
from slipway_predictor.serving.lane import Lane
from slipway_predictor.serving.lifecycle import Lifecycle, State
from slipway_predictor.serving.model import BundleModel
from slipway_predictor.serving.rest import RestRoutes
from slipway_predictor.serving.sdk import ModelServer
from slipway_predictor.serving.service import Service
from slipway_predictor.settings import Settings

_log = logging.getLogger(LOGGER)

# Seconds without a request before a draining server goes: the endpoints' news takes about this long to spread.
_QUIET = 1.0
_CLOSING = 2  # seconds for connections to close after the last request
_SWEEP = 0.02  # seconds between two looks at the deadlines


@dataclass(frozen=True, slots=True)
class Listeners:
    """The sockets that were opened at start."""

    http: socket.socket
    admin: socket.socket | None


class Server(ModelServer):  # type: ignore[misc]  # the SDK is untyped
    """The server of one bundle."""

    def __init__(self, settings: Settings, bundle: Bundle, identity: Identity, listeners: Listeners) -> None:
        super().__init__(
            http_port=listeners.http.getsockname()[1],
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
        self._metrics.under_way = lambda: self._lifecycle.under_way
        self._service = Service(identity, self._lifecycle, self._metrics, settings.timeout)
        self._loaded: loading.Loaded | None = None
        self._grpc: rpc.GrpcServer | None = None
        self.model = BundleModel(identity.model_name, bundle.manifest, self._service, self._load)
        self.dataplane = BundleDataPlane(self.registered_models, self._service, installed("slipway"))
        docs = Docs(identity, self.model)
        routes = RestRoutes(self.dataplane, self._service, docs, settings.max_body).routes()
        lane = Lane(self._service) if settings.fast else None
        self._rest_server = HttpServer(
            self.dataplane, routes, self._lifecycle, listeners.http, _CLOSING, lane
        )
        self._admin = (
            None if listeners.admin is None else AdminServer(self._service, self._about(), listeners.admin)
        )

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

    def _about(self) -> dict[str, Any]:
        identity = self._identity
        return {
            "model": identity.model_name,
            "version": identity.version,
            "revision": identity.revision,
            "digest": self._bundle.digest,
        }

    def _load(self) -> None:
        self._loaded = loading.load(self._bundle, self._identity, self._settings.engine)

    async def _serve(self) -> int:
        """Run the whole life; return how many requests were cut off."""
        stopping = _signalled()
        http = asyncio.create_task(self._rest_server.start())
        admin = [asyncio.create_task(self._admin.start())] if self._admin else []
        self._start_grpc()
        loaded = _in_thread(self.model.load)
        sweeping = asyncio.create_task(self._sweep())
        try:
            await _first(loaded, stopping, http)
            if loaded.done():
                self._become_ready()
                await _first(stopping, http)
            hurry = stopping.done() and stopping.result() is signal.SIGINT
            return await self._drain(0.0 if hurry else _QUIET)
        finally:
            loaded.cancel()
            sweeping.cancel()
            self._rest_server.stop()
            if self._admin:
                self._admin.stop()
            if self._grpc:
                self._grpc.stop(0)
            await asyncio.gather(http, *admin)

    async def _sweep(self) -> None:
        """Let nobody wait longer than it is given."""
        while True:
            await asyncio.sleep(_SWEEP)
            self._service.sweep()

    def _start_grpc(self) -> None:
        settings = self._settings
        if settings.grpc_port is None:
            return
        servicer = rpc.Servicer(self.dataplane, self._service, asyncio.get_running_loop())
        self._grpc = rpc.GrpcServer(servicer, settings.host, settings.grpc_port, settings.max_body)

    def _become_ready(self) -> None:
        assert self._loaded is not None  # noqa: S101 (its loading has just ended well)
        core, choice = self._loaded.core, self._loaded.choice
        queue = Batcher(core.engine, asyncio.get_running_loop(), observe=self._metrics.called)
        self._service.open(core, queue)
        self._metrics.serving(
            version=self._identity.version, digest=self._bundle.digest, engine=core.engine.name
        )
        if self._admin:
            self._admin.about["engine"] = choice.describe()
        self._lifecycle.state = State.READY
        if self._grpc:
            self._grpc.ready(True)
        self.on_ready()

    async def _drain(self, quiet: float) -> int:
        """Answer what is under way and what still comes, REST and gRPC within one time; return what was cut off."""
        self._lifecycle.state = State.DRAINING
        if self._grpc:
            self._grpc.ready(False)
            # Its connections stay open for ever unless they are told; new ones have gone elsewhere after `quiet`.
            asyncio.get_running_loop().call_later(quiet, self._grpc.stop, self._settings.drain)
        left = await self._lifecycle.idle(quiet, self._settings.drain)
        self._service.cut_off()
        return left


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
