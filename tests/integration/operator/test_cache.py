"""The cache against a real API server: what others do is seen, what we do is seen at once, and no gap lasts."""

import asyncio
import contextlib
from dataclasses import replace

import pytest
from tests.integration.operator.test_crd import GOOD
from tests.integration.operator.test_crd import client as client

from slipway_operator.api import names
from slipway_operator.cluster.cache.cache import Cache
from slipway_operator.cluster.cache.client import CachedClient
from slipway_operator.cluster.cache.reflector import Reflector, Sweeper
from slipway_operator.cluster.cache.store import State, Store, UnlistedError
from slipway_operator.cluster.client import ApiError, Client
from slipway_operator.cluster.kinds import HTTP_ROUTE, MODEL_DEPLOYMENT, POD, SERVICE, Kind
from slipway_operator.cluster.preflight import check_cluster

pytestmark = pytest.mark.integration


def address(namespace, name="churn", target="somewhere.example.com"):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": namespace, "name": name, "labels": {names.LABEL_DEPLOYMENT: "churn"}},
        "spec": {"type": "ExternalName", "externalName": target},
    }


def target_of(service):
    return service["spec"]["externalName"] if service else None


@contextlib.asynccontextmanager
async def running(work):
    task = asyncio.create_task(work)
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def until(reached, seconds=5):
    async with asyncio.timeout(seconds):
        while not reached():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.fixture
async def cache(client):
    """All kinds, followed; most of them are not installed here."""
    found, listed = Cache(lambda kind, body, there: None), asyncio.Event()
    async with running(found.run(client, listed)):
        await asyncio.wait_for(listed.wait(), 10)
        yield found


async def test_what_others_do_is_seen_and_read_from_memory(client, cache, namespace):
    mine = CachedClient(client, cache)
    assert await mine.get(SERVICE, namespace, "churn") is None
    await client.create(SERVICE, address(namespace))
    store = cache.store(SERVICE)
    await until(lambda: store.get(namespace, "churn"))
    await client.merge(SERVICE, namespace, "churn", {"spec": {"externalName": "elsewhere.example.com"}})
    await until(lambda: target_of(store.get(namespace, "churn")) == "elsewhere.example.com")
    selector = f"{names.LABEL_DEPLOYMENT}=churn"
    assert [target_of(part) for part in await mine.list(SERVICE, namespace, selector)] == [
        "elsewhere.example.com"
    ]
    await client.delete(SERVICE, namespace, "churn")
    await until(lambda: store.get(namespace, "churn") is None)


async def test_what_we_write_is_seen_at_once(client, cache, namespace):
    mine = CachedClient(client, cache)
    await mine.create(SERVICE, address(namespace))
    assert target_of(await mine.get(SERVICE, namespace, "churn")) == "somewhere.example.com"
    await mine.apply(SERVICE, address(namespace, target="b.example.com"))
    assert target_of(await mine.get(SERVICE, namespace, "churn")) == "b.example.com"
    await mine.merge(SERVICE, namespace, "churn", {"spec": {"externalName": "c.example.com"}})
    assert target_of(await mine.get(SERVICE, namespace, "churn")) == "c.example.com"
    await mine.create(SERVICE, address(namespace, "dry"), dry_run=True)
    assert await mine.get(SERVICE, namespace, "dry") is None


async def test_a_deployment_that_is_decided_on_is_never_older_than_our_last_status(client, cache, namespace):
    mine = CachedClient(client, cache)
    made = await mine.create(
        MODEL_DEPLOYMENT, {**GOOD, "metadata": {"name": "churn", "namespace": namespace}}
    )
    await mine.replace_status(MODEL_DEPLOYMENT, {**made, "status": {"phase": "Pending"}})
    cache.see(MODEL_DEPLOYMENT, "MODIFIED", made)  # Kopf's watch, late
    known = await mine.get(MODEL_DEPLOYMENT, namespace, "churn")
    assert known["status"]["phase"] == "Pending"
    await client.merge(
        MODEL_DEPLOYMENT, namespace, "churn", {"metadata": {"annotations": {"slipway.dev/abort": "1"}}}
    )
    with pytest.raises(ApiError, match="409"):
        await mine.replace_status(MODEL_DEPLOYMENT, {**known, "status": {"phase": "Healthy"}})
    fresh = await mine.read(MODEL_DEPLOYMENT, namespace, "churn")
    assert await mine.get(MODEL_DEPLOYMENT, namespace, "churn") == {
        **fresh,
        "metadata": known_metadata(fresh),
    }
    await client.delete(MODEL_DEPLOYMENT, namespace, "churn")
    assert await mine.read(MODEL_DEPLOYMENT, namespace, "churn") is None
    assert await mine.get(MODEL_DEPLOYMENT, namespace, "churn") is None


def known_metadata(body):
    return {key: value for key, value in body["metadata"].items() if key != "managedFields"}


NOTHING = Kind("slipway.dev", "v1alpha1", "nothings", "Nothing")


async def test_a_kind_that_is_not_installed_holds_nothing_and_holds_nothing_up(client, namespace):
    store = Store(lambda body, there: None)
    reflector = Reflector(client, NOTHING, store)
    async with running(reflector.run()):
        await asyncio.wait_for(reflector.listed.wait(), 5)
        assert store.state is State.ABSENT
        assert store.get(namespace, "any") is None


async def test_which_kinds_the_cluster_serves_is_known_with_the_cache_and_without(client, cache):
    for mine in (client, CachedClient(client, cache)):
        assert await mine.serves(MODEL_DEPLOYMENT)
        assert not await mine.serves(NOTHING)
        assert not await mine.serves(replace(MODEL_DEPLOYMENT, version="v1"))
        assert await check_cluster(mine, [MODEL_DEPLOYMENT]) is None
        problem = await check_cluster(mine, [replace(HTTP_ROUTE, plural="none", name="NoRoute")])
        assert problem.message.endswith("NoRoute (gateway.networking.k8s.io/v1): install the Gateway API")


async def test_nobody_is_told_that_something_is_missing_before_everything_was_listed(client, namespace):
    mine = CachedClient(client, Cache(lambda kind, body, there: None))
    with pytest.raises(UnlistedError):
        await mine.get(SERVICE, namespace, "churn")
    with pytest.raises(UnlistedError):
        await mine.list(POD, namespace, f"{names.LABEL_DEPLOYMENT}=churn")


async def test_of_what_is_watched_in_part_the_rest_is_asked_for_and_remembered_for_a_moment(
    client, cache, namespace
):
    mine, asked = CachedClient(client, cache), []
    request = mine._request

    async def counted(method, path, *args):
        asked.append(path)
        return await request(method, path, *args)

    mine._request = counted
    for _ in range(3):
        assert await mine.list(POD, labels="gateway.envoyproxy.io/owning-gateway-name=eg") == []
        assert await mine.list(POD, namespace, f"{names.LABEL_DEPLOYMENT}=churn") == []
    assert asked == ["/api/v1/pods"]


async def test_whose_turn_it_is_not_writes_nothing(client, cache, namespace):
    def refuse():
        raise PermissionError("not your turn")

    mine = CachedClient(client, cache, refuse)
    body = address(namespace)
    for attempt in (
        mine.create(SERVICE, body),
        mine.apply(SERVICE, body),
        mine.merge(SERVICE, namespace, "churn", {}),
        mine.delete(SERVICE, namespace, "churn"),
        mine.replace_status(MODEL_DEPLOYMENT, body),
    ):
        with pytest.raises(PermissionError):
            await attempt
    assert await client.get(SERVICE, namespace, "churn") is None


class Deaf(Client):
    """A client whose watches bring nothing, and end when they should."""

    async def watch(self, kind, version, seconds, labels=None):
        await asyncio.sleep(seconds)
        return
        yield


async def test_what_a_watch_drops_the_next_list_brings(client, namespace):
    store = Store(lambda body, there: None)
    await client.create(SERVICE, address(namespace, "old"))
    async with running(Reflector(Deaf(client.api), SERVICE, store, window=1.0).run()):
        await until(lambda: store.state is State.LISTED)
        assert store.get(namespace, "old")
        await client.delete(SERVICE, namespace, "old")
        await client.create(SERVICE, address(namespace, "new"))
        await asyncio.sleep(0.2)
        assert store.get(namespace, "old"), "the watch is not deaf: this proves nothing"
        await until(lambda: store.get(namespace, "new"), 1.0 + 1.0 + 2.0)  # the window, the breath, and slack
        assert store.get(namespace, "old") is None


async def test_a_sweep_comes_soon_after_the_first_and_finds_what_was_deleted_meanwhile(client, namespace):
    store = Store(lambda body, there: None)
    await client.create(SERVICE, address(namespace))
    sweeper = Sweeper(client, SERVICE, store)
    sweeper.soon = 0.2
    async with running(sweeper.run()):
        await until(lambda: store.state is State.LISTED)
        await client.delete(SERVICE, namespace, "churn")
        await until(lambda: store.get(namespace, "churn") is None)


class Fragile(Client):
    """A client whose requests fail as often as told."""

    failures = 0

    async def everything(self, kind, labels=None):
        if self.failures:
            self.failures -= 1
            raise ApiError(500, "InternalError", "etcd is away")
        return await super().everything(kind, labels)

    async def watch(self, kind, version, seconds, labels=None):
        async for change in super().watch(kind, "1", seconds, labels):  # long forgotten: 410
            yield change


async def test_following_goes_on_after_errors_and_after_versions_that_have_expired(client, namespace, caplog):
    fragile, store = Fragile(client.api), Store(lambda body, there: None)
    fragile.failures = 1
    reflector = Reflector(fragile, SERVICE, store)
    async with running(reflector.run()):
        await asyncio.wait_for(reflector.listed.wait(), 5)
        await client.create(SERVICE, address(namespace))
        await until(lambda: store.get(namespace, "churn"))
    assert "etcd is away" in caplog.text


async def test_a_kind_that_is_served_no_more_is_unknown_not_empty(client, caplog):
    store = Store(lambda body, there: None)
    store.replace([], "1")
    async with running(Reflector(client, NOTHING, store).run()):
        await until(lambda: store.state is State.UNLISTED)
    assert "does not serve nothings any more" in caplog.text
