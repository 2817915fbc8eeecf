"""The evidence about a canary as status keeps it: counters read last, and what all checks so far have shown.

What only the operator reads is packed into one string each (JSON, deflated, base64): some hundred numbers a rollout
would drown what people look for in the object. What it shows is told in ``status.analysis``.
"""

import json
import zlib
from base64 import b64decode, b64encode
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from slipway_operator.api.model import ApiModel, Time


def _pack(parts: list[ApiModel]) -> str:
    texts = ",".join(part.model_dump_json(by_alias=True, exclude_none=True) for part in parts)
    return b64encode(zlib.compress(f"[{texts}]".encode(), 9)).decode()


def _unpack(value: Any) -> Any:
    return json.loads(zlib.decompress(b64decode(value))) if isinstance(value, str) else value


_PACKED = (BeforeValidator(_unpack), PlainSerializer(_pack, return_type=str, when_used="json"))

Verdict = Literal["Pass", "Fail", "Inconclusive", "Error"]

Source = Literal["gateway", "selfReported", "prometheus", "web"]
"""Counted by the gateway's proxies, or by the predictor's pods of themselves; or asked of a program of the user's."""


class Counts(ApiModel):
    """Requests answered and those of them that failed."""

    requests: int = 0
    errors: int = 0


class PodCounts(ApiModel):
    """The last reading of one pod's counters; they only go up while it lives."""

    pod: str
    counts: dict[str, int] = Field(default={})
    """By the counters' names."""


class MixtureEvidence(ApiModel):
    """Evidence against a hypothesis, as logarithms."""

    total: float
    weights: list[float]
    """What each alternative has foretold."""
    asleep: float | None = None
    """The weight of what has not begun yet."""
    checks: int = 0


class ShareEvidence(ApiModel):
    """The sequential test of one share; see rollout.sequential."""

    key: str
    """The counter of its hits."""
    of: str
    """The counter of all."""
    complement: bool = False
    """It is the requests that are no hits whose share is tested."""
    tolerated: float
    excluded: float
    forecast: list[float]
    """Hits and requests of stable, with forgetting: what the next check is expected to be like."""
    worse: MixtureEvidence
    """That the canary is worse than tolerated."""
    alike: MixtureEvidence
    """That it is not worse by what is excluded."""


class SignalEvidence(ApiModel):
    """What all checks so far have shown about one metric."""

    metric: str
    shares: Annotated[list[ShareEvidence], *_PACKED]
    """The tests (packed)."""
    stable: list[int]
    """Hits and requests of the first share, over all checks."""
    canary: list[int]


class ThresholdEvidence(ApiModel):
    """What all checks so far have shown about one number with bounds."""

    metric: str
    checked_at: Time | None = None
    requests: int = 0
    """The canary's requests in all, at that time."""
    passed: int = 0
    failed: int = 0


class Evidence(ApiModel):
    """What was counted since the rollout began."""

    source: Source | None = None
    """Where errors and latency are counted; the same for the whole rollout."""
    canary_total: Counts = Counts()
    """The canary's requests over all steps: what it has cost."""
    canary_rate: float | None = None
    """Requests a second that the canary got during the last check."""
    checks: int = 0
    """How many checks counted; the first after the canary's first requests only warms up."""
    pods: Annotated[list[PodCounts], *_PACKED] = Field(default_factory=list)
    """The counters as read last (packed)."""
    read_at: Time | None = None
    signals: list[SignalEvidence] = Field(default=[])
    thresholds: list[ThresholdEvidence] = Field(default=[])


class Samples(ApiModel):
    """How many requests of each revision a verdict rests on."""

    stable: int
    canary: int


class Analysis(ApiModel):
    """The latest look at one metric."""

    metric: str
    verdict: Verdict
    message: str
    dry_run: bool | None = None
    source: Source | None = None
    stable: str | None = None
    """Stable's share over the checks so far, in percent."""
    canary: str | None = None
    samples: Samples | None = None
