"""From a gate that status has running to its outcome: the canary's Service read from a real API server, a real predictor
behind it, and the outcome through ``decide``."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.integration.predictor.conftest import Serve
from tests.integration.predictor.conftest import bundles as bundles
from tests.integration.predictor.conftest import serve as serve

from slipway_contract import open_bundle
from slipway_lab.loopback import free_port
from slipway_operator.api import names
from slipway_operator.api.gates import GateState
from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.api.status import Canary, ModelDeploymentStatus, Stable
from slipway_operator.calls.addresses import Guard
from slipway_operator.cluster.gateway import Parents
from slipway_operator.cluster.kinds import SERVICE
from slipway_operator.cluster.observe import View
from slipway_operator.cluster.render.common import Subject
from slipway_operator.cluster.revisions import Found
from slipway_operator.gating import Gating
from slipway_operator.rollout.effective import effective_rollout
from slipway_operator.rollout.observation import Observation

pytestmark = pytest.mark.integration

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = 20.0


def pod(name: str) -> dict:
    ready = [{"type": "Ready", "status": "True"}]
    return {"metadata": {"name": name}, "spec": {}, "status": {"podIP": "127.0.0.1", "conditions": ready}}


def runtime(port: int) -> dict:
    return {
        "metadata": {
            "annotations": {
                names.ANNOTATION_ADMIN: str(port),
                names.ANNOTATION_RUNTIME: "ClusterServingRuntime/slipway-sklearn",
            }
        }
    }


class Cluster:
    """What the operator would have seen of two revisions, both served by processes here."""

    def __init__(self, serve: Serve, bundles: Path, namespace: str) -> None:
        self.namespace = namespace
        self.ports, self.revisions = {}, {}
        runtimes = {}
        for name in ("v1", "v2"):
            admin = free_port()
            served = serve(bundles / name, "--admin-port", str(admin))
            self.ports[name] = int(served.url.rpartition(":")[2])
            runtimes[name] = runtime(admin)
            digest = open_bundle(bundles / name).digest
            self.revisions[name] = {
                "revision": name,
                "version": name,
                "uri": f"pvc://m/{name}",
                "digest": digest,
            }
        pods = {name: [pod(name)] for name in self.ports}
        found = Found(states={}, pods=pods, runtimes=runtimes, components={})
        self.view = View(Observation(), found, Parents(), (), None)

    def subject(self) -> Subject:
        model = {"uri": "pvc://m/v2", "digest": self.revisions["v2"]["digest"], "name": "breast-cancer"}
        return Subject("churn", self.namespace, "uid", ModelDeploymentSpec.model_validate({"model": model}))

    def status(self, running: str) -> ModelDeploymentStatus:
        rollout = effective_rollout(None)
        order = [gate.name for gate in rollout.gates]
        at = order.index(running)
        states = ["Passed"] * at + ["Running"] + ["Pending"] * (len(order) - at - 1)
        return ModelDeploymentStatus(
            stable=Stable(**self.revisions["v1"], promoted_at=NOW),
            canary=Canary(**self.revisions["v2"], started_at=NOW, ready_at=NOW),
            rollout=rollout,
            gates=[
                GateState(name=name, state=state, attempts=int(state != "Pending"))
                for name, state in zip(order, states, strict=True)
            ],
        )


async def create_service(client, namespace: str, port: int) -> None:
    spec = {"clusterIP": "None", "ports": [{"port": 80, "targetPort": port}]}
    metadata = {"name": "churn-v2-predictor", "namespace": namespace}
    await client.create(SERVICE, {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})


async def outcome(gating: Gating, cluster: Cluster, status: ModelDeploymentStatus, ended: asyncio.Event):
    ended.clear()
    assert gating.outcome(cluster.subject(), cluster.view, status) is None
    await asyncio.wait_for(ended.wait(), PATIENCE)
    return gating.outcome(cluster.subject(), cluster.view, status)


async def test_each_gate_that_status_has_running_is_run_and_its_outcome_fits(
    client, namespace, serve, bundles
):
    cluster = Cluster(serve, bundles, namespace)
    ended = asyncio.Event()
    gating = Gating(client, lambda key: ended.set(), Guard(loopback=True))
    try:
        early = await outcome(gating, cluster, cluster.status("golden"), ended)
        assert (early.verdict, early.message) == ("Error", "the canary's Service has no address yet")
        gating.forget((namespace, "churn"))
        await create_service(client, namespace, cluster.ports["v2"])
        for gate in ("contract", "artifact", "warmup", "golden"):
            found = await outcome(gating, cluster, cluster.status(gate), ended)
            assert found.verdict == "Passed", found.message
            assert (found.ticket.revision, found.ticket.gate, found.ticket.attempt) == ("v2", gate, 1)
        del cluster.view.found.runtimes["v2"]
        gating.forget((namespace, "churn"))
        lost = await outcome(gating, cluster, cluster.status("golden"), ended)
        assert (lost.verdict, lost.message) == ("Error", "the canary's ServingRuntime is gone")
        none = cluster.status("golden").model_copy(update={"canary": None})
        assert gating.outcome(cluster.subject(), cluster.view, none) is None
    finally:
        await gating.close()
