"""What must not matter: an operator that dies, a runtime that is edited, a deletion with nobody there."""

import asyncio
import time

import pytest
from tests.e2e.slipway import NAME, condition

pytestmark = pytest.mark.e2e

OPERATOR = ("-n", "slipway")


def operator_pod(place) -> str:
    found = place.target.get("pods", *OPERATOR, "-l", "app.kubernetes.io/component=operator")
    return next(
        pod["metadata"]["name"] for pod in found["items"] if "deletionTimestamp" not in pod["metadata"]
    )


async def test_an_operator_killed_in_mid_rollout_goes_on_where_it_stopped(place):
    await asyncio.to_thread(place.serve, "1")
    client = place.client(rate=50)
    async with client.running():
        place.apply("2", steps=[{"weight": 10, "hold": "3s"}, {"weight": 50, "hold": "5s"}])
        await asyncio.to_thread(place.until, lambda s: s["weight"] == 10)
        for _ in range(2):
            pod = operator_pod(place)
            place.target.run("delete", "pod", pod, *OPERATOR, "--grace-period=0", "--force")
            await asyncio.sleep(4)
        status = await asyncio.to_thread(
            place.until, lambda s: s["phase"] == "Healthy" and s["stable"]["version"] == "2"
        )
    assert not [answer for answer in client.answers if answer.failed]
    assert [entry["outcome"] for entry in status["history"]] == ["Promoted", "Promoted"]


def test_an_edited_runtime_replaces_no_pod_and_is_told(place):
    place.target.apply(custom_runtime(place, "1"))
    try:
        place.serve("1", model={"runtime": f"custom-{place.namespace}"})
        pods = place.pods()
        place.target.apply(custom_runtime(place, "2"))
        place.until(lambda s: condition(s, "RuntimeOutdated")[0] == "True", 90)
        assert place.pods() == pods
        place.apply("2", model={"runtime": f"custom-{place.namespace}"})
        place.until(lambda s: s["phase"] == "Healthy" and s["stable"]["version"] == "2")
        assert condition(place.status(), "RuntimeOutdated")[0] == "False"
    finally:
        place.target.run("delete", "clusterservingruntime", f"custom-{place.namespace}")


def custom_runtime(place, mark: str) -> dict:
    source = place.target.get("clusterservingruntime", "slipway-sklearn")
    container = source["spec"]["containers"][0]
    container["env"] = [*container["env"], {"name": "MARK", "value": mark}]
    annotations = {
        key: value for key, value in source["metadata"]["annotations"].items() if "slipway.dev" in key
    }
    name = f"custom-{place.namespace}"
    metadata = {"name": name, "annotations": annotations}
    return {**{key: source[key] for key in ("apiVersion", "kind", "spec")}, "metadata": metadata}


def test_scale_bounds_change_in_place(place):
    status = place.serve("1")
    (first,) = place.pods()
    place.apply("1", template={"spec": {"predictor": {"minReplicas": 2}}})
    deadline = time.monotonic() + 60
    while len(place.pods()) < 2 and time.monotonic() < deadline:
        time.sleep(0.5)
    assert len(place.pods()) == 2
    assert first in place.pods(), "the pod that serves was touched"
    assert place.status()["stable"]["revision"] == status["stable"]["revision"]


def test_deletion_needs_no_operator(place):
    place.serve("1")
    place.target.run("scale", "deployment", "slipway-operator", *OPERATOR, "--replicas=0")
    try:
        place.kubectl("delete", "md", NAME, "--timeout=30s")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and left(place):
            time.sleep(0.5)
        assert not left(place)
    finally:
        place.target.run("scale", "deployment", "slipway-operator", *OPERATOR, "--replicas=1")
        place.target.run("rollout", "status", "deployment", "slipway-operator", *OPERATOR, "--timeout=60s")


def left(place) -> list[str]:
    kinds = "inferenceservices,servingruntimes,httproutes,deployments,pods"
    found = place.target.get(kinds, "-n", place.namespace) or {"items": []}
    services = place.target.get("services", "-n", place.namespace) or {"items": []}
    return [f"{item['kind']}/{item['metadata']['name']}" for item in (*found["items"], *services["items"])]


def test_an_edited_route_is_set_right(place):
    status = place.serve("1")
    backend = f"{NAME}-{status['stable']['revision']}-predictor"
    patch = '[{"op": "replace", "path": "/spec/hostnames", "value": ["elsewhere.example.com"]}]'
    place.kubectl("patch", "httproute", NAME, "--type=json", "-p", patch)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        route = place.target.get("httproute", NAME, "-n", place.namespace)
        if f"{NAME}-{place.namespace}.localhost" in route["spec"]["hostnames"]:
            break
        time.sleep(0.5)
    assert f"{NAME}-{place.namespace}.localhost" in route["spec"]["hostnames"]
    assert [part["name"] for part in route["spec"]["rules"][0]["backendRefs"]] == [backend]


async def test_what_is_deleted_or_edited_behind_its_back_is_put_back_and_told(place):
    status = await asyncio.to_thread(place.serve, "1")
    revision = f"{NAME}-{status['stable']['revision']}"
    spec = place.target.get("inferenceservice", revision, "-n", place.namespace)["spec"]
    place.kubectl("delete", "servingruntime", revision)
    place.kubectl("delete", "httproute", NAME)
    route = '{"spec":{"hostnames":["elsewhere.example.com"]}}'
    await asyncio.to_thread(place.until, lambda s: place.events().count("Repaired") == 2)
    await asyncio.to_thread(place.until, lambda s: s["phase"] == "Healthy")
    place.kubectl("patch", "httproute", NAME, "--type=merge", "--patch", route)
    place.kubectl(
        "patch",
        "inferenceservice",
        revision,
        "--type=merge",
        "--patch",
        '{"spec":{"predictor":{"model":{"storageUri":"pvc://models/else"}}}}',
    )
    await asyncio.to_thread(place.until, lambda s: place.events().count("Repaired") == 4)
    await asyncio.to_thread(place.until, lambda s: s["phase"] == "Healthy")
    assert place.target.get("inferenceservice", revision, "-n", place.namespace)["spec"] == spec
    await asyncio.sleep(5)
    assert place.events().count("Repaired") == 4, "a repair is told more than once"
