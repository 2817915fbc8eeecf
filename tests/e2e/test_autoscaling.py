"""A HorizontalPodAutoscaler that really scales, by what metrics-server says, while a rollout moves the load about."""

import asyncio

import pytest
from tests.e2e.slipway import NAME

pytestmark = pytest.mark.e2e

# An idle pod takes a quarter of this, one with all the traffic more than all of it.
CPU = "40m"
SPEC = {"minReplicas": 1, "maxReplicas": 2, "scaleTarget": 60, "scaleMetric": "cpu"}
AUTOSCALED = {
    "template": {"spec": {"predictor": {**SPEC, "model": {"resources": {"requests": {"cpu": CPU}}}}}}
}
STEPS = [{"weight": 50, "hold": "5s"}, {"weight": 90, "hold": "1s"}, {"approval": {}}]


async def test_stable_keeps_its_pods_while_its_load_goes_to_the_canary(place):
    status = await asyncio.to_thread(place.serve, "1", **AUTOSCALED)
    stable = status["stable"]["revision"]
    client = place.client(rate=120)
    async with client.running():
        await _until(lambda: replicas(place, stable) == 2, 120, "the autoscaler to see the load")
        await asyncio.to_thread(place.apply, "2", steps=STEPS, **AUTOSCALED)
        await asyncio.to_thread(
            place.until, lambda s: s["weight"] == 90 and (s.get("step") or {}).get("tookAt"), 180
        )
        canary = place.status()["canary"]["revision"]
        # Longer than the autoscaler waits before it takes a pod away.
        seen = set()
        for _ in range(25):
            seen.add((replicas(place, stable), replicas(place, canary)))
            await asyncio.sleep(1)
        assert seen == {(2, 2)}, f"(stable's, canary's) pods at 90 %: {seen}"
        place.kubectl("annotate", f"md/{NAME}", "slipway.dev/abort=1")
        await asyncio.to_thread(place.until, lambda s: s["phase"] == "RolledBack")
        for _ in range(10):
            assert replicas(place, stable) == 2, "all the traffic came back to half of the pods"
            await asyncio.sleep(1)
    failed = [answer for answer in client.answers if answer.failed]
    assert not failed, failed[:3]
    # Five minutes later they are the autoscaler's again, which nobody waits for here.
    bounds = place.target.get("inferenceservice", f"{NAME}-{stable}", "-n", place.namespace)
    assert bounds["spec"]["predictor"]["minReplicas"] == 2


def replicas(place, revision):
    """Pods of a revision that are ready."""
    found = place.target.get("deployment", f"{NAME}-{revision}-predictor", "-n", place.namespace)
    return found["status"].get("readyReplicas", 0) if found else 0


async def _until(done, seconds, what):
    for _ in range(seconds):
        if done():
            return
        await asyncio.sleep(1)
    raise AssertionError(f"waited {seconds} s for {what}")
