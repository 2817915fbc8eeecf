"""Whether the gateway's proxies can send requests to a backend that has just come: asked before its weight is raised.

That a route is accepted says that the gateway's controller has it. A proxy answers requests for a cluster that it does
not have yet with 500 and no body, on a machine that starves for seconds after that.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence

import aiohttp

from slipway_operator.evidence.exposition import samples
from slipway_operator.evidence.proxies import PORT, Cluster, Json, NoAnswer, cluster_of, fetch
from slipway_operator.rollout.pods import answering

HEALTHY = "envoy_cluster_membership_healthy"

Rules = Mapping[str, Sequence[str | None]]


async def cold(
    session: aiohttp.ClientSession,
    proxies: Sequence[Json],
    rules: Rules,
    revisions: Collection[str],
    port: int = PORT,
) -> frozenset[str]:
    """Those of ``revisions`` for which some ready proxy has no healthy endpoint.

    ``rules``: as for ``envoy.read``. A proxy that cannot be asked, and a rule of which it knows no backend at all (another
    Gateway's, or one that names its clusters otherwise), says nothing against anybody.
    """
    answers = await asyncio.gather(*(fetch(session, pod, rules, port) for pod in answering(proxies)))
    found: set[str] = set()
    for text in answers:
        if not isinstance(text, NoAnswer):
            found |= _cold(text, rules, revisions)
    return frozenset(found)


def _cold(text: str, rules: Rules, revisions: Collection[str]) -> set[str]:
    try:
        healthy = _healthy(text)
    except ValueError:
        return set()
    known = {rule for rule, _ in healthy}
    return {
        revision
        for rule in known & rules.keys()
        for index, revision in enumerate(rules[rule])
        if revision is not None and revision in revisions and not healthy.get((rule, index))
    }


def _healthy(text: str) -> dict[Cluster, int]:
    """How many healthy endpoints each backend has; ValueError for a text that is no exposition."""
    found = {cluster_of(sample): int(sample.value) for sample in samples(text, HEALTHY)}
    return {cluster: count for cluster, count in found.items() if cluster is not None}
