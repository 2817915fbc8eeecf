"""The gateway's counters by backend, from every proxy pod of an Envoy Gateway: what clients really got.

They see what no predictor can: refused connections, timeouts, pods that died with a request. Because each backend of
our route has a filter of its own, Envoy Gateway makes it a cluster of its own, named
``httproute/NAMESPACE/NAME/rule/RULE/backend/INDEX``, with counters by response class and a histogram of times. The
histogram is brought up to date every five seconds only.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import aiohttp

from slipway_operator.evidence.exposition import samples, slower
from slipway_operator.rollout.pods import answering, host_of

PORT = 19001
TIMEOUT = aiohttp.ClientTimeout(total=3)
REQUESTS = "envoy_cluster_upstream_rq_xx"
DURATION = "envoy_cluster_upstream_rq_time_bucket"
_BACKEND = re.compile(r"/backend/(\d+)$")

Json = dict[str, Any]
Entries = dict[str, tuple[str, Mapping[str, int]]]
"""Proxy and backend → (revision, its counters by name)."""


async def read(
    session: aiohttp.ClientSession,
    proxies: Sequence[Json],
    route: tuple[str, str],
    backends: Sequence[str],
    port: int = PORT,
) -> Entries | str:
    """The counters of a route's backends in every ready proxy, or why they could not all be read.

    ``route`` is (namespace, name), ``backends`` the revisions in the order of the route's backendRefs.
    """
    ready = answering(proxies)
    if not ready:
        return "no proxy of the gateway is ready"
    answers = await asyncio.gather(*(_read_one(session, pod, route, port) for pod in ready))
    entries: Entries = {}
    for pod, answer in zip(ready, answers, strict=True):
        if isinstance(answer, str):
            return answer
        for index, revision in enumerate(backends):
            # By index too: after a change of the backends the cluster of a number belongs to another revision.
            name = f"{pod['metadata']['name']}/{index}/{revision}"
            entries[name] = (revision, answer.get(index, {"requests": 0, "errors": 0}))
    return entries


def parse(text: str) -> dict[int, dict[str, int]]:
    """Counters by backend from an exposition of one route's clusters; ValueError for a text that is none."""
    counts: dict[int, dict[str, int]] = {}
    below: dict[int, dict[str, int]] = {}
    for sample in samples(text, REQUESTS, DURATION):
        found = _BACKEND.search(sample.labels.get("envoy_cluster_name", ""))
        if not found:
            continue
        index, value = int(found[1]), int(sample.value)
        if sample.name == REQUESTS:
            part = counts.setdefault(index, {"requests": 0, "errors": 0})
            part["requests"] += value
            part["errors"] += value if sample.labels.get("envoy_response_code_class") == "5" else 0
        else:
            bound = sample.labels["le"]
            name = bound if bound == "+Inf" else f"{float(bound) / 1000:g}"
            below.setdefault(index, {})[name] = value
    return {index: part | slower(below.get(index, {})) for index, part in counts.items()}


async def _read_one(
    session: aiohttp.ClientSession, pod: Json, route: tuple[str, str], port: int
) -> dict[int, dict[str, int]] | str:
    name = pod["metadata"]["name"]
    wanted = quote(f"httproute/{re.escape(route[0])}/{re.escape(route[1])}/rule/0/")
    url = f"http://{host_of(pod)}:{port}/stats/prometheus?filter={wanted}"
    try:
        async with session.get(url, timeout=TIMEOUT) as response:
            if response.status != 200:
                return f"proxy {name} answers {response.status} on port {port}"
            return parse(await response.text())
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return f"proxy {name}: {error or type(error).__name__}"
