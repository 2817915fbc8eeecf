"""The gate shadow on live traffic: a canary is compared with stable before any client meets it."""

import asyncio

import pytest

pytestmark = pytest.mark.e2e

SHADOW = {"gates": {"shadow": {"requests": 120, "minAgreement": 0.9}}}


def gate(status) -> dict:
    """The gate's state, from the start of the rollout on."""
    found = [part for part in status.get("gates", []) if part["name"] == "shadow"]
    return found[0] if found else {"state": "Unknown"}


async def mirrored(place, version: str, phase: str):
    """Ask for a version under traffic, with the shadow gate on, until a phase is reached."""
    stable = (await asyncio.to_thread(place.serve, "1"))["stable"]["revision"]
    client = place.client(rate=40)
    async with client.running():
        await asyncio.to_thread(place.apply, version, rollout=SHADOW)
        await asyncio.to_thread(place.until, lambda s: gate(s)["state"] == "Running")
        route = place.target.get("httproute", "breast-cancer", "-n", place.namespace)
        status = await asyncio.to_thread(place.until, lambda s: s["phase"] == phase)
        await asyncio.sleep(1)
    return stable, client, route, status


async def test_a_canary_that_agrees_with_stable_gets_its_first_request_after_the_comparison(place):
    _, client, route, status = await mirrored(place, "2", "Healthy")
    (rule,) = route["spec"]["rules"]
    assert [part["type"] for part in rule["filters"]] == ["RequestMirror"]
    assert len(rule["backendRefs"]) == 1, "while requests are mirrored, clients get stable's answers only"
    report = gate(status)["report"]
    assert gate(status)["state"] == "Passed"
    assert report["requests"] >= 120
    assert report["failed"] == 0
    assert report["agreement"] >= 0.9, gate(status)["message"]
    assert {part["label"] for part in report["segments"]} == {"0", "1"}
    assert not [answer for answer in client.answers if answer.failed]
    assert status["stable"]["version"] == "2"
    route = place.target.get("httproute", "breast-cancer", "-n", place.namespace)
    assert "filters" not in route["spec"]["rules"][0]


async def test_a_canary_that_fails_on_live_requests_is_found_out_without_any_client_noticing(place):
    stable, client, _, status = await mirrored(place, "3", "RolledBack")
    assert status["failed"]["reason"] == "GateFailed"
    assert "could not be answered by the canary" in status["failed"]["message"]
    assert gate(status)["report"]["failed"] > 0
    assert {answer.revision for answer in client.answers} == {stable}
    assert not [answer for answer in client.answers if answer.failed]
