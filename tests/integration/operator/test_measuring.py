"""The user's own metrics, from a real Prometheus and a real web server, with Secrets of a real API server."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.integration.operator.prometheus import prometheus

from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.api.status import Canary, ModelDeploymentStatus, Stable, StepState
from slipway_operator.calls.addresses import Guard
from slipway_operator.cluster.kinds import SECRET
from slipway_operator.cluster.render.common import Subject
from slipway_operator.measuring import Measuring
from slipway_operator.rollout.effective import effective_rollout
from slipway_operator.rollout.observation import Measured

pytestmark = pytest.mark.integration
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
EXPOSITION = """
# TYPE refunds_total counter
refunds_total{revision="canary1"} 30
refunds_total{revision="stable1"} 20
# TYPE orders_total counter
orders_total{revision="canary1"} 100
orders_total{revision="stable1"} 100
"""
SHARE = 'refunds_total{revision="{{revision}}"} / orders_total{revision="{{revision}}"}'


@pytest.fixture
async def shop():
    """A program with metrics, and with JSON for whoever knows the password."""
    app = web.Application()

    async def metrics(_request):
        return web.Response(text=EXPOSITION)

    async def figures(request):
        if request.headers.get("Authorization") != "Bearer s3cret":
            return web.json_response({"error": "who are you?"}, status=401)
        return web.json_response({"refunds": [{"of": request.query["of"], "share": 0.3}]})

    app.router.add_get("/metrics", metrics)
    app.router.add_get("/figures", figures)
    async with TestServer(app, host="127.0.0.1") as server:
        yield f"{server.host}:{server.port}"


def subject(namespace, *metrics):
    content = {
        "model": {"uri": "pvc://models/2", "digest": "sha256:" + "0" * 64},
        "rollout": {"analysis": {"metrics": list(metrics)}},
    }
    return Subject("churn", namespace, "uid", ModelDeploymentSpec.model_validate(content))


async def measured(client, made, guard=None) -> dict[str, Measured]:
    """What is measured while the canary is at a step."""
    common = {"version": "1", "uri": "pvc://models"}
    status = ModelDeploymentStatus(
        stable=Stable(revision="stable1", promoted_at=NOW, **common),
        canary=Canary(revision="canary1", started_at=NOW, **common),
        rollout=effective_rollout(made.spec.rollout),
        step=StepState(count=2, weight=10, took_at=NOW),
    )
    async with Measuring(client, guard or Guard(loopback=True)) as measuring:
        return dict(await measuring.measure(made, status, NOW + timedelta(minutes=2)))


def by_query(name, url, query, **threshold):
    return {
        "name": name,
        "prometheus": {"url": url, "query": query},
        "threshold": {"max": 0.2, **threshold},
    }


async def once_scraped(client, made) -> dict[str, Measured]:
    """What is measured once Prometheus has scraped the shop."""
    for _ in range(150):
        found = await measured(client, made)
        if found["share"].value is not None:
            return found
        await asyncio.sleep(0.2)
    raise AssertionError(f"Prometheus has scraped nothing: {found['share'].message}")


async def test_a_real_prometheus_is_asked_for_both_revisions(client, namespace, shop, tmp_path):
    with prometheus(tmp_path, [shop]) as url:
        metrics = [
            by_query("share", url, SHARE, of="Ratio"),
            by_query("none", url, "gone_total"),
            by_query("many", url, "refunds_total"),
            by_query("nan", url, "0 / (refunds_total{revision='canary1'} - 30)"),
            by_query("broken", url, "sum("),
            by_query(
                "window", url, "count_over_time(refunds_total{revision='{{stable}}'}[{{window}}]) > bool 0"
            ),
            by_query("unknown", url, "{{revison}}"),
        ]
        made = subject(namespace, *metrics)
        found = await once_scraped(client, made)
    assert found["share"] == Measured(0.3, 0.2)
    assert (found["none"].value, found["none"].error) == (None, False)
    assert "no series" in found["none"].message
    assert found["many"].error
    assert "2 series, not one" in found["many"].message
    assert not found["nan"].error
    assert "division by zero" in found["nan"].message
    assert found["broken"].error
    assert "Prometheus answers 400" in found["broken"].message
    assert "parse error" in found["broken"].message
    assert found["window"].value == 1
    assert "there is no variable {{revison}}" in found["unknown"].message


def by_web(shop, **source):
    place = {"url": f"http://{shop}/figures?of={{{{canary}}}}", "jsonPath": "$.refunds[0].share"}
    return {"name": "share", "web": place | source, "threshold": {"max": 0.2}}


async def test_json_on_the_web_is_read_with_a_token_from_a_labelled_secret(client, namespace, shop):
    made = subject(namespace, by_web(shop, secretRef={"name": "shop"}))
    found = await measured(client, made)
    assert found["share"] == Measured(message=f"there is no Secret shop in namespace {namespace}", error=True)
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "shop", "namespace": namespace},
        "data": {"token": base64.b64encode(b"s3cret").decode()},
    }
    await client.create(SECRET, secret)
    found = await measured(client, made)
    assert 'Secret shop is not labelled slipway.dev/source: "true"' in found["share"].message
    await client.merge(SECRET, namespace, "shop", {"metadata": {"labels": {"slipway.dev/source": "true"}}})
    assert await measured(client, made) == {"share": Measured(0.3)}


async def test_what_the_web_server_says_is_told(client, namespace, shop):
    found = await measured(client, subject(namespace, by_web(shop)))
    assert found["share"].error
    assert "answers 401: who are you?" in found["share"].message


async def test_addresses_that_only_the_operator_reaches_are_refused(client, namespace, shop):
    found = await measured(client, subject(namespace, by_web(shop)), Guard())
    assert found["share"].error
    assert "which Slipway does not call for users" in found["share"].message


async def test_a_source_that_is_gone_is_an_error(client, namespace):
    found = await measured(client, subject(namespace, by_query("x", "http://127.0.0.1:1", "up")))
    assert found["x"].error
    assert "http://127.0.0.1:1" in found["x"].message
