"""The evidence about a canary as status keeps it: counters read last, and what all checks so far have shown."""

from typing import Literal

from pydantic import Field

from slipway_operator.api.model import ApiModel, Time

Verdict = Literal["Pass", "Fail", "Inconclusive", "Error"]

Source = Literal["gateway", "selfReported"]
"""Counted by the gateway's proxies, or by the predictor's pods of themselves."""


class Counts(ApiModel):
    """Requests answered and those of them that failed."""

    requests: int = 0
    errors: int = 0


class PodCounts(ApiModel):
    """The last reading of one pod's counters; they only go up while it lives."""

    pod: str
    counts: list[int] = Field(default=[])
    """By evidence.keys; -1 where the pod does not report one."""


class MixtureEvidence(ApiModel):
    """Evidence against a hypothesis, as logarithms."""

    total: float
    weights: list[float]
    """What each alternative has foretold."""


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
    shares: list[ShareEvidence]
    stable: list[int]
    """Hits and requests of the first share, over all checks."""
    canary: list[int]


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
    keys: list[str] = Field(default=[])
    """The names of the counters."""
    pods: list[PodCounts] = Field(default=[])
    read_at: Time | None = None
    signals: list[SignalEvidence] = Field(default=[])


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
