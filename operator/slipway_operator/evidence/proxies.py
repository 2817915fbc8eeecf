"""What a proxy pod of an Envoy Gateway tells of the backends of a route, as an exposition of their clusters.

Because each backend of our route has a filter of its own, Envoy Gateway makes it a cluster of its own, named by its
rule (``httproute/NAMESPACE/NAME/rule/RULE``) and its number (``/backend/INDEX``). What is read of it is in ``envoy`` (what
became of requests) and ``warmth`` (whether it can take any).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
from prometheus_client.samples import Sample

from slipway_operator.rollout.pods import host_of

PORT = 19001
TIMEOUT = aiohttp.ClientTimeout(total=3)
_BACKEND = re.compile(r"(.+)/backend/(\d+)$")

Json = dict[str, Any]
Cluster = tuple[str, int]
"""A rule's name and a backend's number in it."""


@dataclass(frozen=True)
class NoAnswer:
    """A proxy does not tell."""

    why: str


async def fetch(
    session: aiohttp.ClientSession, pod: Json, rules: Iterable[str], port: int = PORT
) -> str | NoAnswer:
    """The exposition of the clusters of some rules."""
    name = pod["metadata"]["name"]
    wanted = quote(f"({'|'.join(map(re.escape, rules))})/backend/")
    url = f"http://{host_of(pod)}:{port}/stats/prometheus?filter={wanted}"
    try:
        async with session.get(url, timeout=TIMEOUT) as response:
            if response.status != 200:
                return NoAnswer(f"proxy {name} answers {response.status} on port {port}")
            return await response.text()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return NoAnswer(f"proxy {name}: {error or type(error).__name__}")


def cluster_of(sample: Sample) -> Cluster | None:
    """The backend that a sample is about."""
    found = _BACKEND.search(sample.labels.get("envoy_cluster_name", ""))
    return (found[1], int(found[2])) if found else None
