"""The server's life: it listens before its model is loaded and is stopped after its last request.

listen -> load in a thread -> ready -> import KServe's server in a thread -> (signal) -> draining: answer, but report not ready -> quiet -> exit
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import uvloop

from slipway_contract import Bundle
from slipway_predictor.engines import Batcher
from slipway_predictor.monitoring.journal import Journal
from slipway_predictor.monitoring.logs import LOGGER
from slipway_predictor.monitoring.metrics import Metrics
from slipway_predictor.serving import loading
from slipway_predictor.serving.admin import AdminServer
from slipway_predictor.serving.catalog import Catalog
from slipway_predictor.serving.core import Identity
from slipway_predictor.serving.docs import Docs
from slipway_predictor.serving.figures import MetricsRoute
from slipway_predictor.serving.garbage import kept
from slipway_predictor.serving.handover import Handover
from slipway_predictor.serving.http import HttpServer, Patience
from slipway_predictor.serving.inference import InferenceRoutes
from slipway_predictor.serving.lane import Lane
from slipway_predictor.serving.lifecycle import Lifecycle, State
from slipway_predictor.serving.offer import Offer
from slipway_predictor.serving.peers import Alone, Group, Peers, Teller
from slipway_predictor.serving.rest import RestRoutes
from slipway_predictor.serving.service import Service
from slipway_predictor.serving.sockets import Listeners
from slipway_predictor.serving.waiting import first, in_thread, signalled
from slipway_predictor.settings import Settings

if TYPE_CHECKING:
    from slipway_predictor.serving.dataplane import BundleDataPlane
    from slipway_predictor.serving.rpc import GrpcServer

_log = logging.getLogger(LOGGER)

# Seconds without a request before a draining server goes: the endpoints' news takes about this long to spread.
_QUIET = 1.0
_CLOSING = 2  # seconds for connections to close after the last request
_SWEEP = 0.02  # seconds between two looks at the deadlines


class Server:
    """The server of one bundle; `group`: the workers it is one of, where it is."""

    def __init__(
        self,
        settings: Settings,
        bundle: Bundle,
        identity: Identity,
        listeners: Listeners,
        group: Group | None = None,
    ) -> None:
        self.on_ready: Callable[[], None] = lambda: None
        self._settings = settings
        self._bundle = bundle
        self._identity = identity
        self._lifecycle = Lifecycle()
        self._metrics = Metrics(identity.model_name, identity.revision)
        self._metrics.under_way = lambda: self._lifecycle.under_way
        self._journal = _journal(settings, identity)
        self._service = Service(identity, self._lifecycle, self._metrics, settings.timeout, self._journal)
        self._catalog = Catalog(identity, bundle.manifest, bundle.digest)
        self._teller = Teller(self._service, self._about())
        self._group = group
        self._handover = Handover(self._kserve)
        self._grpc: GrpcServer | None = None
        self._was_ready = asyncio.Event()
        peers: Peers = Alone(self._teller) if group is None else group
        metrics = MetricsRoute(peers, identity)
        inference = InferenceRoutes(self._catalog, self._service, self._handover, settings.max_body)
        routes = RestRoutes(self._catalog, self._service, Docs(self._catalog), metrics, inference)
        self._http = HttpServer(
            routes.application(),
            self._lifecycle,
            listeners.http,
            _CLOSING,
            Lane(self._service, settings.max_body) if settings.fast else None,
            Patience(settings.idle, settings.reading),
        )
        offer = Offer(bundle, identity)
        self._admin = None if listeners.admin is None else AdminServer(peers, metrics, offer, listeners.admin)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises BundleError when the bundle cannot be loaded."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            left = runner.run(self._serve())
        if self._journal:
            self._journal.close()
        if left:
            _log.warning("%d request(s) were cut off: the pod's grace period is too short for them", left)
            sys.stdout.flush()
            os._exit(0)  # their threads would be waited for, past the time that was given

    def _kserve(self) -> "BundleDataPlane":
        """Import KServe's server and put the model into it."""
        from slipway_predictor.serving.kserve_side import KServe

        return KServe(self._catalog, self._service).dataplane

    def _about(self) -> dict[str, Any]:
        identity = self._identity
        return {
            "model": identity.model_name,
            "version": identity.version,
            "revision": identity.revision,
            "digest": self._bundle.digest,
        }

    def _load(self) -> loading.Loaded:
        with kept():
            return loading.load(self._bundle, self._identity, self._settings.engine)

    async def _serve(self) -> int:
        """Run the whole life; return how many requests were cut off."""
        stopping = signalled()
        http = asyncio.create_task(self._http.start())
        admin = [asyncio.create_task(self._admin.start())] if self._admin else []
        self._start_grpc()
        await self._join(stopping)
        loaded = in_thread(self._load)
        sweeping = asyncio.create_task(self._sweep())
        try:
            await first(loaded, stopping, http)
            if loaded.done():
                self._become_ready(loaded.result())
                await self._ready_until(stopping, http)
            hurry = stopping.done() and stopping.result() is signal.SIGINT
            return await self._drain(0.0 if hurry else _QUIET)
        finally:
            loaded.cancel()
            sweeping.cancel()
            self._http.stop()
            if self._admin:
                self._admin.stop()
            if self._grpc:
                self._grpc.stop(0)
            await asyncio.gather(http, *admin)

    async def _ready_until(self, *ends: asyncio.Future[Any]) -> None:
        """Serve until one of `ends`; at first, import what was not needed to be ready."""
        completing = asyncio.create_task(self._complete())
        try:
            await first(completing, *ends)
            if completing.done():
                await first(*ends)
        finally:
            completing.cancel()

    async def _complete(self) -> None:
        await (
            self._was_ready.wait()
        )  # with other workers, when all are: an import would slow their loading down
        await self._handover.dataplane()

    async def _sweep(self) -> None:
        """Let nobody wait longer than it is given."""
        while True:
            await asyncio.sleep(_SWEEP)
            self._service.sweep()

    def _start_grpc(self) -> None:
        settings = self._settings
        if settings.grpc_port is None:
            return
        from slipway_predictor.serving.rpc import GrpcServer, Servicer  # brings grpcio

        servicer = Servicer(self._catalog, self._service, asyncio.get_running_loop())
        self._grpc = GrpcServer(
            servicer, settings.host, settings.grpc_port, settings.max_body, shared=self._group is not None
        )

    async def _join(self, stopping: asyncio.Future[signal.Signals]) -> None:
        """Become one of the workers: ready when all are, and without a supervisor as good as told to stop."""

        def gone() -> None:
            if not stopping.done():
                stopping.set_result(signal.SIGTERM)

        if self._group is not None:
            await self._group.join(self._teller, self._set_ready, gone)

    def _become_ready(self, loaded: loading.Loaded) -> None:
        core, choice = loaded.core, loaded.choice
        queue = Batcher(core.engine, asyncio.get_running_loop(), observe=self._metrics.called)
        self._service.open(core, queue)
        self._metrics.serving(
            version=self._identity.version,
            digest=self._bundle.digest,
            engine=core.engine.name,
            scores=loaded.scores,
            warnings=loaded.warnings,
            fills=core.fills,
        )
        self._teller.about["engine"] = self._catalog.parameters["engine"] = choice.describe()
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
        if ready:
            self._was_ready.set()
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
