"""After a promotion, while the old revision is kept warm: the analysis goes on, and a late verdict goes back by itself.

It is the same analysis with the same evidence, and the roles stay what they were: what was promoted is judged, what it
took over from is the control. With a holdback (``keepStable.weight``) that still has requests of its own. Without one
there is nothing to compare with, and only numbers with bounds of their own are looked at. Another rollout interrupts
the trial: once that has gone back, it begins anew, by the analysis of the promotion and with evidence of its own.
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
    if status.canary or stable is None or previous is None or rollout is None:
        return None
    judged = _judged(previous)
    if previous.took_at is None or not judged.metrics:
        return None
    roles: dict[str, Any] = {
        "canary": Canary(**stable.identity(), started_at=stable.promoted_at),
        "stable": Stable(**previous.identity(), promoted_at=stable.promoted_at),
        "step": StepState(count=0, weight=100 - previous.weight, took_at=previous.took_at),
        "rollout": rollout.model_copy(update={"analysis": judged}),
        # A rollout that has gone back leaves what was found of its canary, but no evidence.
        "analysis": status.analysis if status.evidence else None,
    }
    return status.model_copy(update=roles)


def is_to_come(status: ModelDeploymentStatus) -> bool:
    """Whether there is anything by which what was promoted can be judged."""
    return bool(status.previous and _judged(status.previous).metrics)


def verdict(turn: Turn) -> Problem | None:
    """Judge what was promoted; returns why it goes back, if it does."""
    begins = _begin(turn)
    trial = on_trial(turn.status)
    if trial is None:
        return None
    turn.wake_at(max(analysis.due_at(trial) or turn.now, turn.now + analysis.SOONEST_LOOK))
    if begins:
        return None  # the readings of this turn are the rollout's, which has judged by them
    inner = replace(turn, status=trial)
    analysis.judge(inner)
    if turn.seen.readings:
        found = inner.status
        turn.update(evidence=found.evidence, analysis=found.analysis, verdict=found.verdict)
    cause = analysis.failed(inner)
    return cause and Problem(cause.reason, analysis.with_cost(turn, cause.message))


def tell(status: ModelDeploymentStatus) -> str:
    """What may still take back what was promoted, for the sentence that says that it serves."""
    previous = status.previous
    if previous is None:
        return ""
    until = f"until {format_time(previous.keep_until)[11:19]} UTC"
    if previous.weight:
        return f"; version {previous.version} keeps {previous.weight} % of requests {until}, to compare them"
    if previous.rejected:
        return f"; version {previous.version} stays warm {until}, for the command rollback"
    own = [metric.name for metric in _judged(previous).metrics]
    return (
        f"; version {previous.version} stays warm {until} (no holdback, so that its answers are compared no more:"
        f" {', '.join(['restarts', 'ready pods', *own])} can still bring it back)"
    )


def _judged(previous: Previous) -> EffectiveAnalysis:
    whole = previous.trial or EffectiveAnalysis()
    if previous.weight:
        return whole
    own = [metric for metric in whole.metrics if thresholds.is_absolute(metric)]
    return whole.model_copy(update={"metrics": own})


def _begin(turn: Turn) -> bool:
    """Whether the trial begins now: all requests but the holdback's are seen to go to what was promoted."""
    previous = turn.status.previous
    if previous is None or previous.took_at or not (is_to_come(turn.status) and has_taken(turn)):
        return False
    turn.update(previous=previous.model_copy(update={"took_at": turn.now}))
    return True
