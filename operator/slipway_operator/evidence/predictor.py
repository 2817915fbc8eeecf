"""The predictor's own counters, read from every pod: what a model's process knows of its answers.

It cannot know of requests that never reached it; a gateway's counters will stand beside it. 5xx answers are the
model's failures, 4xx the client's.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from slipway_operator.api import names
from slipway_operator.rollout.analysis.signals import SCORE, SLOWER
from slipway_operator.rollout.diagnosis import pod_state
from slipway_operator.rollout.observation import Readings

REQUESTS = "slipway_predictor_requests_total"
DURATION = "slipway_predictor_request_duration_seconds_bucket"
SCORES = "prediction_scores_bucket"
TIMEOUT = aiohttp.ClientTimeout(total=2)

Json = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """Where one pod answers its metrics."""

    pod: str
    revision: str
    url: str


async def read(
    session: aiohttp.ClientSession, pods: Mapping[str, list[Json]], runtimes: Mapping[str, Json]
) -> Readings:
    """The counters of the pods of some revisions; never raises: what cannot be read is told in the answer."""
    endpoints = {revision: _endpoint(runtimes.get(revision)) for revision in pods}
    if not all(endpoints.values()):
        return Readings(absent=True)
    targets = list(_targets(pods, endpoints))
    answers = await asyncio.gather(*(_counts(session, target) for target in targets))
    errors = [answer for answer in answers if isinstance(answer, str)]
    read = {
        target.pod: (target.revision, answer)
        for target, answer in zip(targets, answers, strict=True)
        if not isinstance(answer, str)
    }
    return Readings(pods=read, error=errors[0] if errors else None)


def parse(text: str) -> dict[str, int]:
    """The counters in an exposition, by the names that ``rollout.analysis.signals`` knows.

    Raises ValueError for a text that is none.
    """
    lines = [line for line in text.splitlines() if line.startswith((REQUESTS, DURATION, SCORES))]
    requests = errors = 0
    buckets: dict[str, dict[str, int]] = {DURATION: {}, SCORES: {}}
    for family in text_string_to_metric_families("\n".join(lines) + "\n"):
        for sample in family.samples:
            if sample.name == REQUESTS:
                requests += int(sample.value)
                errors += int(sample.value) if sample.labels.get("code", "").startswith("5") else 0
            elif sample.name in buckets:
                bounds = buckets[sample.name]
                bound = sample.labels.get("le", "")
                bounds[bound] = bounds.get(bound, 0) + int(sample.value)
    timed, scored = (buckets[name].pop("+Inf", 0) for name in (DURATION, SCORES))
    counts = {"requests": requests, "errors": errors}
    if buckets[DURATION]:
        counts |= {"timed": timed}
        counts |= {f"{SLOWER}{bound}": timed - count for bound, count in buckets[DURATION].items()}
    if buckets[SCORES]:
        counts |= {"scored": scored} | {f"{SCORE}{cut}": count for cut, count in buckets[SCORES].items()}
    return counts


def _endpoint(runtime: Json | None) -> str | None:
    """``port/path`` of the metrics, as the revision's runtime says."""
    if runtime is None:
        return None
    found: str | None = runtime["metadata"].get("annotations", {}).get(names.ANNOTATION_METRICS)
    return found


def _targets(pods: Mapping[str, list[Json]], endpoints: Mapping[str, str | None]) -> Iterable[Target]:
    for revision, group in pods.items():
        for pod in group:
            if pod["metadata"].get("labels", {}).get("component", "predictor") != "predictor":
                continue  # a transformer's pod counts nothing of the model's
            address = pod.get("status", {}).get("podIP")
            if address and pod_state(pod).ready:  # the others get no requests
                host = f"[{address}]" if ":" in address else address
                yield Target(pod["metadata"]["name"], revision, f"http://{host}:{endpoints[revision]}")


async def _counts(session: aiohttp.ClientSession, target: Target) -> dict[str, int] | str:
    try:
        async with session.get(target.url, timeout=TIMEOUT) as response:
            if response.status != 200:
                return f"pod {target.pod} answers {response.status} at {target.url}"
            return parse(await response.text())
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return f"pod {target.pod}: {error or type(error).__name__}"
