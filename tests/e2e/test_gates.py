"""Gates before the first request: what they let pass, and what they keep from every client."""

import asyncio
import json

import pytest
from tests.e2e.slipway import NAME
from tests.e2e.test_resilience import OPERATOR, custom_runtime, operator_pod

from slipway_contract import Manifest, checksums, open_bundle, write_bundle
from slipway_demo.storage import publish

pytestmark = pytest.mark.e2e

BUILT_IN = ["contract", "artifact", "warmup", "golden"]
HOOK = """
import http.server, json, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        seen = f"{body['gate']} of {body['name']} version {body['canary']['version']}"
        if self.path == "/slow":
            time.sleep(6)
        self.send_response(403 if self.path == "/no" else 200)
        self.end_headers()
        self.wfile.write(json.dumps({"message": f"asked for {seen}"}).encode())
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""


def states(status) -> dict[str, str]:
    return {gate["name"]: gate["state"] for gate in status["gates"]}


def said(status, name: str) -> str:
    return next(gate["message"] for gate in status["gates"] if gate["name"] == name)


def variant(place, folder, golden=None, **fields) -> dict:
    """Publish version 5: version 2 with other fields in its manifest, or other golden rows; returns its spec.model."""
    bundle = open_bundle(place.models.folder / "v2")
    manifest = bundle.manifest
    files = {path: bundle.read(path) for path in manifest.files}
    if golden:
        document = json.loads(files[manifest.golden])
        golden(document)
        files[manifest.golden] = json.dumps(document).encode()
    content = manifest.model_dump() | {"version": "5", "files": checksums(files)} | fields
    made = write_bundle(folder / "v5", Manifest.model_validate(content), files)
    publish(place.target, place.namespace, folder)
    return {"uri": "pvc://models/v5", "version": "5", "digest": made.digest}


async def refused(place, version, **over):
    """Ask for a revision under traffic until it was sent back; nobody but stable may have answered."""
    await asyncio.to_thread(place.serve, "1")
    client = place.client(rate=40)
    async with client.running():
        await asyncio.to_thread(place.apply, version, **over)
        status = await asyncio.to_thread(place.until, lambda s: s["phase"] == "RolledBack")
        await asyncio.sleep(1)
    assert {answer.revision for answer in client.answers} == {status["stable"]["revision"]}
    assert not [answer for answer in client.answers if answer.failed]
    return status


async def test_a_good_model_passes_all_gates_before_its_first_request(place):
    await asyncio.to_thread(place.serve, "1")
    client = place.client(rate=40)
    async with client.running():
        await asyncio.to_thread(place.apply, "2")
        status = await asyncio.to_thread(
            place.until, lambda s: s["phase"] == "Healthy" and s["stable"]["version"] == "2"
        )
    assert states(status) == dict.fromkeys(BUILT_IN, "Passed"), status["gates"]
    assert said(status, "contract") == "version 2 takes and answers all that version 1 does"
    assert said(status, "golden") == "all 32 golden rows are answered as recorded"
    assert not [answer for answer in client.answers if answer.failed]
    assert place.events().count("GatesPassed") == 1


async def test_a_contract_that_breaks_gets_no_request_and_says_why(place, tmp_path):
    manifest = open_bundle(place.models.folder / "v2").manifest
    outputs = [entry for entry in manifest.outputs if entry.name != "probability"]
    model = await asyncio.to_thread(variant, place, tmp_path, outputs=outputs)
    status = await refused(place, "2", model=model)
    assert status["failed"]["reason"] == "GateFailed"
    assert status["failed"]["message"] == (
        "gate contract: clients of version 1 would break on version 5: output 'probability' is gone"
    )
    assert states(status) == {"contract": "Failed", **dict.fromkeys(BUILT_IN[1:], "Skipped")}
    # Whoever wants the break says so, and the same revision gets through.
    off = {"gates": {"contract": {"enabled": False}, "golden": {"enabled": False}}}
    place.apply("2", model=model, rollout=off)
    place.kubectl("annotate", "md", NAME, "slipway.dev/retry=1", "--overwrite")
    place.until(lambda s: s["phase"] == "Healthy" and s["stable"]["version"] == "5")


async def test_golden_rows_that_are_answered_otherwise_keep_the_model_out(place, tmp_path):
    def change(document):
        document["outputs"]["label"][3] = 1 - document["outputs"]["label"][3]

    model = await asyncio.to_thread(variant, place, tmp_path, change)
    status = await refused(place, "2", model=model)
    assert status["failed"]["reason"] == "GateFailed"
    assert (
        "gate golden: 1 golden row(s) are answered otherwise, the first of them row 3: output 'label'"
        in (status["failed"]["message"])
    )


def hook(place) -> str:
    """A program of the user's in the cluster; returns its URL."""
    labels = {"app": "hook"}
    container = {"name": "hook", "image": place.target.predictor_image, "command": ["python3", "-c", HOOK]}
    pod = {"containers": [container], "terminationGracePeriodSeconds": 1}
    about = {"name": "hook", "namespace": place.namespace}
    port = {"port": 80, "targetPort": 8080}
    place.target.apply(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {**about, "labels": labels}, "spec": pod},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": about,
            "spec": {"selector": labels, "ports": [port]},
        },
    )
    place.kubectl("wait", "pod/hook", "--for=condition=Ready", "--timeout=60s")
    return f"http://hook.{place.namespace}.svc"


async def test_a_webhook_says_no_and_why(place):
    url = await asyncio.to_thread(hook, place)
    webhook = {"name": "risk", "url": f"{url}/no", "retries": 1}
    status = await refused(place, "2", rollout={"gates": {"webhooks": [webhook]}})
    assert status["failed"]["message"] == (
        f"gate webhook/risk: answered 403: asked for risk of {NAME} version 2 (tried 2 times)"
    )
    gate = status["gates"][-1]
    assert [answer["code"] for answer in gate["answers"]] == [403, 403]


async def test_an_operator_killed_while_a_gate_runs_runs_it_again(place):
    url = await asyncio.to_thread(hook, place)
    await asyncio.to_thread(place.serve, "1")
    webhook = {"name": "slow", "url": f"{url}/slow", "timeout": "20s"}
    place.apply("2", rollout={"gates": {"webhooks": [webhook]}})
    await asyncio.to_thread(
        place.until, lambda s: states(s).get("webhook/slow") == "Running" if s.get("gates") else 0
    )
    place.target.run("delete", "pod", operator_pod(place), *OPERATOR, "--grace-period=0", "--force")
    status = await asyncio.to_thread(
        place.until, lambda s: s["phase"] == "Healthy" and s["stable"]["version"] == "2"
    )
    assert states(status)["webhook/slow"] == "Passed"
    assert said(status, "webhook/slow") == f"answered 200: asked for slow of {NAME} version 2"


def test_a_runtime_that_tells_nothing_is_skipped_and_says_so(place):
    name = f"custom-{place.namespace}"
    runtime = custom_runtime(place, "foreign")
    del runtime["metadata"]["annotations"]["slipway.dev/admin"]
    place.target.apply(runtime)
    try:
        place.serve("1")
        place.apply("2", model={"runtime": name})
        status = place.until(lambda s: s["phase"] == "Healthy" and s["stable"]["version"] == "2")
        assert states(status) == dict.fromkeys(BUILT_IN, "Skipped")
        assert f"runs on ClusterServingRuntime/{name}, which has no admin port" in said(status, "golden")
    finally:
        place.target.run("delete", "clusterservingruntime", name)


def asking(image: str, code: int) -> dict:
    """A Job that asks the canary what it is, says so, and ends with this code."""
    script = (
        "import os, sys, urllib.request;"
        "url = os.environ['SLIPWAY_CANARY_URL'] + '/v2/models/' + os.environ['SLIPWAY_MODEL'];"
        "said = urllib.request.urlopen(url, timeout=10).read().decode();"
        "open('/dev/termination-log', 'w').write('versions ' + said.split('versions')[1][:12]);"
        f"sys.exit({code})"
    )
    container = {"name": "ask", "image": image, "command": ["python3", "-c", script]}
    return {"template": {"spec": {"containers": [container]}}}


async def test_jobs_decide_by_their_exit_code_and_their_words_are_told(place):
    image = place.target.predictor_image
    jobs = [{"name": "good", "spec": asking(image, 0)}, {"name": "bad", "spec": asking(image, 3)}]
    status = await refused(place, "2", rollout={"gates": {"jobs": jobs}})
    assert states(status)["job/good"] == "Passed"
    assert "has completed: versions" in said(status, "job/good")
    assert status["failed"]["reason"] == "GateFailed"
    assert "has failed" in said(status, "job/bad")
    assert "versions" in said(status, "job/bad")
