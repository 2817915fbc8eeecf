"""The operator's entry points: a table of contents. Every event only says *which* ModelDeployment to look at."""

import argparse
import asyncio
import contextlib
import logging
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import kopf

from slipway_operator.api import names
from slipway_operator.calls.addresses import Guard
from slipway_operator.cluster.claims import Key
from slipway_operator.cluster.client import connect
from slipway_operator.gating import Gating
from slipway_operator.measuring import Measuring
from slipway_operator.queue import Runner
from slipway_operator.reconcile import Reconciler
from slipway_operator.settings import Settings, SettingsError

OURS = {names.LABEL_DEPLOYMENT: kopf.PRESENT}


def build(settings: Settings) -> kopf.OperatorRegistry:
    """All handlers, sharing one reconciler and one queue."""
    registry = kopf.OperatorRegistry()
    operator = Operator(settings)
    kopf.on.login(registry=registry)(login)
    kopf.on.startup(registry=registry)(operator.start)
    kopf.on.cleanup(registry=registry)(operator.stop)
    kopf.on.probe(id="queue", registry=registry)(operator.probe)
    kopf.on.event(names.GROUP, names.VERSION, names.PLURAL, registry=registry)(operator.on_model_deployment)
    for plural in (names.POLICY_PLURAL, names.CLUSTER_POLICY_PLURAL):
        kopf.on.event(names.GROUP, names.VERSION, plural, registry=registry)(operator.on_policy)
    for group, version, plural in (
        (names.KSERVE_GROUP, "v1beta1", "inferenceservices"),
        ("gateway.networking.k8s.io", "v1", "httproutes"),
        ("", "v1", "pods"),
    ):
        kopf.on.event(group, version, plural, labels=OURS, registry=registry)(operator.on_owned)
    return registry


class Operator:
    """What the handlers share."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = contextlib.AsyncExitStack()

    async def start(self, settings: kopf.OperatorSettings, **_: Any) -> None:
        """Before the first event: connections, the register of host names, the queue."""
        configure(settings)
        client = await connect()
        self._stack.push_async_callback(client.close)
        session = await self._stack.enter_async_context(aiohttp.ClientSession())
        guard = Guard([host for host in [urlsplit(client.host).hostname] if host])
        measuring = await self._stack.enter_async_context(Measuring(client, guard))
        gating = Gating(client, self._look_at, guard)
        self._stack.push_async_callback(gating.close)
        self._reconciler = Reconciler(client, session, self._settings, gating, measuring)
        self._runner: Runner[Key] = Runner(self._reconciler)
        for key in await self._reconciler.seed():
            self._runner.add(key)
        self._task = asyncio.create_task(self._runner.run())

    async def stop(self, **_: Any) -> None:
        """After the last event: whatever is half done is safe to do again."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._stack.aclose()

    async def probe(self, **_: Any) -> str:
        """The liveness probe: an operator whose queue has died must be restarted."""
        if self._task.done():
            raise RuntimeError("the reconcile queue has stopped")
        return "working"

    async def on_model_deployment(self, body: kopf.Body, **_: Any) -> None:
        """A ModelDeployment was created, changed or deleted."""
        self._runner.add(self._reconciler.note(dict(body)))

    def _look_at(self, key: Key) -> None:
        self._runner.add(key)

    async def on_policy(self, namespace: str | None, name: str, **_: Any) -> None:
        """A policy was created, changed or deleted: some ModelDeployment may wait for it."""
        for key in self._reconciler.policies.of((namespace, name)):
            self._runner.add(key)

    async def on_owned(self, namespace: str | None, labels: kopf.Labels, **_: Any) -> None:
        """One of our objects, or a pod of one, was created, changed or deleted."""
        self._runner.add((namespace or "", labels[names.LABEL_DEPLOYMENT]))


def login(**context: Any) -> kopf.ConnectionInfo | None:
    """Kopf's own watches: by the pod's service account or, outside a cluster, by the user's kubeconfig."""
    return kopf.login_with_service_account(**context) or kopf.login_with_kubeconfig(**context)


def configure(settings: kopf.OperatorSettings) -> None:
    """Kopf as we need it: a reliable watch and nothing else; it writes nothing into objects."""
    settings.posting.enabled = False  # events are our own, with reasons
    settings.scanning.disabled = True  # namespaces and CRDs are not watched: no rights are needed for that
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
