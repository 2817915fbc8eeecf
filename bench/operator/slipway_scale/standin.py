"""In place of KServe, the kubelet and the gateway: says at once that everything is ready. A process of its own.

For every InferenceService a Deployment and one pod, both ready, unless they are there already; every HTTPRoute is accepted. And a small HTTP server
answers for all pods' predictors: two thousand good requests a second for each.
"""

import argparse
import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from aiohttp import web

from slipway_operator.cluster.cache.reflector import Reflector
from slipway_operator.cluster.cache.store import Store
from slipway_operator.cluster.client import ApiError, Client, connect
from slipway_operator.cluster.kinds import DEPLOYMENT, HTTP_ROUTE, INFERENCE_SERVICE, POD

Json = dict[str, Any]
Answer = Callable[[Json, bool], Awaitable[None]]
"""To an object that appeared or changed, or to one that is gone."""

WORKERS = 8
RATE = 2000
DURATIONS = {"0.005": 50, "0.01": 90, "0.025": 99, "+Inf": 100}
"""Bound in seconds → percent of the requests that took no longer."""


class StandIn:
    """Answers to what appears."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._work: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self._served: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for kind, answer in ((INFERENCE_SERVICE, self._serve), (HTTP_ROUTE, self._accept)):
                store = Store(partial(self._queue, answer))
                group.create_task(Reflector(self._client, kind, store).run())
            for _ in range(WORKERS):
                group.create_task(self._labour())

    def _queue(self, answer: Answer, body: Json, there: bool) -> None:
        self._work.put_nowait(lambda: answer(body, there))

    async def _labour(self) -> None:
        while True:
            work = await self._work.get()
            with contextlib.suppress(ApiError):  # gone or changed meanwhile: there is another event for that
                await work()

    async def _serve(self, service: Json, there: bool) -> None:
        namespace, name = service["metadata"]["namespace"], f"{service['metadata']['name']}-predictor"
        if not there:
            self._served.discard((namespace, name))
            await self._client.delete(DEPLOYMENT, namespace, name)
            await self._client.delete(POD, namespace, name)
        elif (namespace, name) not in self._served:
            self._served.add((namespace, name))
            if await self._client.get(DEPLOYMENT, namespace, name) is None:
                await make_ready(self._client, namespace, name, _labels(service))

    async def _accept(self, route: Json, there: bool) -> None:
        current: Json | None = route if there else None
        while current and not _is_accepted(current):
            conditions = [
                _condition(kind, current["metadata"]["generation"]) for kind in ("Accepted", "ResolvedRefs")
            ]
            status = {"parents": [{"conditions": conditions}]}
            try:
                await self._client.replace_status(HTTP_ROUTE, {**current, "status": status})
                return
            except ApiError as error:
                if error.status != 409:
                    raise
            metadata = current["metadata"]
            current = await self._client.get(HTTP_ROUTE, metadata["namespace"], metadata["name"])


def _is_accepted(route: Json) -> bool:
    parents = route.get("status", {}).get("parents", [])
    generation = route["metadata"]["generation"]
    return bool(parents) and bool(parents[0]["conditions"][0]["observedGeneration"] == generation)


async def make_ready(client: Client, namespace: str, name: str, labels: Json) -> None:
    """A Deployment and its one pod, both ready."""
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    for kind, body, status in (
        (POD, _pod(metadata), _pod_status()),
        (DEPLOYMENT, _deployment(metadata), _deployment_status()),
    ):
        made = await client.create(kind, {"apiVersion": kind.api_version, "kind": kind.name, **body})
        await client.replace_status(kind, {**made, "status": status})


def _labels(service: Json) -> Json:
    return {
        key: value for key, value in service["metadata"]["labels"].items() if key.startswith("slipway.dev/")
    }


def _condition(kind: str, generation: int) -> Json:
    return {"type": kind, "status": "True", "observedGeneration": generation}


def _pod(metadata: Json) -> Json:
    return {"metadata": metadata, "spec": {"containers": [{"name": "kserve-container", "image": "none"}]}}


def _pod_status() -> Json:
    ready = [{"type": "Ready", "status": "True"}]
    container = {
        "name": "kserve-container",
        "image": "none",
        "imageID": "",
        "ready": True,
        "restartCount": 0,
        "state": {"running": {}},
    }
    addresses = {"podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}]}
    return {"phase": "Running", "conditions": ready, "containerStatuses": [container], **addresses}


def _deployment(metadata: Json) -> Json:
    labels = metadata["labels"]
    template = {"metadata": {"labels": labels}, "spec": _pod({})["spec"]}
    return {
        "metadata": metadata,
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }


def _deployment_status() -> Json:
    counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 1)
    return {"observedGeneration": 1, **counts}


async def _metrics(_: web.Request) -> web.Response:
    count = int(time.monotonic() * RATE)
    lines = [f'slipway_predictor_requests_total{{code="200"}} {count}']
    for bound, percent in DURATIONS.items():
        name = "slipway_predictor_request_duration_seconds_bucket"
        lines.append(f'{name}{{le="{bound}"}} {count * percent // 100}')
    return web.Response(text="\n".join(lines) + "\n")


async def _main(port: int) -> None:
    app = web.Application()
    app.router.add_get("/metrics", _metrics)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await StandIn(await connect()).run()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A stand-in for KServe and the gateway.")
    parser.add_argument("--port", type=int, required=True, help="where the pods' counters are answered")
    asyncio.run(_main(parser.parse_args().port))
