"""The stand-in against a real API server: no kubelet and no controllers, so a test says what they would say.

``cluster`` is that API server with KServe's resources, the runtime of the recordings and the stand-in's webhooks;
``play`` replays a recorded scenario on it.
"""

import asyncio
import contextlib
import functools
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from tests.fixtures.kserve import distil

from slipway_lab.loopback import free_port
from slipway_standin import certs, kinds, webhook
from slipway_standin.api import Api, ApiError
from slipway_standin.apply import NotOursError, StillThereError
from slipway_standin.controller import Controller, UnservedError
from slipway_standin.kinds import Kind
from slipway_standin.objects import Key, Obj
from slipway_standin.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[3]
FIXTURES = CHECKOUT / "tests/fixtures/kserve"


@functools.cache
def crds() -> list[Obj]:
    """KServe's full resources where KSERVE_CONFIG names them, else the minimal ones; and HTTPRoute."""
    full = os.environ.get("KSERVE_CONFIG")
    kserve = (
        sorted(Path(full, "crds").glob("*.yaml")) if full else [CHECKOUT / "lab/crds/kserve-minimal.yaml"]
    )
    files = [*kserve, Path(__file__).with_name("httproute-crd.yaml")]
    return [crd for file in files for crd in yaml.load_all(file.read_text(), yaml.CSafeLoader)]


CRD = Kind("apis/apiextensions.k8s.io/v1", "customresourcedefinitions", namespaced=False)
ACCOUNT = Kind("api/v1", "serviceaccounts")
KINDS = {
    "InferenceService": kinds.ISVC,
    "Deployment": kinds.DEPLOYMENT,
    "Service": kinds.SERVICE,
    "HTTPRoute": kinds.ROUTE,
    "HorizontalPodAutoscaler": kinds.HPA,
    "Pod": kinds.POD,
}


@pytest.fixture
def recorded() -> Callable[[str], list[Obj]]:
    """The steps of a recorded scenario, by its name."""
    return lambda scenario: yaml.safe_load((FIXTURES / f"{scenario}.yaml").read_text())


@dataclass
class Cluster:
    """The API server, a controller that is called by hand, and one namespace."""

    api: Api
    controller: Controller
    namespace: str
    kubeconfig: Path

    async def settle(self, name: str = "m") -> list[Obj]:
        """Look at an InferenceService until nothing more is written; every status it took on the way."""
        seen: list[Obj] = []
        for _ in range(12):
            before = self.api.writes
            with contextlib.suppress(UnservedError, NotOursError, StillThereError):
                await self.controller.reconcile(Key(self.namespace, name))
            isvc = await self.get("InferenceService", name)
            if isvc and isvc.get("status"):
                seen.append(distil.timeless(isvc["status"]))
            if self.api.writes == before:
                return seen
        raise AssertionError("the stand-in keeps writing: it does not settle")

    async def get(self, kind: str, name: str) -> Obj | None:
        """An object of the namespace, its kind filled in as lists and reads leave it."""
        return await self.api.get(KINDS[kind], self.namespace, name)

    async def apply(self, obj: Obj) -> Obj:
        """Create or replace (spec, labels and annotations) an object in the namespace."""
        metadata = {**obj["metadata"], "namespace": self.namespace}
        kind = KINDS[obj["kind"]]
        present = await self.api.get(kind, self.namespace, metadata["name"])
        if present is None:
            return await self.api.create(kind, {**obj, "metadata": metadata})
        return await self.api.replace(
            kind, {**present, "spec": obj["spec"], "metadata": present["metadata"] | metadata}
        )

    async def serve(self, name: str = "m") -> None:
        """Let the Deployment and one pod become ready, and settle."""
        deployment = await self.get("Deployment", f"{name}-predictor")
        assert deployment
        template = deployment["spec"]["template"]
        pod = {**template, "metadata": {**template["metadata"], "name": f"{name}-pod"}}
        await self.apply({"apiVersion": "v1", "kind": "Pod", **pod})
        ready = {"type": "Ready", "status": "True"}
        await self.say("Pod", f"{name}-pod", {"phase": "Running", "conditions": [ready]})
        done = {
            "type": "Progressing",
            "status": "True",
            "reason": "NewReplicaSetAvailable",
            "message": "done",
        }
        available = {
            "type": "Available",
            "status": "True",
            "reason": "MinimumReplicasAvailable",
            "message": "up",
        }
        await self.say(
            "Deployment", f"{name}-predictor", {"observedGeneration": 1, "conditions": [done, available]}
        )
        await self.settle(name)

    async def say(self, kind: str, name: str, status: Obj) -> bool:
        """Give an object a status, as its controller would; whether it is there at all."""
        present = await self.get(kind, name)
        if present is not None:
            await self.api.replace(KINDS[kind], {**present, "status": status}, subresource="status")
        return present is not None


def an_isvc(name: str = "m", /, *, public: bool = False, **annotations: str) -> Obj:
    """An InferenceService like the recordings'; annotations by the last part of their key."""
    keys = {"deploymentMode": "Standard", "autoscalerClass": "none", **annotations}
    model = {"modelFormat": {"name": "sklearn"}, "runtime": "lab-sklearn", "storageUri": "pvc://models/v1"}
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": name,
            "annotations": {f"serving.kserve.io/{key}": value for key, value in keys.items()},
            "labels": {} if public else {"networking.kserve.io/visibility": "cluster-local"},
        },
        "spec": {"predictor": {"model": model}},
    }


@pytest.fixture(name="an_isvc")
def an_isvc_fixture() -> Callable[..., Obj]:
    """Builds InferenceServices."""
    return an_isvc


async def install(api: Api, crds: list[Obj]) -> None:
    """Create the custom resources that are not there, and wait until they are served."""
    for crd in crds:
        if await api.get(CRD, "", crd["metadata"]["name"]) is None:
            await api.create(CRD, crd)
        spec = crd["spec"]
        kind = Kind(
            f"apis/{spec['group']}/{spec['versions'][0]['name']}", spec["names"]["plural"], namespaced=False
        )
        for _ in range(200):
            with contextlib.suppress(ApiError):
                await api.list(kind)
                break
            await asyncio.sleep(0.05)
        else:
            raise AssertionError(f"{crd['metadata']['name']} is not served")


@contextlib.asynccontextmanager
async def webhooks(api: Api) -> AsyncIterator[None]:
    """The stand-in's admission webhooks, gone again afterwards: the API server is shared with other tests."""
    certificate = await certs.obtain(api, "kserve", "127.0.0.1")
    runner = web.AppRunner(webhook.application("Standard"))
    await runner.setup()
    port = free_port()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=certificate.server_context()).start()
        await webhook.register(api, f"127.0.0.1:{port}", certificate.ca_bundle)
        yield
    finally:
        await unregister(api)
        await runner.cleanup()


async def unregister(api: Api) -> None:
    """Take the webhooks out of the API server's configuration."""
    for kind in (kinds.MUTATING_WEBHOOK, kinds.VALIDATING_WEBHOOK):
        await api.delete(kind, "", webhook.CONFIGURATION)


@pytest.fixture
async def api(apiserver: Any) -> AsyncIterator[Api]:
    """A client of the API server, with KServe's resources and the recordings' runtime."""
    async with await Api.connect(str(apiserver.kubeconfig)) as api:
        await install(api, crds())
        runtime = yaml.safe_load((FIXTURES / "runtime.yaml").read_text())
        await api.delete(kinds.CLUSTER_RUNTIME, "", runtime["metadata"]["name"])
        await api.create(kinds.CLUSTER_RUNTIME, runtime)
        yield api
        await api.delete(kinds.CLUSTER_RUNTIME, "", runtime["metadata"]["name"])


@pytest.fixture
async def cluster(api: Api, apiserver: Any, namespace: str) -> AsyncIterator[Cluster]:
    """The API server with the webhooks running and one namespace whose pods may be made."""
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": namespace},
    }
    with contextlib.suppress(ApiError):
        await api.create(ACCOUNT, account)
    async with webhooks(api):
        yield Cluster(api, Controller(api, Settings()), namespace, Path(apiserver.kubeconfig))


@pytest.fixture
async def unregistered(api: Api) -> AsyncIterator[None]:
    """Takes the webhooks of a program that has ended out of the API server again."""
    yield
    await unregister(api)


@pytest.fixture
def cluster_kubeconfig(apiserver: Any) -> Path:
    """The kubeconfig of the API server."""
    return Path(apiserver.kubeconfig)


@pytest.fixture
def cluster_settings(cluster_kubeconfig: Path) -> Obj:
    """What the kubeconfig says."""
    return dict(yaml.safe_load(cluster_kubeconfig.read_text()))


@pytest.fixture
def two_ports() -> tuple[int, int]:
    """Two free ports."""
    return free_port(), free_port()
