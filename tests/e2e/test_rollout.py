"""The main job under real traffic: steps, promotion, and the ways back."""

import asyncio
import json
import subprocess

import pytest
from tests.e2e.slipway import NAME, condition

pytestmark = pytest.mark.e2e


async def in_thread(call, *arguments, **options):
    return await asyncio.to_thread(call, *arguments, **options)


def versions(status):
    parts = [status.get(key) for key in ("stable", "canary", "previous", "failed")] + status.get(
        "history", []
    )
    return {part["revision"]: part["version"] for part in parts if part}


async def test_a_good_model_takes_over_and_no_request_is_lost(place):
    await in_thread(place.serve, "1")
    client = place.client(rate=40)
    async with client.running():
        await in_thread(place.apply, "2", steps=[{"weight": 10, "hold": "4s"}, {"weight": 50, "hold": "10s"}])
        await in_thread(place.until, lambda s: s["weight"] == 50 and (s.get("step") or {}).get("tookAt"))
        begin = client.answers[-1].at + 0.5
        await asyncio.sleep(5)
        end = client.answers[-1].at
        status = await in_thread(
            place.until, lambda s: s["phase"] == "Healthy" and s["stable"]["version"] == "2"
        )
        await in_thread(place.until, lambda s: not s.get("previous"), 30)
        await asyncio.sleep(8)  # the old revision's pods go now, under traffic
    failed = [answer for answer in client.answers if answer.failed]
    assert not failed, failed[:3]
    canary = status["stable"]["revision"]
    window = [answer for answer in client.answers if begin <= answer.at <= end]
    share = sum(answer.revision == canary for answer in window) / len(window)
    assert 0.4 < share < 0.6, f"{share:.0%} of {len(window)} requests at a step of 50 %"
    known = versions(status)
    wrong = [a for a in client.answers if a.label != place.models.offline(known[a.revision])[a.row]]
    assert not wrong, f"{len(wrong)} answers differ from the model's own"
    assert condition(status, "Ready")[0] == "True"
    assert status["history"][0]["outcome"] == "Promoted"
    assert place.events()[-6:].count("StepReached") >= 1
    assert len(place.pods()) == 1


async def test_a_failing_model_is_caught_by_its_answers(place):
    await in_thread(place.serve, "1")
    client = place.client(rate=40)
    async with client.running():
        await in_thread(place.apply, "3", steps=[{"weight": 30, "hold": "60s"}])
        status = await in_thread(place.until, lambda s: s["phase"] == "RolledBack")
        await asyncio.sleep(2)
    assert status["failed"]["reason"] == "ErrorRateWorse"
    assert "of the canary's requests failed" in status["failed"]["message"]
    (look,) = [look for look in status["analysis"] if look["metric"] == "error-rate"]
    assert (look["verdict"], look["source"]) == ("Fail", "gateway")
    stable = status["stable"]["revision"]
    assert not [answer for answer in client.answers if answer.failed and answer.revision == stable]
    assert {answer.revision for answer in client.answers[-50:]} == {stable}, (
        "stable has all the traffic again"
    )
    assert condition(status, "Ready")[0] == "True"
    assert condition(status, "Stalled")[:2] == ("True", "ErrorRateWorse")
    assert "RolledBack" in place.events()


async def test_a_model_that_cannot_be_loaded_never_gets_a_request(place):
    await in_thread(place.serve, "1")
    client = place.client(rate=40)
    async with client.running():
        await in_thread(place.apply, "4")
        status = await in_thread(place.until, lambda s: s["phase"] == "RolledBack")
    assert status["failed"]["reason"] == "CrashLoop"
    assert "slipway-predictor:" in status["failed"]["message"], "the container's own last words"
    assert {answer.revision for answer in client.answers} == {status["stable"]["revision"]}
    assert not [answer for answer in client.answers if answer.failed]


def test_going_back_to_the_spec_that_serves_aborts(place):
    place.serve("1")
    place.apply("2", steps=[{"weight": 10, "hold": "5m"}])
    place.until(lambda s: s["weight"] == 10)
    place.apply("1")
    status = place.until(lambda s: s["phase"] == "Healthy")
    assert status["stable"]["version"] == "1"
    assert status["history"][0]["outcome"] == "Aborted"


def test_a_newer_spec_supersedes_a_running_rollout(place):
    place.serve("1")
    place.apply("3", steps=[{"weight": 10, "hold": "5m"}])
    place.until(lambda s: s["weight"] == 10)
    place.apply("2")
    status = place.until(lambda s: s["phase"] == "Healthy" and s["stable"]["version"] == "2")
    assert [entry["outcome"] for entry in status["history"]] == ["Promoted", "Superseded", "Promoted"]


def test_the_urls_of_the_status_work_as_they_stand(place):
    status = place.serve("1")
    answer = subprocess.run(
        ["curl", "--silent", "--fail", "--max-time", "10", f"{status['url']}/v2/models/{NAME}"],
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["name"] == NAME
    (pod,) = place.pods()
    code = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=10).status)"
    for host in (
        status["address"]["url"],
        f"http://{NAME}.{place.namespace}.svc",
        f"http://{NAME}.{place.namespace}",
    ):
        url = f"{host}/v2/models/{NAME}"
        assert place.kubectl("exec", pod, "--", "python3", "-c", code, url).strip() == "200"


def test_kubectl_get_tells_the_story(place):
    place.serve("1")
    lines = place.kubectl("get", "md").splitlines()
    assert lines[0].split() == ["NAME", "PHASE", "STABLE", "CANARY", "WEIGHT", "VERDICT", "URL", "AGE"]
    assert lines[1].split()[:3] == [NAME, "Healthy", "1"]
    place.kubectl("wait", "md", NAME, "--for=condition=Ready", "--timeout=5s")
