"""The predictor's own counters, read from every pod: what a model's process knows of its answers.

It cannot know of requests that never reached it; a gateway's counters stand beside it. 5xx answers are the model's
failures, 4xx the client's: 400 is a request that does not fit the contract, which a new model may draw narrower.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from slipway_operator.api import names
from slipway_operator.evidence.exposition import samples, slower
from slipway_operator.rollout.analysis.signals import ASKED, FALLBACKS, REJECTED, SCORE
from slipway_operator.rollout.observation import Readings
from slipway_operator.rollout.pods import host_of, predictors

REQUESTS = "slipway_predictor_requests_total"
DURATION = "slipway_predictor_request_duration_seconds_bucket"
SCORES = "prediction_scores_bucket"
FILLED = "slipway_predictor_fallbacks_total"
_REJECTED_CODE = "400"
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
    codes: Counter[str] = Counter()
    below: dict[str, dict[str, int]] = {DURATION: {}, SCORES: {}}
    fallbacks: int | None = None
    for sample in samples(text, REQUESTS, DURATION, SCORES, FILLED):
        if sample.name == FILLED:
            fallbacks = (fallbacks or 0) + int(sample.value)
        elif sample.name == REQUESTS:
            codes[sample.labels.get("code", "")] += int(sample.value)
        elif sample.name in below:
            bounds = below[sample.name]
            bound = sample.labels.get("le", "")
            bounds[bound] = bounds.get(bound, 0) + int(sample.value)
    asked = codes.total()
    errors = sum(count for code, count in codes.items() if code.startswith("5"))
    counts = {"requests": asked, "errors": errors, ASKED: asked, REJECTED: codes[_REJECTED_CODE]}
    counts |= slower(below[DURATION])
    if fallbacks is not None:
        counts[FALLBACKS] = fallbacks
    scored = below[SCORES].pop("+Inf", None)
    if scored is not None:
        counts |= {"scored": scored} | {f"{SCORE}{cut}": count for cut, count in below[SCORES].items()}
    return counts


def _endpoint(runtime: Json | None) -> str | None:
    """``port/path`` of the metrics, as the revision's runtime says."""
    if runtime is None:
        return None
    found: str | None = runtime["metadata"].get("annotations", {}).get(names.ANNOTATION_METRICS)
    return found


def _targets(pods: Mapping[str, list[Json]], endpoints: Mapping[str, str | None]) -> Iterable[Target]:
    for revision, group in pods.items():
        for pod in predictors(group):
            url = f"http://{host_of(pod)}:{endpoints[revision]}"
            yield Target(pod["metadata"]["name"], revision, url)


async def _counts(session: aiohttp.ClientSession, target: Target) -> dict[str, int] | str:
    try:
        async with session.get(target.url, timeout=TIMEOUT) as response:
            if response.status != 200:
                return f"pod {target.pod} answers {response.status} at {target.url}"
            return parse(await response.text())
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return f"pod {target.pod}: {error or type(error).__name__}"
