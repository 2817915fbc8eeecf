"""The gateway's counters by backend, from every proxy pod of an Envoy Gateway: what clients really got.

They see what no predictor can: refused connections, timeouts, pods that died with a request. A backend's cluster
(``evidence.proxies``) has counters by response class and a histogram of times. The histogram is brought up to date every
five seconds only.

An answer over gRPC is HTTP 200 whatever comes of it, so that the classes tell of broken connections alone; what the
model said is its status, which Envoy counts where the Gateway's EnvoyProxy has ``enableGRPCStats``.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aiohttp

from slipway_operator.evidence.exposition import samples, slower
from slipway_operator.evidence.proxies import PORT, Cluster, Json, NoAnswer, cluster_of, fetch
from slipway_operator.rollout.pods import answering

REQUESTS = "envoy_cluster_upstream_rq_xx"
DURATION = "envoy_cluster_upstream_rq_time_bucket"
STATUSES = "envoy_cluster_grpc_"
_STATUS = re.compile(
    STATUSES + r"(?:\w+_)?(\d+)$"
)  # what stands before the number is a piece of the method's name
UNAVAILABLE = 14
GRPC_FAILURES = frozenset({2, 4, 12, 13, UNAVAILABLE, 15})
"""UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS: what is the server's failure."""
GRPC_RULE = "grpcroute/"
Entries = dict[str, tuple[str, Mapping[str, int]]]
"""Proxy and backend → (revision, its counters by name)."""


@dataclass(frozen=True)
class Counted:
    """What one proxy has counted of one backend."""

    counts: Mapping[str, int]
    whole: bool = True
    """Whether what the model itself fails is among the errors."""


async def read(
    session: aiohttp.ClientSession,
    proxies: Sequence[Json],
    rules: Mapping[str, Sequence[str | None]],
    port: int = PORT,
    *,
    blind: bool = False,
) -> Entries | str:
    """The counters of a route's backends in every ready proxy, or why they could not all be read.

    ``rules`` holds its weighted rules by name, each with the revisions in the order of its backendRefs (None: nobody).
    Where errors are not whole they are left to the pods' own counters; ``blind``: there are none, and a part is better
    than nothing.
    """
    ready = answering(proxies)
    if not ready:
        return "no proxy of the gateway is ready"
    answers = await asyncio.gather(*(_read_one(session, pod, rules, port) for pod in ready))
    entries: Entries = {}
    for pod, answer in zip(ready, answers, strict=True):
        if isinstance(answer, str):
            return answer
        entries |= _entries(pod["metadata"]["name"], answer, rules, blind=blind)
    return entries


def _entries(
    proxy: str, counted: Mapping[Cluster, Counted], rules: Mapping[str, Sequence[str | None]], *, blind: bool
) -> Entries:
    """One for each revision, over all rules: a rule without requests has no histogram, and takes nobody's away."""
    clusters: dict[str, list[Cluster]] = {}
    for rule, backends in rules.items():
        for index, revision in enumerate(backends):
            if revision:
                clusters.setdefault(revision, []).append((rule, index))
    entries: Entries = {}
    for revision, places in clusters.items():
        found = [counted[place] for place in places if place in counted]
        total = Counter(requests=0, errors=0)
        for part in found:
            total.update(part.counts)
        if not (blind or all(part.whole for part in found)):
            del total["requests"], total["errors"]
        # By number too: after a change of the backends the cluster of a number belongs to another revision.
        where = "+".join(f"{rule}/{index}" for rule, index in places)
        entries[f"{proxy}/{where}/{revision}"] = (revision, dict(total))
    return entries


def parse(text: str) -> dict[Cluster, Counted]:
    """Counters by backend from an exposition of some rules' clusters; ValueError for a text that is none."""
    counts: dict[Cluster, Counter[str]] = {}
    below: dict[Cluster, dict[str, int]] = {}
    statuses: dict[Cluster, Counter[int]] = {}
    for sample in samples(text, REQUESTS, DURATION, STATUSES):
        cluster, value = cluster_of(sample), int(sample.value)
        if cluster is None:
            continue
        if sample.name == REQUESTS:
            failed = sample.labels.get("envoy_response_code_class") == "5"
            part = counts.setdefault(cluster, Counter(requests=0, errors=0))
            part.update(requests=value, errors=value if failed else 0)
        elif status := _STATUS.fullmatch(sample.name):
            statuses.setdefault(cluster, Counter())[int(status[1])] += value
        elif sample.name == DURATION:
            bound = sample.labels["le"]
            name = bound if bound == "+Inf" else f"{float(bound) / 1000:g}"
            below.setdefault(cluster, {})[name] = value
    return {
        cluster: Counted(
            {**part, "errors": _failed(part["errors"], statuses.get(cluster, Counter()))}
            | slower(below.get(cluster, {})),
            whole=cluster in statuses or not cluster[0].startswith(GRPC_RULE),
        )
        for cluster, part in counts.items()
    }


def _failed(broken: int, statuses: Counter[int]) -> int:
    """Failures over REST and gRPC, which a rule of an HTTPRoute may both have.

    A gRPC request without an answer is in both, as 5xx and as UNAVAILABLE, so that the larger of the two counts.
    """
    failures = Counter({status: statuses[status] for status in GRPC_FAILURES})
    unavailable = failures.pop(UNAVAILABLE)
    return max(broken, unavailable) + failures.total()


async def _read_one(
    session: aiohttp.ClientSession, pod: Json, rules: Mapping[str, Sequence[str | None]], port: int
) -> dict[Cluster, Counted] | str:
    text = await fetch(session, pod, rules, port)
    if isinstance(text, NoAnswer):
        return text.why
    try:
        return parse(text)
    except ValueError as error:
        return f"proxy {pod['metadata']['name']}: {error}"
