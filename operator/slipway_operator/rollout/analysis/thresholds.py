"""Numbers of the user's own, held against plain bounds at every check.

A check counts when the number was measured over a time in which the step's weight was in force, and the canary got
enough requests since the last one. More failed checks than ``failureLimit`` are a Fail; ``passes`` good ones a Pass.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from slipway_operator.api.analysis import Metric, Threshold
from slipway_operator.api.duration import parse_duration
from slipway_operator.api.evidence import Analysis, Evidence, ThresholdEvidence, Verdict
from slipway_operator.api.status import ModelDeploymentStatus
from slipway_operator.rollout.observation import Measured

DEFAULT_WINDOW = "1m"
FAILURE_LIMIT, PASSES, MIN_REQUESTS = 2, 3, 10


def due_at(status: ModelDeploymentStatus, metric: Metric) -> datetime | None:
    """When this metric is to be measured next; None while there is nothing to measure."""
    step, rollout = status.step, status.rollout
    if step is None or step.took_at is None or rollout is None or step.weight == 0:
        return None
    if step.weight == 100 and not is_absolute(metric):
        return None  # stable has no requests to compare with
    first = step.took_at + window_of(metric)
    checked = _kept(status.evidence, metric).checked_at
    if checked is None:
        return first
    return max(first, checked + timedelta(seconds=rollout.analysis.interval_seconds))


def due(status: ModelDeploymentStatus, now: datetime) -> list[Metric]:
    """The metrics that are to be measured now."""
    own = [metric for metric in (status.rollout.analysis.metrics if status.rollout else []) if metric.source]
    return [metric for metric in own if (moment := due_at(status, metric)) and now >= moment]


def is_absolute(metric: Metric) -> bool:
    """Whether the number is bounded as it is, without stable's."""
    return metric.source is not None and (metric.threshold or Threshold()).of in (None, "Value")


def window_of(metric: Metric) -> timedelta:
    """The time over which the number is measured."""
    threshold = metric.threshold or Threshold()
    return parse_duration(threshold.window or DEFAULT_WINDOW)


def enough(evidence: Evidence, metric: Metric, measured: Measured) -> Measured:
    """``measured``, or that it rests on too few requests to the canary."""
    least = _limit(metric, "min_requests")
    got = evidence.canary_total.requests - _kept(evidence, metric).requests
    if measured.value is None or got >= least:
        return measured
    return Measured(message=f"only {got} requests to the canary since the last check, {least} are needed")


def learn(evidence: Evidence, metric: Metric, measured: Measured, now: datetime) -> Evidence:
    """``evidence`` after this measurement."""
    kept = _kept(evidence, metric)
    changes: dict[str, object] = {"checked_at": now}
    if measured.value is not None:
        good = _within(metric, measured)
        changes |= {"passed": kept.passed + good, "failed": kept.failed + (not good)}
        changes["requests"] = evidence.canary_total.requests
    new = kept.model_copy(update=changes)
    others = [part for part in evidence.thresholds if part.metric != metric.name]
    return evidence.model_copy(update={"thresholds": [*others, new]})


def look(
    metric: Metric, evidence: Evidence, measured: Measured | None, known: Sequence[Analysis]
) -> Analysis:
    """What is told of the metric; what it was before, where it was not measured this time."""
    kept = _kept(evidence, metric)
    before = next((part for part in known if part.metric == metric.name), None)
    if measured is None and before:
        return before
    return Analysis(
        metric=metric.name,
        verdict=_verdict(metric, kept, measured),
        message=_sentence(metric, kept, measured),
        dry_run=metric.dry_run or None,
        source="prometheus" if metric.prometheus else "web",
        canary=_number(measured.value) if measured else None,
        stable=_number(measured.stable) if measured else None,
    )


def _verdict(metric: Metric, kept: ThresholdEvidence, measured: Measured | None) -> Verdict:
    if kept.failed > _limit(metric, "failure_limit"):
        return "Fail"
    if measured and measured.error:
        return "Error"
    return "Pass" if kept.passed >= _limit(metric, "passes") else "Inconclusive"


def _sentence(metric: Metric, kept: ThresholdEvidence, measured: Measured | None) -> str:
    if measured is None:
        return "not measured yet: the step's weight has to be in force for its window first"
    if measured.value is None:
        return measured.message
    checks = kept.passed + kept.failed
    tally = f"{kept.failed} of {checks} checks out of bounds, more than {_limit(metric, 'failure_limit')} are a Fail"
    if kept.passed < _limit(metric, "passes"):
        tally += f"; {kept.passed} of {_limit(metric, 'passes')} needed within bounds"
    return f"{_told(metric, measured)} ({_bounds(metric)}); {tally}"


def _told(metric: Metric, measured: Measured) -> str:
    of = (metric.threshold or Threshold()).of or "Value"
    if of == "Value":
        return f"the canary's value is {_number(measured.value)}"
    numbers = f"{_number(measured.value)} to stable's {_number(measured.stable)}"
    return f"the {of.lower()} is {_number(_bounded(metric, measured))}, the canary's {numbers}"


def _bounds(metric: Metric) -> str:
    threshold = metric.threshold or Threshold()
    parts = [
        f"{word} {limit:g}"
        for word, limit in (("at least", threshold.min), ("at most", threshold.max))
        if limit is not None
    ]
    return f"allowed: {' and '.join(parts)}"


def _within(metric: Metric, measured: Measured) -> bool:
    threshold, value = metric.threshold or Threshold(), _bounded(metric, measured)
    low = threshold.min is None or value >= threshold.min
    return low and (threshold.max is None or value <= threshold.max)


def _bounded(metric: Metric, measured: Measured) -> float:
    """The number that the bounds are about."""
    value, stable = measured.value or 0.0, measured.stable or 0.0
    match (metric.threshold or Threshold()).of:
        case "Ratio":
            return value / stable if stable else (1.0 if value == stable else float("inf"))
        case "Difference":
            return value - stable
        case _:
            return value


def _limit(metric: Metric, name: str) -> int:
    defaults = {"failure_limit": FAILURE_LIMIT, "passes": PASSES, "min_requests": MIN_REQUESTS}
    value: int | None = getattr(metric.threshold, name, None)
    return defaults[name] if value is None else value


def _kept(evidence: Evidence | None, metric: Metric) -> ThresholdEvidence:
    known = evidence.thresholds if evidence else []
    return next((part for part in known if part.metric == metric.name), ThresholdEvidence(metric=metric.name))


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.4g}"
