"""A mirrored request keeps its id, so that the answers of two revisions can be told to be of one request."""

import json
import subprocess
import urllib.request
from pathlib import Path

import pytest
from tests.e2e.slipway import NAME

pytestmark = pytest.mark.e2e

CHECKOUT = Path(__file__).resolve().parents[2]
ADMIN_PORT = 8082


def answers(place, revision: str) -> list[dict]:
    """The last answers of a revision's pod, from its admin port."""
    found = place.target.get("pods", "-n", place.namespace, "-l", f"slipway.dev/revision={revision}")
    address = found["items"][0]["status"]["podIP"]
    url = f"http://{address}:{ADMIN_PORT}/answers"
    done = subprocess.run(
        [CHECKOUT / "lab/exec", "curl", "--silent", "--fail", url], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)["answers"]


def test_answers_of_stable_and_mirror_are_paired_by_request_id(place):
    place.serve("1")
    place.target.apply(place.body("2", name="shadow"))
    shadow = place.until(lambda s: s["phase"] == "Healthy", name="shadow")["stable"]["revision"]
    stable = place.status()["stable"]["revision"]
    host = f"mirrored-{place.namespace}.localhost"
    backends = {name: f"{md}-{revision}-predictor" for name, md, revision in (
        ("stable", NAME, stable), ("shadow", "shadow", shadow))}  # fmt: skip
    gateway = {"name": "kserve-ingress-gateway", "namespace": "kserve"}
    mirror = {"backendRef": {"name": backends["shadow"], "port": 80}}
    rule = {
        "backendRefs": [{"name": backends["stable"], "port": 80}],
        "filters": [{"type": "RequestMirror", "requestMirror": mirror}],
    }
    place.target.apply(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": {"name": "mirrored", "namespace": place.namespace},
            "spec": {"parentRefs": [gateway], "hostnames": [host], "rules": [rule]},
        }
    )
    place.kubectl(
        "wait", "httproute/mirrored", "--for=jsonpath={.status.parents[0].conditions[0].status}=True"
    )
    row = json.dumps(
        {"inputs": [{"name": "input", "datatype": "FP64", "shape": [1, 30], "data": place.models.rows[0]}]}
    )
    request = urllib.request.Request(
        f"{place.target.url}/v2/models/{NAME}/infer",
        row.encode(),
        {"Host": host, "Content-Type": "application/json"},
    )
    sent = 0
    for _ in range(200):
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert answer.status == 200
                sent += 1
        except urllib.error.HTTPError:
            continue  # the proxies do not have the route yet
        if sent == 20:
            break
    assert sent == 20
    ours = {part["id"]: part["label"] for part in answers(place, stable)}
    theirs = {part["id"]: part["label"] for part in answers(place, shadow)}
    paired = ours.keys() & theirs.keys()
    assert len(paired) >= 18, f"{len(paired)} of {len(ours)} ids are in both rings"
    assert [ours[name] for name in paired] == [theirs[name] for name in paired]
