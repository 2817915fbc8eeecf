"""Webhooks: what is posted, which statuses say yes, and where the operator does not call."""

import asyncio

import aiohttp
import pytest
from aiohttp import web
from tests.unit.operator.gates.server import DIGEST, scene, serving, side

from slipway_operator.api.gates import EffectiveGate
from slipway_operator.calls.addresses import Guard, RefusedError
from slipway_operator.gates.run import run

PASSED = [{"name": "contract", "state": "Passed", "message": "fine"}]


async def call(url, guard=None, seconds=5):
    gate = EffectiveGate(name="webhook/risk", timeout_seconds=60, url=url, call_seconds=seconds, retries=1)
    guard = guard or Guard(loopback=True)
    connector = aiohttp.TCPConnector(resolver=guard, use_dns_cache=False)
    async with aiohttp.ClientSession(connector=connector) as session:
        return await run(session, guard, gate, scene(side("2"), side("1"), passed=PASSED), 3)


async def test_the_payload_says_who_asks_about_what():
    async with serving({"/gate": (200, {"message": "go on"})}) as (url, asked):
        found = await call(f"{url}/gate")
    assert (found.verdict, found.message, found.code) == ("Passed", "answered 200: go on", 200)
    ((method, _, body),) = asked
    assert method == "POST"
    assert body == {
        "apiVersion": "slipway.dev/v1alpha1",
        "kind": "GateReview",
        "gate": "risk",
        "attempt": 3,
        "namespace": "ml",
        "name": "churn",
        "model": "churn",
        "canary": {"revision": "rev2", "version": "2", "uri": "pvc://models/2", "digest": DIGEST},
        "stable": {"revision": "rev1", "version": "1", "uri": "pvc://models/1", "digest": DIGEST},
        "gates": PASSED,
    }


@pytest.mark.parametrize("status", [200, 201, 204])
async def test_2xx_says_yes(status):
    async def handler(request):
        return web.Response(status=status)

    async with serving({"/": handler}) as (url, _):
        assert (await call(url)).verdict == "Passed"


@pytest.mark.parametrize("status", [400, 403, 404, 409, 500, 503])
async def test_anything_else_says_no_and_why(status):
    async with serving({"/": (status, {"error": "AUC fell by 0.04"})}) as (url, _):
        found = await call(url)
    assert (found.verdict, found.code) == ("Refused", status)
    assert found.message == f"answered {status}: AUC fell by 0.04"


async def test_a_redirect_is_not_followed():
    async def handler(request):
        raise web.HTTPFound("/elsewhere")

    async with serving({"/": handler, "/elsewhere": (200, {})}) as (url, asked):
        found = await call(url)
    assert found.verdict == "Refused"
    assert "a redirect, which is not followed" in found.message
    assert [path for _, path, _ in asked] == ["/"]


async def test_an_answer_is_told_on_one_short_line():
    async def handler(request):
        return web.Response(status=418, text="no\n\x1b[31m" + "long " * 1000)

    async with serving({"/": handler}) as (url, _):
        message = (await call(url)).message
    assert message.isprintable()
    assert len(message) < 400


async def test_nobody_there_is_an_error():
    found = await call("http://127.0.0.1:1/gate")
    assert found.verdict == "Error"
    assert "127.0.0.1" in found.message


async def test_a_name_that_does_not_exist_is_an_error():
    assert (await call("http://no-such-host.invalid/")).verdict == "Error"


async def test_no_answer_within_its_time_is_an_error():
    async def handler(request):
        await asyncio.Event().wait()

    async with serving({"/": handler}) as (url, _):
        found = await call(url, seconds=1)
    assert found.verdict == "Error"
    assert "has not answered within" in found.message


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:8080/", "the operator's own machine"),
        ("http://localhost:8080/", "the operator's own machine"),
        ("http://[::1]/", "the operator's own machine"),
        ("http://[::ffff:127.0.0.1]/", "the operator's own machine"),
        ("http://169.254.169.254/latest/meta-data", "a link-local address"),
        ("http://[64:ff9b::a9fe:a9fe]/", "a link-local address"),
        ("http://[2002:a9fe:a9fe::1]/", "a link-local address"),
        ("http://[fe80::1]/", "a link-local address"),
        ("http://[fd00:ec2::254]/", "a cloud's metadata service"),
        ("http://100.100.100.200/", "a cloud's metadata service"),
        ("http://0.0.0.0/", "no address of a program"),
        ("http://10.96.0.1/", "the API server"),
        ("http://kubernetes.default.svc/", "the API server"),
        ("http:///gate", "names no host"),
    ],
)
async def test_some_addresses_are_not_called_for_users(url, words):
    found = await call(url, Guard(["10.96.0.1", "kubernetes.default.svc"]))
    assert found.verdict == "Failed"
    assert words in found.message


async def test_a_name_is_checked_again_when_it_is_connected_to():
    """Whoever answers a name's first question with a good address and the second with a bad one gets nowhere."""
    guard = Guard()
    with pytest.raises(RefusedError):
        await guard.resolve("localhost", 80)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=guard)) as session:
        with pytest.raises(aiohttp.ClientConnectorDNSError) as caught:
            await session.get("http://localhost:1/")
    assert isinstance(caught.value.os_error, RefusedError)


async def test_the_api_servers_address_of_the_pod_is_known(monkeypatch):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.43.0.1")
    with pytest.raises(RefusedError, match="API server"):
        await Guard().check("https://10.43.0.1:443/")
