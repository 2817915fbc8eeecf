"""Whatever happens on the way, the end is the same: an operator that dies at any write, an API server in trouble, and
objects that somebody else deletes or edits."""

import asyncio
import contextlib
import random

import pytest
from tests.integration.operator.shell import Shell
from tests.integration.operator.test_crd import CRD_KIND
from tests.integration.operator.test_crd import client as client

from slipway_operator.api.spec import ParentRef
from slipway_operator.cluster.cache.client import CachedClient
from slipway_operator.cluster.client import ApiError, Client
from slipway_operator.cluster.kinds import (
    EVENT,
    HTTP_ROUTE,
    INFERENCE_SERVICE,
    MODEL_DEPLOYMENT,
    POD,
    SERVICE,
    SERVING_RUNTIME,
)
from slipway_operator.queue import Runner
from slipway_operator.settings import Settings
from slipway_scale import objects
from slipway_scale.standin import StandIn

pytestmark = pytest.mark.integration

PATIENCE = 120.0
CLUSTERWIDE = "/apis/serving.kserve.io/v1alpha1/clusterservingruntimes"


def deployment(namespace, name, version):
    body = objects.deployment(0, version)
    body["metadata"] = {"namespace": namespace, "name": name}
    body["spec"]["rollout"] |= {
        "steps": [{"weight": 20, "hold": "0s"}, {"weight": 60, "hold": "0s"}],
        "analysis": {"interval": "15s", "onInconclusive": "Promote"},
    }
    return body


@pytest.fixture
async def surroundings(client, namespace):
    """Definitions, a gateway and a runtime; and who says that everything is ready."""
    for crd in objects.definitions():
        with contextlib.suppress(ApiError):
            await client._request("POST", CRD_KIND.path(), {}, crd)
    for path, body in objects.surroundings(1):
        for _ in range(100):
            try:
                await client._request(
                    "POST", path.replace(f"/{objects.NAMESPACE}/", f"/{namespace}/"), {}, body
                )
                break
            except ApiError as error:
                if error.status == 409:
                    break
                await asyncio.sleep(0.1)  # its definition is not served yet
    task = asyncio.create_task(StandIn(client).run())
    yield Settings(gateway=ParentRef(namespace=namespace, name=objects.GATEWAY))
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def status_of(client, namespace, name):
    body = await client.get(MODEL_DEPLOYMENT, namespace, name)
    return (body or {}).get("status", {})


async def serves(client, namespace, name, version, phase="Healthy"):
    for _ in range(int(PATIENCE / 0.3)):
        status = await status_of(client, namespace, name)
        if status.get("phase") == phase and status["stable"]["version"] == version:
            return status
        await asyncio.sleep(0.3)
    told = {part: status.get(part) for part in ("phase", "message", "weight", "step", "traffic", "history")}
    raise AssertionError(f"{name} does not serve version {version}: {told}")


async def left(client, namespace, name):
    """What is there of a ModelDeployment, in a form that can be compared: kinds, revisions' number, and the split."""
    selector = f"slipway.dev/deployment={name}"
    counts = {
        kind.name: len(await client.list(kind, namespace, selector))
        for kind in (INFERENCE_SERVICE, SERVING_RUNTIME, HTTP_ROUTE, SERVICE, POD)
    }
    route = await client.get(HTTP_ROUTE, namespace, name)
    # A place that nobody has is kept at weight 0, so that the others keep theirs.
    weights = [
        [part["weight"] for part in rule["backendRefs"] if part["weight"]] for rule in route["spec"]["rules"]
    ]
    return counts, weights


async def settled(client, namespace, name):
    """The same, once what is over has been deleted."""
    for _ in range(int(PATIENCE / 0.3)):
        found = await left(client, namespace, name)
        if set(found[0].values()) == {1} and len(found[1]) == 1:  # without the rules that pin a revision
            return found
        await asyncio.sleep(0.3)
    raise AssertionError(f"{name} is not settled: {found}")


class Died(BaseException):
    """The operator is no more."""


class Mortal(CachedClient):
    """A client with which the operator dies at one of its writes: before it leaves, or before its answer is heard."""

    def __init__(self, direct, cache, at, *, before):
        super().__init__(direct, cache, self._count)
        self._at, self._before = at, before
        self.writes = 0
        self.died = asyncio.Event()

    def _count(self):
        self.writes += 1
        if self.died.is_set() or (self.writes == self._at and self._before):
            self._die()

    def _learn(self, kind, answer):
        if self.writes == self._at and not self._before:
            self._die()
        return super()._learn(kind, answer)

    def _die(self):
        self.died.set()
        raise asyncio.CancelledError  # as a process that is gone: nothing after this is done


async def one_life(shell, key, mortal, version):
    """An operator that dies on its way, and one that comes after it and knows nothing."""
    body = deployment(*key, version)
    if version == 1:
        await shell.direct.create(MODEL_DEPLOYMENT, body)
    else:
        await shell.direct.merge(MODEL_DEPLOYMENT, *key, body)

    def begin(runner):
        shell.runners[key] = runner
        runner.add(key)

    end = asyncio.create_task(serves(shell.direct, *key, str(version)))
    async with shell.operator(mortal, begin):
        await asyncio.wait(
            [end, asyncio.create_task(mortal.died.wait())], return_when=asyncio.FIRST_COMPLETED
        )
    if not end.done():
        async with shell.operator(CachedClient(shell.direct, shell.wiring.cache), begin):
            await end
    del shell.runners[key]
    return await end


async def rollout_dying_at(shell, namespace, name, at, *, before):
    """A whole history: version 1, then version 2 with a death; returns what is left, and how many writes there were."""
    key, cache = (namespace, name), shell.wiring.cache
    first = Mortal(shell.direct, cache, at, before=before)
    await one_life(shell, key, first, 1)
    second = Mortal(shell.direct, cache, at, before=before)
    status = await one_life(shell, key, second, 2)

    def begin(runner):
        shell.runners[key] = runner
        runner.add(key)

    async with shell.operator(CachedClient(shell.direct, cache), begin):
        end = await settled(shell.direct, namespace, name)
    outcomes = [(entry["version"], entry["outcome"]) for entry in status["history"]]
    return (end, outcomes), max(first.writes, second.writes)


async def test_an_operator_that_dies_at_any_write_is_followed_by_one_that_comes_to_the_same_end(
    client, namespace, surroundings
):
    shell = Shell(client, surroundings)
    async with shell.following():
        expected, writes = await rollout_dying_at(shell, namespace, "whole", -1, before=True)
        assert expected[1] == [("2", "Promoted"), ("1", "Promoted")]
        assert writes > 15, "a rollout of so few writes is none"
        deaths = [(at, before) for at in range(1, writes + 1) for before in (True, False)]
        gate = asyncio.Semaphore(12)

        async def one(at, before):
            async with gate:
                name = f"{'before' if before else 'after'}-{at}"
                found, _ = await rollout_dying_at(shell, namespace, name, at, before=before)
                return None if found == expected else (name, found)

        others = [part for part in await asyncio.gather(*(one(*death) for death in deaths)) if part]
    assert not others, f"these ended otherwise than {expected}"


class Troubled(Client):
    """A client of an API server in trouble: one request in six fails, before or after it was carried out."""

    def __init__(self, api, seed):
        super().__init__(api)
        self._random = random.Random(seed)
        self.troubles = 0

    async def _request(self, *args, **options):
        trouble = (
            self._random.choice((409, 429, 500, "before", "after")) if self._random.random() < 1 / 6 else None
        )
        self.troubles += trouble is not None
        if isinstance(trouble, int):
            raise ApiError(trouble, "Conflict" if trouble == 409 else "", "trouble")
        if trouble == "before":
            raise TimeoutError
        answer = await super()._request(*args, **options)
        if trouble == "after":
            raise TimeoutError
        return answer


class TroubledAndCached(CachedClient):
    """The operator's own client, in the same trouble."""

    def __init__(self, troubled, cache):
        super().__init__(troubled, cache)
        self._request = troubled._request


@pytest.mark.parametrize("seed", [1, 2])
async def test_an_api_server_in_trouble_delays_and_changes_nothing(
    client, namespace, surroundings, monkeypatch, seed
):
    monkeypatch.setattr(Runner, "FIRST_BACKOFF", 0.05)
    monkeypatch.setattr(Runner, "LAST_BACKOFF", 0.5)
    troubled = Troubled(client.api, seed)
    shell = Shell(troubled, surroundings)
    keys = [(namespace, f"model-{number}") for number in range(6)]

    def begin(runner):
        shell.everybodys = runner
        for key in shell.wiring.all():
            runner.add(key)

    async with shell.following(), shell.operator(TroubledAndCached(troubled, shell.wiring.cache), begin):
        for version in (1, 2):
            for key in keys:
                body = deployment(*key, version)
                if version == 1:
                    await client.create(MODEL_DEPLOYMENT, body)
                else:
                    await client.merge(MODEL_DEPLOYMENT, *key, body)
            ends = await asyncio.gather(*(serves(client, *key, str(version)) for key in keys))
        left_over = [await settled(client, *key) for key in keys]
    assert troubled.troubles > 20, "there was hardly any trouble"
    assert {len(end["history"]) for end in ends} == {2}
    assert all(weights == [[1_000_000]] for _, weights in left_over), left_over


@contextlib.asynccontextmanager
async def churn(client, namespace, surroundings):
    """An operator at work, and a ModelDeployment that serves; gives its key and its revision's objects' name."""
    shell, key = Shell(client, surroundings), (namespace, "churn")

    def begin(runner):
        shell.everybodys = runner

    async with shell.following(), shell.operator(CachedClient(client, shell.wiring.cache), begin):
        await client.create(MODEL_DEPLOYMENT, deployment(*key, 1))
        status = await serves(client, *key, "1")
        yield key, f"churn-{status['stable']['revision']}"


async def repairs(client, namespace, number):
    """What was told of repairs, once there are so many."""
    for _ in range(200):
        events = await client.list(EVENT, namespace)
        found = [event["message"] for event in events if event["reason"] == "Repaired"]
        if len(found) >= number:
            break
        await asyncio.sleep(0.1)
    return found


async def until(client, kind, namespace, name, before, *, part):
    """The object once it is another one (part "uid"), or has the same spec again (part "spec")."""
    async with asyncio.timeout(20):
        while True:
            body = await client.get(kind, namespace, name)
            if body and part == "uid" and body["metadata"]["uid"] != before["metadata"]["uid"]:
                return body
            if body and part == "spec" and body["spec"] == before["spec"]:
                return body
            await asyncio.sleep(0.1)


async def test_what_is_deleted_behind_its_back_is_put_back_and_told(client, namespace, surroundings):
    async with churn(client, namespace, surroundings) as (key, revision):
        told = []
        for kind, name in (
            (HTTP_ROUTE, "churn"),
            (SERVICE, "churn"),
            (INFERENCE_SERVICE, revision),
            (SERVING_RUNTIME, revision),
        ):
            before = await client.get(kind, namespace, name)
            await client.delete(kind, namespace, name)
            now = await until(client, kind, namespace, name, before, part="uid")
            assert now["spec"] == before["spec"], f"{kind.name} is not what it was"
            how = "put back" if kind is HTTP_ROUTE else "made anew"
            told += [f"{kind.name} {name} was deleted: {how}"] if kind is not SERVICE else []
            assert sorted(await repairs(client, namespace, len(told))) == sorted(told)
            await serves(client, *key, "1")


REMOVED = {"predictor": {"model": {"storageUri": None}}}
EDITS = [
    (HTTP_ROUTE, {"hostnames": ["elsewhere.example.com"]}, "hostnames"),
    (INFERENCE_SERVICE, {"predictor": {"model": {"storageUri": "s3://else"}}}, "predictor.model.storageUri"),
    (INFERENCE_SERVICE, {"predictor": {"nodeSelector": {"disk": "slow"}}}, "predictor.nodeSelector"),
    (INFERENCE_SERVICE, REMOVED, "predictor.model.storageUri"),
    (SERVING_RUNTIME, {"containers": [{"name": "kserve-container", "image": "else"}]}, "containers"),
]


async def test_what_is_edited_behind_its_back_is_put_back_and_told(client, namespace, surroundings):
    async with churn(client, namespace, surroundings) as (_, revision):
        told = []
        for kind, patch, field in EDITS:
            name = "churn" if kind is HTTP_ROUTE else revision
            before = await client.get(kind, namespace, name)
            path, query = kind.path(namespace, name), {"fieldManager": "kubectl-edit"}
            await client._request("PATCH", path, query, {"spec": patch}, "application/merge-patch+json")
            await until(client, kind, namespace, name, before, part="spec")
            manager = (
                "kubectl-edit" if patch != REMOVED else "somebody"
            )  # managed fields tell who has, not who had
            told.append(f"{kind.name} {name} was edited by {manager} (field {field}): put back")
            assert sorted(await repairs(client, namespace, len(told))) == sorted(told)
        await asyncio.sleep(1.0)
        assert len(await repairs(client, namespace, 0)) == len(told), "a repair was told more than once"


async def test_nothing_is_repaired_that_nobody_has_touched(client, namespace, surroundings):
    async with churn(client, namespace, surroundings) as (key, _):
        await client.merge(MODEL_DEPLOYMENT, *key, deployment(*key, 2))
        await serves(client, *key, "2")
        await client.merge(MODEL_DEPLOYMENT, *key, deployment(*key, 1))
        await serves(client, *key, "1")
        assert await repairs(client, namespace, 0) == []


async def test_a_version_that_is_gone_is_made_again_by_command(client, namespace, surroundings):
    async with churn(client, namespace, surroundings) as (key, revision):
        before = {
            kind: await client.get(kind, namespace, revision) for kind in (INFERENCE_SERVICE, SERVING_RUNTIME)
        }
        await client.merge(MODEL_DEPLOYMENT, *key, deployment(*key, 2))
        await serves(client, *key, "2")
        await settled(client, *key)
        command = {"metadata": {"annotations": {"slipway.dev/rollback": "once/1"}}}
        await client.merge(MODEL_DEPLOYMENT, *key, command)
        await serves(client, *key, "1", "RolledBack")
        for kind, was in before.items():
            now = await client.get(kind, namespace, revision)
            assert now["metadata"]["uid"] != was["metadata"]["uid"], f"{kind.name} was never gone"
            assert now["spec"] == was["spec"], f"{kind.name} is not what it was"
        assert await repairs(client, namespace, 0) == []


async def test_a_first_revision_that_is_refused_is_told_once_and_leaves_nothing(
    client, namespace, surroundings
):
    shell, key = Shell(client, surroundings), (namespace, "churn")

    def begin(runner):
        shell.everybodys = runner

    async with shell.following(), shell.operator(CachedClient(client, shell.wiring.cache), begin):
        body = deployment(*key, 1)
        body["spec"]["template"] = {"metadata": {"labels": {"team": "no such value!"}}}
        await client.create(MODEL_DEPLOYMENT, body)
        async with asyncio.timeout(20):
            while not (status := await status_of(client, *key)).get("message"):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await asyncio.sleep(1.0)
        version = (await client.get(MODEL_DEPLOYMENT, *key))["metadata"]["resourceVersion"]
        status = await status_of(client, *key)
        assert status["phase"] == "Pending"
        assert status["message"].startswith("InferenceServiceRefused: InferenceService: ")
        assert "no such value!" in status["message"]
        await asyncio.sleep(1.0)
        assert (await client.get(MODEL_DEPLOYMENT, *key))["metadata"]["resourceVersion"] == version, (
            "it flaps"
        )
        assert not await client.list(SERVING_RUNTIME, namespace, "slipway.dev/deployment=churn")
        await client.merge(MODEL_DEPLOYMENT, *key, {"spec": {"template": None}})
        assert len((await serves(client, *key, "1"))["history"]) == 1
