"""The operator's entry points: a table of contents. Every event only says *which* ModelDeployment to look at."""

import argparse
import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp
import kopf

from slipway_operator.api import names
from slipway_operator.calls.addresses import Guard
from slipway_operator.cluster.cache.client import CachedClient
from slipway_operator.cluster.claims import Key
from slipway_operator.cluster.client import connect
from slipway_operator.cluster.kinds import MODEL_DEPLOYMENT
from slipway_operator.cluster.lease.election import Election
from slipway_operator.cluster.wiring import Wiring
from slipway_operator.gating import Gating
from slipway_operator.measuring import Measuring
from slipway_operator.queue import Runner
from slipway_operator.reconcile import Reconciler
from slipway_operator.settings import Settings, SettingsError

logger = logging.getLogger(__name__)


def build(settings: Settings) -> kopf.OperatorRegistry:
    """All handlers, sharing one operator."""
    registry = kopf.OperatorRegistry()
    operator = Operator(settings)
    kopf.on.login(registry=registry)(login)
    kopf.on.startup(registry=registry)(operator.start)
    kopf.on.cleanup(registry=registry)(operator.stop)
    kopf.on.probe(id="queue", registry=registry)(operator.probe)
    kopf.on.event(names.GROUP, names.VERSION, names.PLURAL, registry=registry)(operator.on_model_deployment)
    return registry


class Operator:
    """What the handlers share: Kopf watches what users write, the cache what belongs to it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._wiring = Wiring(settings, self._look_at)
        self._runner: Runner[Key] | None = None

    async def start(self, settings: kopf.OperatorSettings, **_: Any) -> None:
        """Before the first event."""
        configure(settings)
        self._client = await connect()
        self._task = asyncio.create_task(self._run())

    async def stop(self, **_: Any) -> None:
        """After the last event: whatever is half done is safe to do again."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._client.close()

    async def probe(self, **_: Any) -> str:
        """The liveness probe: an operator that has stopped working must be restarted."""
        if self._task.done():
            raise RuntimeError("the operator has stopped working")
        return "working" if self._runner else "waiting"

    async def on_model_deployment(self, event: kopf.RawEvent, **_: Any) -> None:
        """A ModelDeployment was listed, created, changed or deleted."""
        self._wiring.cache.see(MODEL_DEPLOYMENT, event["type"], dict(event["object"]))

    async def _run(self) -> None:
        """Follow the cluster, and act while it is our turn; nothing is done before everything has been listed once."""
        listed = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._wiring.cache.run(self._client, listed))
            await listed.wait()
            logger.info("the cluster is known: %d ModelDeployments", len(self._wiring.all()))
            for kind in self._wiring.cache.unserved():
                logger.info("the cluster does not serve %s (%s)", kind.name, kind.api_version)
            if self._settings.lease:
                election = Election(self._client, *self._settings.lease)
                await election.run(lambda: self._act(election.require))
            else:
                await self._act(lambda: None)

    async def _act(self, may_write: Callable[[], None]) -> None:
        """Work off what is to be looked at: first everything, then what changes."""
        client = CachedClient(self._client, self._wiring.cache, may_write)
        async with contextlib.AsyncExitStack() as stack:
            session = await stack.enter_async_context(aiohttp.ClientSession())
            guard = Guard([host for host in [urlsplit(client.host).hostname] if host])
            measuring = await stack.enter_async_context(Measuring(client, guard))
            gating = Gating(client, self._look_at, guard)
            stack.push_async_callback(gating.close)
            reconciler = Reconciler(client, session, self._settings, self._wiring.claims, gating, measuring)
            self._runner = Runner(reconciler)
            stack.callback(self._rest)
            for key in self._wiring.all():
                self._look_at(key)
            await self._runner.run()

    def _look_at(self, key: Key) -> None:
        if self._runner:  # who waits for the lease only keeps up
            self._runner.add(key)

    def _rest(self) -> None:
        self._runner = None


def login(**context: Any) -> kopf.ConnectionInfo | None:
    """Kopf's own watches: by the pod's service account or, outside a cluster, by the user's kubeconfig."""
    return kopf.login_with_service_account(**context) or kopf.login_with_kubeconfig(**context)


class NoDifferences(kopf.DiffBaseStorage):
    """Kopf is to compare no object with what it was: that would be half of its work, and nobody asks for it."""

    def build(self, **_: Any) -> kopf.BodyEssence:
        """What of an object is compared."""
        return cast("kopf.BodyEssence", {})

    def fetch(self, **_: Any) -> None:
        """What it was compared with last."""

    def store(self, **_: Any) -> None:
        """What to compare it with next time."""


def configure(settings: kopf.OperatorSettings) -> None:
    """Kopf as we need it: a reliable watch and nothing else; it writes nothing into objects."""
    settings.posting.enabled = False  # events are our own, with reasons
    settings.scanning.disabled = True  # namespaces and CRDs are not watched: no rights are needed for that
    settings.persistence.diffbase_storage = NoDifferences()
    settings.watching.server_timeout = 300
    settings.watching.client_timeout = 310
    settings.watching.connect_timeout = 30


def main(argv: Sequence[str] | None = None) -> None:
    """The command ``slipway-operator``."""
    parser = argparse.ArgumentParser(
        prog="slipway-operator",
        description="Rolls ModelDeployments out on KServe by evidence, and back by itself.",
        epilog="Settings are environment variables; charts/slipway/values.yaml documents them. Outside a cluster"
        " the current context of your kubeconfig is used.",
    )
    parser.add_argument("command", choices=["run"], help="run the operator until it is stopped")
    parser.add_argument("--verbose", action="store_true", help="log what Kopf does, too")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    if not arguments.verbose:
        logging.getLogger("kopf").setLevel(logging.WARNING)
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        sys.exit(f"slipway-operator: {error}")
    kopf.run(
        registry=build(settings),
        standalone=True,
        clusterwide=True,
        liveness_endpoint=f"http://0.0.0.0:{settings.health_port}/healthz",
    )
