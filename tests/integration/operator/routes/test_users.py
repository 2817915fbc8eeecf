"""A route of the user's own: what Slipway leaves alone in it, what it refuses, and who wins when two write."""

import copy

import pytest
from tests.integration.operator.routes import cases
from tests.integration.operator.routes.cases import MINE, NEW, OLD, PLACEHOLDER

from slipway_operator.api import names, reasons
from slipway_operator.cluster.cache.cache import Cache
from slipway_operator.cluster.cache.client import CachedClient
from slipway_operator.cluster.kinds import GRPC_ROUTE, HTTP_ROUTE
from slipway_operator.cluster.routes.own import MADE
from slipway_operator.rollout.observation import Course

pytestmark = pytest.mark.integration

SPLIT = Course({OLD: 900_000, NEW: 100_000})
ROUTE_REF = {"routeRef": {"name": "mine"}}


@pytest.fixture
async def place(client, namespace):
    await cases.surroundings(client, namespace)
    return cases.site(namespace, ROUTE_REF)


async def make(client, namespace, **over):
    return await cases.create(client, HTTP_ROUTE, namespace, "mine", {**copy.deepcopy(MINE), **over})


async def route_of(client, namespace):
    return await client.get(HTTP_ROUTE, namespace, "mine")


async def test_everything_but_the_backends_of_its_rules_stays_the_users(client, namespace, place):
    backend, site = place
    before = await make(client, namespace)
    await backend.write(client, site, SPLIT)
    after = await route_of(client, namespace)
    assert "ownerReferences" not in after["metadata"], "deleting the ModelDeployment would delete the route"
    assert names.LABEL_DEPLOYMENT not in after["metadata"].get("labels", {})
    for key in ("parentRefs", "hostnames"):
        assert after["spec"][key] == before["spec"][key]
    legacy, *ours = after["spec"]["rules"]
    assert legacy == before["spec"]["rules"][0]
    for rule, was in zip(ours, before["spec"]["rules"][1:], strict=True):
        assert {**rule, "backendRefs": None} == {**was, "backendRefs": None}
        assert [part["weight"] for part in rule["backendRefs"]] == [900_000, 100_000]


async def test_removed_it_is_as_it_was(client, namespace, place):
    backend, site = place
    before = await make(client, namespace)
    await backend.write(client, site, SPLIT)
    await backend.remove(client, site)
    assert (await route_of(client, namespace))["spec"] == before["spec"]


async def test_port_and_filters_of_the_placeholder_go_with_every_revision(client, namespace, place):
    backend, site = place
    modifier = {"set": [{"name": "x-team", "value": "ml"}], "remove": ["x-secret"]}
    filters = [{"type": "ResponseHeaderModifier", "responseHeaderModifier": modifier}]
    rule = {"backendRefs": [{"name": "churn", "port": 9000, "filters": filters}]}
    await make(client, namespace, rules=[rule])
    await backend.write(client, site, SPLIT)
    view = await backend.read(client, site)
    assert view.state.current
    (rule,) = (await route_of(client, namespace))["spec"]["rules"]
    for revision, part in zip((OLD, NEW), rule["backendRefs"], strict=True):
        (found,) = part["filters"]
        assert part["port"] == 9000
        assert found["responseHeaderModifier"]["remove"] == ["x-secret"]
        assert {(h["name"], h["value"]) for h in found["responseHeaderModifier"]["set"]} == {
            ("x-team", "ml"),
            ("x-slipway-revision", revision),
        }


async def test_a_rule_that_the_user_adds_later_is_led_too(client, namespace, place):
    backend, site = place
    await make(client, namespace)
    await backend.write(client, site, SPLIT)
    route = await route_of(client, namespace)
    rules = [*route["spec"]["rules"], {"backendRefs": [PLACEHOLDER]}]
    await client.merge(HTTP_ROUTE, namespace, "mine", {"spec": {"rules": rules}})
    assert not (await backend.read(client, site)).state.current
    await backend.write(client, site, SPLIT)
    assert (await backend.read(client, site)).state.current
    assert len((await backend.read(client, site)).rules) == 3


async def test_url_and_gateways_are_the_routes(client, namespace, place):
    backend, site = place
    await make(client, namespace, hostnames=["*.example.com", "models.example.com"])
    view = await backend.read(client, site)
    assert (view.host, view.local, list(view.hostnames)) == ("models.example.com", False, [])
    assert [ref.name for ref in view.parents.refs] == ["gateway"]


OTHER = {"backendRefs": [PLACEHOLDER, {"name": "legacy", "port": 8080}]}
REFUSED = [
    ({"rules": [MINE["rules"][0]]}, reasons.ROUTE_UNFIT, "no rule of HTTPRoute mine leads to this model"),
    ({"rules": [OTHER]}, reasons.ROUTE_UNFIT, "rule 0 of HTTPRoute mine leads to legacy, too"),
    (
        {"rules": [{"backendRefs": [{**PLACEHOLDER, "namespace": "elsewhere"}]}]},
        reasons.ROUTE_UNFIT,
        "no rule of HTTPRoute mine leads to this model",
    ),
]


@pytest.mark.parametrize(("over", "reason", "words"), REFUSED, ids=lambda value: str(value)[:20])
async def test_a_route_that_does_not_fit_is_refused_and_left_alone(
    client, namespace, place, over, reason, words
):
    backend, site = place
    before = await make(client, namespace, **over)
    problem = (await backend.read(client, site)).problem
    assert (problem.reason, words in problem.message) == (reason, True), problem
    await backend.write(client, site, SPLIT)
    assert await route_of(client, namespace) == before


async def test_a_missing_route_is_told_with_both_ways_out(client, place):
    backend, site = place
    problem = (await backend.read(client, site)).problem
    assert problem.reason == reasons.ROUTE_MISSING
    assert "backendRefs are [{name: churn, port: 80}]" in problem.message
    assert "take spec.traffic.routeRef out" in problem.message
    await backend.write(client, site, SPLIT)
    await backend.remove(client, site)


async def test_slipways_own_routes_of_before_go_once_the_users_is_accepted(client, namespace, place):
    own, own_site = cases.site(namespace, {"grpc": {}})
    await own.write(client, own_site, SPLIT)
    backend, site = place
    await make(client, namespace)
    await cases.say(client, HTTP_ROUTE, namespace, "mine")
    for status in ("False", "True"):
        await backend.write(client, site, SPLIT)
        assert await client.get(HTTP_ROUTE, namespace, "churn"), "nothing else leads to the model yet"
        assert not (await backend.read(client, site)).state.current, "or it would never go"
        await cases.say(client, HTTP_ROUTE, namespace, "mine", status)
    await backend.write(client, site, SPLIT)
    for kind in (HTTP_ROUTE, GRPC_ROUTE):
        assert await client.get(kind, namespace, "churn") is None, f"{kind.name} is left"
    assert (await backend.read(client, site)).state.current


async def test_the_own_route_of_another_deployment_is_refused(client, namespace, place):
    own, own_site = cases.site(namespace, {})
    await own.write(client, own_site, SPLIT)
    backend, site = cases.site(namespace, {"routeRef": {"name": "churn"}})
    problem = (await backend.read(client, site)).problem
    assert problem.reason == reasons.ROUTE_CONFLICT
    assert "is Slipway's own, of ModelDeployment churn" in problem.message


async def test_a_write_that_somebody_elses_came_before_is_done_on_top_of_theirs(client, namespace, place):
    backend, site = place
    await make(client, namespace)
    cached = CachedClient(client, await listed(client))
    await client.merge(HTTP_ROUTE, namespace, "mine", {"spec": {"hostnames": ["new.example.com"]}})
    known = await cached.get(HTTP_ROUTE, namespace, "mine")
    assert known["spec"]["hostnames"] == ["models.example.com"], (
        "the cache is behind: that is what is tried here"
    )
    await backend.write(cached, site, SPLIT)
    route = await route_of(client, namespace)
    assert route["spec"]["hostnames"] == ["new.example.com"]
    assert [part["weight"] for part in route["spec"]["rules"][1]["backendRefs"]] == [900_000, 100_000]


async def listed(client):
    """A cache that knows of the routes what there is now, and hears no more."""
    cache = Cache(lambda kind, body, there: None)
    for kind in MADE:
        bodies, version = await client.everything(kind)
        cache.store(kind).replace(bodies, version)
    return cache
