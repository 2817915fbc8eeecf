"""KServe's `ModelServer`, started before its model is loaded and stopped after its last request.

listen -> load in a thread -> ready -> (signal) -> draining: answer, but report not ready -> quiet -> exit
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import uvloop

from slipway_contract import Bundle
from slipway_predictor.bundle.versions import installed
from slipway_predictor.engines import Batcher
from slipway_predictor.monitoring.journal import Journal
from slipway_predictor.monitoring.logs import LOGGER
from slipway_predictor.monitoring.metrics import Metrics
from slipway_predictor.serving import loading, rpc
from slipway_predictor.serving.admin import AdminServer
from slipway_predictor.serving.core import Identity
from slipway_predictor.serving.dataplane import BundleDataPlane
from slipway_predictor.serving.docs import Docs
from slipway_predictor.serving.figures import MetricsRoute
from slipway_predictor.serving.http import HttpServer, Patience
from slipway_predictor.serving.lane import Lane
from slipway_predictor.serving.lifecycle import Lifecycle, State
from slipway_predictor.serving.model import BundleModel
from slipway_predictor.serving.offer import Offer
from slipway_predictor.serving.peers import Alone, Group, Peers, Teller
from slipway_predictor.serving.rest import RestRoutes
from slipway_predictor.serving.sdk import ModelServer
from slipway_predictor.serving.service import Service
from slipway_predictor.serving.sockets import Listeners
from slipway_predictor.serving.waiting import first, in_thread, signalled
from slipway_predictor.settings import Settings

_log = logging.getLogger(LOGGER)

# Seconds without a request before a draining server goes: the endpoints' news takes about this long to spread.
_QUIET = 1.0
_CLOSING = 2  # seconds for connections to close after the last request
_SWEEP = 0.02  # seconds between two looks at the deadlines


class Server(ModelServer):  # type: ignore[misc]  # the SDK is untyped
    """The server of one bundle; `group`: the workers it is one of, where it is."""

    def __init__(
        self,
        settings: Settings,
        bundle: Bundle,
        identity: Identity,
        listeners: Listeners,
        group: Group | None = None,
    ) -> None:
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
        self._journal = _journal(settings, identity)
        self._service = Service(identity, self._lifecycle, self._metrics, settings.timeout, self._journal)
        self._loaded: loading.Loaded | None = None
        self._grpc: rpc.GrpcServer | None = None
        self.model = BundleModel(identity.model_name, bundle.manifest, self._service, self._load)
        self.dataplane = BundleDataPlane(self.registered_models, self._service, installed("slipway"))
        self.dataplane.parameters["digest"] = bundle.digest
        self._teller = Teller(self._service, self._about())
        self._group = group
        peers: Peers = Alone(self._teller) if group is None else group
        metrics = MetricsRoute(peers, identity)
        docs = Docs(identity, self.model)
        routes = RestRoutes(self.dataplane, self._service, docs, metrics, settings.max_body).routes()
        lane = Lane(self._service) if settings.fast else None
        patience = Patience(settings.idle, settings.reading)
        self._rest_server = HttpServer(
            self.dataplane, routes, self._lifecycle, listeners.http, _CLOSING, lane, patience
        )
        offer = Offer(bundle, identity)
        self._admin = None if listeners.admin is None else AdminServer(peers, metrics, offer, listeners.admin)

    def start(self, models: list[BundleModel]) -> None:
        """Serve until SIGTERM or SIGINT. Raises BundleError when the bundle cannot be loaded."""
        for model in models:
            self.register_model(model)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            left = runner.run(self._serve())
        if self._journal:
            self._journal.close()
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
        stopping = signalled()
        http = asyncio.create_task(self._rest_server.start())
        admin = [asyncio.create_task(self._admin.start())] if self._admin else []
        self._start_grpc()
        await self._join(stopping)
        loaded = in_thread(self.model.load)
        sweeping = asyncio.create_task(self._sweep())
        try:
            await first(loaded, stopping, http)
            if loaded.done():
                self._become_ready()
                await first(stopping, http)
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
        self._grpc = rpc.GrpcServer(
            servicer, settings.host, settings.grpc_port, settings.max_body, shared=self._group is not None
        )

    async def _join(self, stopping: asyncio.Future[signal.Signals]) -> None:
        """Become one of the workers: ready when all are, and without a supervisor as good as told to stop."""

        def gone() -> None:
            if not stopping.done():
                stopping.set_result(signal.SIGTERM)

        if self._group is not None:
            await self._group.join(self._teller, self._set_ready, gone)

    def _become_ready(self) -> None:
        assert self._loaded is not None  # noqa: S101 (its loading has just ended well)
        core, choice = self._loaded.core, self._loaded.choice
        queue = Batcher(core.engine, asyncio.get_running_loop(), observe=self._metrics.called)
        self._service.open(core, queue)
        self._metrics.serving(
            version=self._identity.version,
            digest=self._bundle.digest,
            engine=core.engine.name,
            scores=self._loaded.scores,
            warnings=self._loaded.warnings,
        )
        self._teller.about["engine"] = self.dataplane.parameters["engine"] = choice.describe()
        if self._group is None:
            self._set_ready(True)
            self.on_ready()
        else:
            self._lifecycle.state = State.WAITING
            self._group.loaded()

    def _set_ready(self, ready: bool) -> None:
        """Say whether new traffic should come here; before the model is loaded and while draining it should not."""
        if self._service.core is None or self._lifecycle.state is State.DRAINING:
            return
        self._lifecycle.state = State.READY if ready else State.WAITING
        if self._grpc:
            self._grpc.ready(ready)

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


def _journal(settings: Settings, identity: Identity) -> Journal | None:
    if not settings.log_share:
        return None
    about = {"model": identity.model_name, "version": identity.version, "revision": identity.revision}
    return Journal(settings.log_share, about, sys.stdout, values=settings.log_values)
