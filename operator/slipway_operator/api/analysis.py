"""What users write about analysis: the metrics that decide, what is put up with, and what becomes of no verdict."""

from typing import Literal

from pydantic import ConfigDict, Field

from slipway_operator.api.fields import Duration, cel
from slipway_operator.api.model import ApiModel

MetricName = Literal["error-rate", "latency", "predictions"]
OnInconclusive = Literal["Hold", "Rollback", "Promote"]

_ORDER = (
    "!has(self.tolerance) || !has(self.reject) || self.tolerance < self.reject",
    "tolerance must be smaller than reject: between them either verdict is right",
)


class Metric(ApiModel):
    """One comparison of the canary with stable, over the same requests' time.

    Both limits are differences of shares, in percentage points: of failed requests, of slow ones, of scores at or
    below a cut.
    """

    model_config = ConfigDict(json_schema_extra=cel(_ORDER))

    name: MetricName
    """error-rate (5xx answers), latency (requests slower than a bound above stable's usual), or predictions (scores)."""
    tolerance: float | None = Field(default=None, ge=0.001, le=50)
    """How much larger the canary's share may be before it counts as worse; default 0.5, 1 or 10, by metric."""
    reject: float | None = Field(default=None, ge=0.01, le=90)
    """A Pass has to exclude that the canary's share is larger by this; default 2, 5 or 20, by metric."""
    dry_run: bool | None = None
    """Only tell, never decide; default true for predictions (a better model also answers differently), else false."""


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
    """The metrics, instead of the default ones: error-rate and latency, and predictions as a dry run."""
