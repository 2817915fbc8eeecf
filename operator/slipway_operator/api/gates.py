"""Gates: what a canary must pass before its first request; what users write, what is frozen, and what came of each.

They run one at a time, in this order: contract, artifact, warmup, golden, shadow, jobs, webhooks.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from slipway_operator.api.fields import Duration, FreeForm, Name, Url, cel, few_of_a_name
from slipway_operator.api.model import ApiModel, Time

GateResult = Literal["Pending", "Running", "Passed", "Failed", "Error", "Skipped"]


class Gate(ApiModel):
    """What every built-in gate has."""

    enabled: bool | None = None
    """false leaves the gate out; default true."""
    timeout: Duration | None = None
    """How long it may take, repeated attempts included; a gate without an answer by then sends the canary back."""


class WarmupGate(Gate):
    """Requests through the canary's own Service until its latency has settled; each must be answered with 200."""

    requests: int | None = Field(default=None, ge=1, le=1000)
    """How many at the least, for each of its pods; default 20."""


class GoldenGate(Gate):
    """The canary's answers to the bundle's golden rows, against those recorded when the bundle was made."""

    tolerance: float | None = Field(default=None, ge=0, le=1)
    """How far a float may be off, relative to its size or to 1; default 0.00001."""


class ShadowGate(Gate):
    """Live requests are mirrored to the canary, whose answers nobody gets; they are compared with stable's.

    Off unless it is written: mirrored requests cost as much as others. Its default timeout is 10m.
    """

    percent: int | None = Field(default=None, ge=1, le=100)
    """The share of requests that is mirrored; default 100."""
    requests: int | None = Field(default=None, ge=1, le=100_000)
    """How many requests must have been answered by both; default 200."""
    min_agreement: float | None = Field(default=None, ge=0, le=1)
    """The share of their rows that must be answered alike: with the same label or, without labels, with a value that is
    no further off than `tolerance`. A request that only stable could answer counts as answered otherwise. Default 0.95."""
    tolerance: float | None = Field(default=None, ge=0, le=1)
    """How far values may be apart, relative to their size or to 1; default 0.01."""
    max_delta: float | None = Field(default=None, ge=0)
    """How far any two scores (or values) of equal labels may be apart; default: as far as they like."""


class JobGate(ApiModel):
    """A Kubernetes Job of yours in the same namespace: its completion lets the canary pass, its failure sends it back."""

    name: Name
    spec: FreeForm
    """A batch/v1 JobSpec. Its containers are told the canary's and stable's URLs and versions (SLIPWAY_CANARY_URL, ...).
    Defaults: backoffLimit 0, restartPolicy Never, ttlSecondsAfterFinished 3600, activeDeadlineSeconds the timeout."""
    timeout: Duration | None = None
    """How long it may take, its pods' start included; default 10m."""


Jobs = Annotated[list[JobGate], few_of_a_name("two jobs have the same name")]


class Webhook(ApiModel):
    """A POST to a program of yours: 2xx lets the canary pass, anything else is tried again and then sends it back."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (
                "!has(self.timeout) || duration(self.timeout) <= duration('1m')",
                "timeout is for one call: 1m at most",
            ),
        )
    )

    name: Name
    url: Url
    """Loopback, link-local and metadata addresses and the API server are refused; redirects are not followed."""
    timeout: Duration | None = None
    """How long one call may take; default 10s, at most 1m."""
    retries: int | None = Field(default=None, ge=0, le=10)
    """How often a call that was not answered with 2xx is made again; default 3."""


Webhooks = Annotated[list[Webhook], few_of_a_name("two webhooks have the same name")]


class Gates(ApiModel):
    """What a canary must pass before its first request. The first four are on by default."""

    contract: Gate | None = None
    """The canary's contract against stable's: what stable's clients send and read must go on working."""
    artifact: Gate | None = None
    """The digest that the predictor says it serves must be spec.model.digest."""
    warmup: WarmupGate | None = None
    golden: GoldenGate | None = None
    shadow: ShadowGate | None = None
    jobs: Jobs | None = None
    """Run one after the other, in this order."""
    webhooks: Webhooks | None = None
    """Called last, in this order."""


class EffectiveGate(ApiModel):
    """A gate as it runs: defaults filled in, frozen when the rollout starts. Times in seconds."""

    name: str
    """contract, artifact, warmup, golden, shadow, job/NAME or webhook/NAME."""
    timeout_seconds: int
    """For the whole gate, repeated attempts included."""
    requests: int | None = None
    tolerance: float | None = None
    percent: int | None = None
    min_agreement: float | None = None
    max_delta: float | None = None
    job: FreeForm | None = None
    url: str | None = None
    call_seconds: int | None = None
    """For one call of a webhook."""
    retries: int | None = None


class GateAnswer(ApiModel):
    """What a webhook answered."""

    at: Time
    code: int | None = None
    """The HTTP status; none where there was no answer."""
    message: str


class Flip(ApiModel):
    """Rows to which stable gave one label and the canary another."""

    stable: str
    canary: str
    rows: int


class Segment(ApiModel):
    """The rows to which stable gave one label."""

    label: str
    rows: int
    agreement: float


class ShadowReport(ApiModel):
    """Stable's and the canary's answers to the same requests."""

    requests: int
    """Answered by stable, and seen by both."""
    failed: int
    """Those of them that the canary could not answer."""
    identical: int
    """Those of them that were answered alike to the last bit."""
    rows: int
    agreement: float
    """The share of rows answered alike, in [0, 1]."""
    mean_delta: float | None = None
    """How far scores of equal labels, or values, are apart."""
    max_delta: float | None = None
    flips: list[Flip] | None = None
    """The most frequent ones first."""
    segments: list[Segment] | None = None
    """The largest ones first."""


class GateState(ApiModel):
    """What has become of a gate."""

    name: str
    state: GateResult = "Pending"
    message: str | None = None
    started_at: Time | None = None
    finished_at: Time | None = None
    attempts: int = 0
    retry_at: Time | None = None
    """When it is tried again, after an Error."""
    answers: list[GateAnswer] | None = None
    """All answers of a webhook."""
    report: ShadowReport | None = None
    """What the gate shadow has compared, so far or in the end."""
