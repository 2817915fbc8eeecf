"""After a promotion, while the old revision is kept warm: the analysis goes on, and a late verdict goes back by itself.

It is the same analysis with the same evidence, and the roles stay what they were: what was promoted is judged, what it
took over from is the control. With a holdback (``keepStable.weight``) that still has requests of its own. Without one
there is nothing to compare with, and only numbers with bounds of their own are looked at.
"""

from dataclasses import replace
from typing import Any

from slipway_operator.api.model import format_time
from slipway_operator.api.status import (
    Canary,
    EffectiveAnalysis,
    ModelDeploymentStatus,
    Previous,
    Stable,
    StepState,
)
from slipway_operator.rollout.analysis import judge as analysis
from slipway_operator.rollout.analysis import thresholds
from slipway_operator.rollout.observation import Problem
from slipway_operator.rollout.traffic import has_taken
from slipway_operator.rollout.turn import Turn


def on_trial(status: ModelDeploymentStatus) -> ModelDeploymentStatus | None:
    """The status as the analysis is to see it: with its roles kept. None while there is nothing to judge."""
    stable, previous, rollout = status.stable, status.previous, status.rollout
    if status.canary or status.failed or stable is None or previous is None or rollout is None:
        return None
    judged = _judged(rollout.analysis, previous)
    if previous.took_at is None or not judged.metrics:
        return None
    roles: dict[str, Any] = {
        "canary": Canary(**stable.identity(), started_at=stable.promoted_at),
        "stable": Stable(**previous.identity(), promoted_at=stable.promoted_at),
        "step": StepState(count=0, weight=100 - previous.weight, took_at=previous.took_at),
        "rollout": rollout.model_copy(update={"analysis": judged}),
    }
    return status.model_copy(update=roles)


def is_to_come(status: ModelDeploymentStatus) -> bool:
    """Whether there is anything by which what was promoted can be judged."""
    previous, rollout = status.previous, status.rollout
    return bool(previous and rollout and _judged(rollout.analysis, previous).metrics)


def verdict(turn: Turn) -> Problem | None:
    """Judge what was promoted; returns why it goes back, if it does."""
    _note_taken(turn)
    trial = on_trial(turn.status)
    if trial is None:
        return None
    inner = replace(turn, status=trial)
    analysis.judge(inner)
    turn.update(evidence=inner.status.evidence, analysis=inner.status.analysis, verdict=inner.status.verdict)
    turn.wake_at(max(analysis.due_at(trial) or turn.now, turn.now + analysis.SOONEST_LOOK))
    cause = analysis.failed(inner)
    return cause and Problem(cause.reason, analysis.with_cost(turn, cause.message))


def tell(status: ModelDeploymentStatus) -> str:
    """What may still take back what was promoted, for the sentence that says that it serves."""
    previous, rollout = status.previous, status.rollout
    if previous is None or rollout is None:
        return ""
    until = f"until {format_time(previous.keep_until)[11:19]} UTC"
    if previous.weight:
        return f"; version {previous.version} keeps {previous.weight} % of requests {until}, to compare them"
    own = [metric.name for metric in _judged(rollout.analysis, previous).metrics]
    return (
        f"; version {previous.version} stays warm {until} (no holdback, so that its answers are compared no more:"
        f" {', '.join(['restarts', 'ready pods', *own])} can still bring it back)"
    )


def _judged(whole: EffectiveAnalysis, previous: Previous) -> EffectiveAnalysis:
    if previous.weight:
        return whole
    own = [metric for metric in whole.metrics if thresholds.is_absolute(metric)]
    return whole.model_copy(update={"metrics": own})


def _note_taken(turn: Turn) -> None:
    previous = turn.status.previous
    if previous and previous.took_at is None and is_to_come(turn.status) and has_taken(turn):
        turn.update(previous=previous.model_copy(update={"took_at": turn.now}))
