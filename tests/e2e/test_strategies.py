"""Strategies other than the canary's steps, the way back after a promotion, and replicas that come before their weight."""

import asyncio
import time
import urllib.request
from urllib.parse import urlsplit

import pytest
from tests.e2e.slipway import NAME

pytestmark = pytest.mark.e2e

ONCE = {"rollout": {"strategy": "BlueGreen", "steps": None, "keepStable": {"for": "5m"}}}
AUTOSCALED = {"template": {"spec": {"predictor": {"minReplicas": 1, "maxReplicas": 3}}}}


def by(place, version: str, **rollout) -> dict:
    """A ModelDeployment without canary steps."""
    body = place.body(version, rollout=rollout)
    del body["spec"]["rollout"]["steps"]
    return body


def who_answers(place, path: str = "", **headers: str) -> str:
    """The revision that answers a request for the model's metadata."""
    headers["Host"] = urlsplit(place.status()["url"]).hostname
    request = urllib.request.Request(f"{place.target.url}/v2/models/{NAME}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers["x-slipway-revision"]


async def test_blue_green_switches_once_and_goes_back_by_command_without_a_failed_request(place):
    stable = (await asyncio.to_thread(place.serve, "1"))["stable"]["revision"]
    client, started = place.client(rate=100), time.monotonic()
    async with client.running():
        place.target.apply(by(place, "2", strategy="BlueGreen", keepStable={"for": "5m"}))
        status = await asyncio.to_thread(
            place.until, lambda s: s["phase"] == "Healthy" and s["stable"]["version"] == "2"
        )
        new = status["stable"]["revision"]
        await asyncio.sleep(2)
        answering = [
            await asyncio.to_thread(who_answers, place),
            await asyncio.to_thread(who_answers, place, **{"x-slipway-revision": stable}),
            await asyncio.to_thread(who_answers, place, f"?slipway-revision={stable}"),
            await asyncio.to_thread(who_answers, place, "?slipway-revision=unknown"),
        ]
        assert answering == [new, stable, stable, new]
        asked = time.monotonic() - started
        await asyncio.to_thread(
            place.kubectl, "annotate", "md", NAME, "slipway.dev/rollback=1", "--overwrite"
        )
        await asyncio.to_thread(place.until, lambda s: s["phase"] == "RolledBack")
        await asyncio.sleep(6)
    assert not [answer for answer in client.answers if answer.failed]
    last = max(answer.at for answer in client.answers if answer.revision == new)
    assert last - asked < 5, f"version 2 answered for {last - asked:.1f} s after the command"
    assert {answer.revision for answer in client.answers} == {stable, new}


async def test_what_dies_after_its_promotion_goes_back_by_itself(place):
    await asyncio.to_thread(place.serve, "1")
    place.target.apply(by(place, "2", strategy="Direct", keepStable={"for": "5m"}))
    status = await asyncio.to_thread(
        place.until, lambda s: s["phase"] == "Healthy" and s["stable"]["version"] == "2"
    )
    (pod,) = place.pods(f"slipway.dev/revision={status['stable']['revision']}")
    place.kubectl("exec", pod, "-c", "kserve-container", "--", "/bin/sh", "-c", "kill 1")
    status = await asyncio.to_thread(place.until, lambda s: s["phase"] == "RolledBack")
    assert status["stable"]["version"] == "1"
    assert "after its promotion: back to version 1" in status["failed"]["message"]


async def test_shadow_compares_and_takes_the_revision_away(place):
    stable = (await asyncio.to_thread(place.serve, "1"))["stable"]["revision"]
    client = place.client(rate=40)
    async with client.running():
        gates = {"shadow": {"requests": 60, "minAgreement": 0.9}}
        place.target.apply(by(place, "2", strategy="Shadow", gates=gates))
        status = await asyncio.to_thread(place.until, lambda s: s.get("compared"))
        await asyncio.to_thread(place.until, lambda s: len(place.pods()) == 1 and s["phase"] == "Healthy")
    assert "requests compared" in status["compared"]["message"]
    assert {answer.revision for answer in client.answers} == {stable}
    assert not [answer for answer in client.answers if answer.failed]


async def test_an_autoscaled_canary_gets_its_pods_before_its_requests(place):
    status = await asyncio.to_thread(place.serve, "1", **AUTOSCALED)
    stable = f"{NAME}-{status['stable']['revision']}"
    place.kubectl("scale", f"deployment/{stable}-predictor", "--replicas=3")
    place.kubectl("rollout", "status", f"deployment/{stable}-predictor", "--timeout=60s")
    steps = [{"weight": 20, "hold": "3s"}, {"weight": 60, "hold": "3s"}]
    await asyncio.to_thread(place.apply, "2", steps=steps, **AUTOSCALED)
    pods = {}

    def looked(found) -> bool:
        canary, weight = found.get("canary"), found.get("weight")
        if canary and weight:
            ready = place.kubectl(
                "get",
                f"deployment/{NAME}-{canary['revision']}-predictor",
                "-o",
                "jsonpath={.status.readyReplicas}",
            )
            pods.setdefault(weight, int(ready or 0))
        return found["phase"] == "Healthy" and found["stable"]["version"] == "2"

    await asyncio.to_thread(place.until, looked)
    assert pods[20] >= 1
    assert pods[60] >= 2, "60 % of the requests of three pods came to one"
    bounds = place.target.get("inferenceservice", stable, "-n", place.namespace)["spec"]["predictor"]
    assert bounds["minReplicas"] == 3, "the old revision stays warm with what it had"


async def test_a_holdback_keeps_a_share_for_the_old_revision_until_its_time_is_over(place):
    first = (await asyncio.to_thread(place.serve, "1"))["stable"]["revision"]
    client = place.client(rate=60)
    async with client.running():
        place.target.apply(by(place, "2", strategy="Direct", keepStable={"for": "20s", "weight": 20}))
        status = await asyncio.to_thread(
            place.until, lambda s: s["phase"] == "Healthy" and s["stable"]["version"] == "2"
        )
        assert "keeps 20 % of requests" in status["message"]
        begun = client.answers[-1].at + 1
        await asyncio.sleep(10)
        ended = client.answers[-1].at
        status = await asyncio.to_thread(place.until, lambda s: "previous" not in s)
        await asyncio.sleep(6)
    assert not [answer for answer in client.answers if answer.failed]
    shares = [answer.revision == first for answer in client.answers if begun < answer.at < ended]
    assert 0.1 < sum(shares) / len(shares) < 0.3, f"{sum(shares)} of {len(shares)}"
    assert {look["metric"] for look in status["analysis"]} >= {"error-rate", "latency"}, (
        "nothing was compared"
    )
    assert client.answers[-1].revision == status["stable"]["revision"]
