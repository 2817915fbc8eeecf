"""What users write about analysis: the metrics that decide, what is put up with, and what becomes of no verdict."""

from typing import Literal, get_args

from pydantic import ConfigDict, Field

from slipway_operator.api.fields import Duration, Name, cel
from slipway_operator.api.model import ApiModel
from slipway_operator.api.sources import PrometheusSource, WebSource

MetricName = Literal["error-rate", "latency", "fallbacks", "rejections", "predictions"]
"""The metrics that need no source: comparisons of what the gateway and the predictors count."""
OnInconclusive = Literal["Hold", "Rollback", "Promote"]

Of = Literal["Value", "Ratio", "Difference"]

_BUILT_IN = f"self.name in {list(get_args(MetricName))}"
_ORDER = (
    "!has(self.tolerance) || !has(self.reject) || self.tolerance < self.reject",
    "tolerance must be smaller than reject: between them either verdict is right",
)
_OWN = (
    f"({_BUILT_IN}) != (has(self.prometheus) || has(self.web))",
    (
        "a metric of your own needs a source (prometheus or web); error-rate, latency, fallbacks, rejections and"
        " predictions take none"
    ),
)
_ONE = ("!(has(self.prometheus) && has(self.web))", "a metric has one source: prometheus or web")
_BOUNDS = (
    "(has(self.prometheus) || has(self.web)) == has(self.threshold)",
    "a metric with a source needs a threshold, and no other takes one",
)
_LIMITS = (
    f"({_BUILT_IN}) || !(has(self.tolerance) || has(self.reject))",
    "tolerance and reject are for error-rate, latency, fallbacks, rejections and predictions",
)


class Threshold(ApiModel):
    """Plain bounds for a number, as peers have them; no statistics: a noisy number needs a generous failureLimit."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            ("has(self.min) || has(self.max)", "a threshold needs min or max"),
            ("!has(self.min) || !has(self.max) || self.min <= self.max", "min must not be above max"),
        )
    )

    min: float | None = None
    max: float | None = None
    of: Of | None = None
    """What is bounded: the canary's Value (the default), or its Ratio to or Difference from stable's, which is then
    measured, too."""
    window: Duration | None = None
    """What {{window}} stands for; no check is made before the step's weight has been in force so long. Default 1m."""
    failure_limit: int | None = Field(default=None, ge=0, le=100)
    """How many checks may be out of bounds, over the whole rollout; one more and the canary goes back. Default 2."""
    passes: int | None = Field(default=None, ge=1, le=100)
    """How many checks within bounds a Pass needs; default 3."""
    min_requests: int | None = Field(default=None, ge=0, le=1_000_000)
    """A check with fewer requests to the canary since the last one does not count; default 10. Not asked where nobody
    counts requests."""


class Metric(ApiModel):
    """One comparison of the canary with stable, over the same requests' time; or a number of your own with bounds.

    Both limits are differences of shares, in percentage points: of failed requests, of slow ones, of scores at or
    below a cut.
    """

    model_config = ConfigDict(json_schema_extra=cel(_ORDER, _OWN, _ONE, _BOUNDS, _LIMITS))

    name: Name
    """error-rate (5xx answers), latency (requests slower than a bound above stable's usual), fallbacks (requests answered
    with the contract's default for a value that is missing or unknown), rejections (requests that break the model's
    contract, answered with 400), predictions (scores), or a name of your own."""
    tolerance: float | None = Field(default=None, ge=0.001, le=50)
    """How much larger the canary's share may be before it counts as worse; default 0.5, 1, 1, 1 or 10, by metric."""
    reject: float | None = Field(default=None, ge=0.01, le=90)
    """A Pass has to exclude that the canary's share is larger by this; default 2, 5, 5, 5 or 20, by metric."""
    dry_run: bool | None = None
    """Only tell, never decide; default true for rejections and predictions (a better model may also want other rows,
    and answers differently), else false."""
    prometheus: PrometheusSource | None = None
    web: WebSource | None = None
    threshold: Threshold | None = None

    @property
    def source(self) -> PrometheusSource | WebSource | None:
        """Where a metric of the user's own comes from; None for the comparisons."""
        return self.prometheus or self.web


class AnalysisSpec(ApiModel):
    """How the canary is judged: a sequential comparison with stable that may be looked at as often as one likes."""

    interval: Duration | None = None
    """From one check to the next; default 15s. No single check decides."""
    false_alarm_rate: float | None = Field(default=None, ge=0.0001, le=0.2)
    """The chance to roll a canary back that is within the tolerances, over the whole rollout; default 0.01."""
    wrong_pass_rate: float | None = Field(default=None, ge=0.001, le=0.5)
    """The chance that a metric passes a canary that is worse by `reject`; default 0.05."""
    on_inconclusive: OnInconclusive | None = None
    """What becomes of a canary whose steps are over before there is a verdict: Hold (the default) keeps the last step's
    weight until there is one or the rollout's deadline is over; Rollback and Promote do as they say."""
    step_up_early: bool | None = None
    """Go on to the next step as soon as every deciding metric passes, before its hold is over; default false."""
    metrics: list[Metric] | None = Field(
        default=None,
        min_length=1,
        max_length=8,
        json_schema_extra=cel(
            ("self.all(m, self.exists_one(n, n.name == m.name))", "a metric may be listed once"),
        ),
    )
    """The metrics, instead of the default ones: error-rate, latency and, where stable's contract has defaults, fallbacks;
    and rejections and predictions as a dry run."""
