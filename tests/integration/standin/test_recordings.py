"""The stand-in replays what KServe's real controller was recorded doing.

Each step of a recording is applied; then whatever the rest of the cluster said is said again, one thing at a
time. Every status KServe's InferenceService took must be taken, in that order (a controller that looks more often
may show states in between), the last one must be the same, and so must everything that was made.
"""

import copy
from typing import Any

import pytest
import yaml
from tests.fixtures.kserve import distil

from slipway_standin import kinds
from slipway_standin.api import ApiError
from slipway_standin.objects import Obj

pytestmark = pytest.mark.integration

SCENARIOS = [
    "01-create-cluster-local",
    "02-create-with-route",
    "03-container-crashes",
    "04-runtime-missing",
    "05-pvc-missing",
    "06-hpa-default-two-replicas",
    "07-canaryTrafficPercent-ignored-in-standard",
    "10-invalid-specs",
]


def in_namespace(value: Any, namespace: str) -> Any:
    """The recording's namespace is ``rec``; replace it by the test's, in names, hosts and addresses."""
    if isinstance(value, dict):
        return {key: in_namespace(item, namespace) for key, item in value.items()}
    if isinstance(value, list):
        return [in_namespace(item, namespace) for item in value]
    if not isinstance(value, str):
        return value
    if value == "rec":
        return namespace
    return (
        value.replace("-rec.", f"-{namespace}.")
        .replace(".rec.svc", f".{namespace}.svc")
        .replace("rec/", f"{namespace}/")
    )


def assert_in_order(recorded: list[Obj], observed: list[Obj]) -> None:
    """Every recorded status among the observed ones, in the recorded order; the last the same."""
    rest = iter(observed)
    for status in recorded:
        assert any(status == candidate for candidate in rest), (
            f"never seen, or out of order:\n{yaml.safe_dump(status)}"
        )
    if recorded:
        assert observed[-1] == recorded[-1]


class Play:
    """One scenario on one cluster."""

    def __init__(self, cluster: Any) -> None:
        self.cluster = cluster
        self.expected: dict[str, Obj] = {}
        self.pod: Obj | None = None

    async def step(self, step: Obj) -> None:
        refusal = await self._apply(step)
        assert refusal == (step["refused"]["sentence"] if "refused" in step else None)
        observed = await self.cluster.settle()
        recorded = []
        for event in step["events"]:
            [(name, said)] = event.items()
            if name.startswith("InferenceService/"):
                recorded.append(said)
            elif name == "deleted":
                await self._deleted(said)
            elif await self._say(*name.split("/"), said):
                observed += await self.cluster.settle()
        assert_in_order(recorded, observed)
        self.expected |= step["objects"]
        if step["step"] != "delete":
            await self._compare(step["present"])

    async def _apply(self, step: Obj) -> str | None:
        """Do what the step did; the sentence of the refusal, if it was refused."""
        try:
            if step["input"]:
                await self.cluster.apply(step["input"])
            elif step["step"] == "delete":
                await self.cluster.api.delete(kinds.ISVC, self.cluster.namespace, "m")
            else:
                isvc = await self.cluster.get("InferenceService", "m")
                isvc["metadata"]["annotations"] = step["annotations"]
                await self.cluster.api.replace(kinds.ISVC, isvc)
        except ApiError as error:
            return error.message.partition(" denied the request: ")[2]
        return None

    async def _say(self, kind: str, name: str, said: Obj) -> bool:
        if kind == "Pod":
            await self._pod(name, said)
            return False
        return bool(await self.cluster.say(kind, name, said))

    async def _pod(self, name: str, said: Obj) -> None:
        if await self.cluster.get("Pod", name) is None:
            deployment = await self.cluster.get("Deployment", "m-predictor")
            if deployment is None:
                return
            template = copy.deepcopy(deployment["spec"]["template"])
            template["metadata"] |= {"name": name}
            made = await self.cluster.apply({"apiVersion": "v1", "kind": "Pod", **template})
            self.pod = self.pod or made
        ready = {"type": "Ready", "status": "True" if said["ready"] else "False"}
        states = [
            {"name": "kserve-container", "ready": False, "restartCount": 1, "image": "x", "imageID": "x",
             "state": {"waiting": {"reason": reason}}}
            for reason in said["containers"]
        ]  # fmt: skip
        await self.cluster.say(
            "Pod", name, {"phase": said["phase"], "conditions": [ready], "containerStatuses": states}
        )

    async def _deleted(self, name: str) -> None:
        """Pods go when the kubelet says so; everything else must be gone already, or goes with its owner."""
        kind, _, name = name.partition("/")
        if kind == "Pod":
            await self.cluster.api.delete(kinds.POD, self.cluster.namespace, name)

    async def _compare(self, present: list[str]) -> None:
        for name, expected in self.expected.items():
            if name == "Pod":
                live = self.pod
            elif name in present:
                live = await self.cluster.get(*name.split("/"))
            else:
                assert await self.cluster.get(*name.split("/")) is None, f"{name} should be gone"
                continue
            assert live, f"{name} was not made"
            assert distil.slim(live) == expected, name


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_the_stand_in_does_what_kserve_did(cluster: Any, scenario: str, recorded: Any) -> None:
    play = Play(cluster)
    for step in in_namespace(recorded(scenario), cluster.namespace):
        await play.step(step)
    if scenario.startswith("01"):
        assert await cluster.get("InferenceService", "m") is None
