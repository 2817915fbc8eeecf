"""Slipway's own route: what others do to it is seen, and what only looks like it is left alone."""

import pytest
from tests.integration.operator.routes import cases
from tests.integration.operator.routes.cases import NEW, NEXT, OLD

from slipway_operator.cluster.kinds import HTTP_ROUTE
from slipway_operator.rollout.observation import Course, Mirror

pytestmark = pytest.mark.integration

COURSE = Course({OLD: 900_000, NEW: 100_000}, Mirror(NEXT, 25), frozenset({OLD, NEW}))
MERGE, APPLY = "application/merge-patch+json", "application/apply-patch+yaml"


@pytest.fixture
async def place(client, namespace):
    await cases.surroundings(client, namespace)
    backend, site = cases.site(namespace, {})
    await backend.write(client, site, COURSE)
    return backend, site


async def spec_of(client, namespace):
    return (await client.get(HTTP_ROUTE, namespace, "churn"))["spec"]


async def patch(client, namespace, spec, content_type):
    """As somebody else."""
    query = {"fieldManager": "somebody"} | ({"force": "true"} if content_type == APPLY else {})
    body = {"apiVersion": HTTP_ROUTE.api_version, "kind": HTTP_ROUTE.name, "spec": spec}
    path = HTTP_ROUTE.path(namespace, "churn")
    await client._request("PATCH", path, query, body, content_type)


NOWHERE = [{"path": {"type": "PathPrefix", "value": "/nowhere"}}]


@pytest.mark.parametrize("change", [{"timeouts": {"request": "1ms"}}, {"matches": NOWHERE}], ids=str)
async def test_what_breaks_requests_is_seen_and_put_back(client, namespace, place, change):
    backend, site = place
    before = await spec_of(client, namespace)
    first, *pins = before["rules"]
    await patch(client, namespace, {"rules": [{**first, **change}, *pins]}, MERGE)
    assert not (await backend.read(client, site)).state.current
    await backend.write(client, site, COURSE)
    assert await spec_of(client, namespace) == before
    assert (await backend.read(client, site)).state.current


async def test_somebody_who_says_the_same_changes_nothing(client, namespace, place):
    """He stays in the managed fields whatever is written: written over and over, it would never settle."""
    backend, site = place
    await patch(client, namespace, await spec_of(client, namespace), APPLY)
    state = (await backend.read(client, site)).state
    assert state.edit, "else nothing is tried here"
    assert state.current
