"""Replicas while a rollout runs, where something else scales: enough for every weight, and enough to go back to.

An autoscaler sees the load, not the plan. It takes stable's pods away while the canary has the traffic, and a rollback
would find too few of them; and it brings the canary's only after the traffic has come. So as long as a rollout runs
the lower bound of stable is what it had at the start, the canary's is what its weight needs, and a weight is written
once its pods are ready. Where replicas are fixed there is nothing to do.

Nor is it over with the rollout: for minutes an autoscaler goes by the little load that a revision had before all of it
came, and takes pods away at once where only the bound has kept them. So the bound stays until it has seen the load.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from math import ceil
from typing import Any

from slipway_operator.api import names
from slipway_operator.api.status import EffectiveRollout, Revision
from slipway_operator.rollout.observation import RevisionState
from slipway_operator.rollout.turn import Turn

Bounds = Mapping[str, Any]
"""Component → its scale fields, as an InferenceService has them."""
SETTLING = timedelta(minutes=5)
"""How long the HorizontalPodAutoscaler remembers what it would have done (its downscale stabilization), and KEDA likewise."""


def at_start(state: RevisionState | None) -> dict[str, int] | None:
    """How many replicas stable has as the rollout begins, by component."""
    return dict(state.wanted) or None if state else None


def settle(turn: Turn) -> None:
    """After a rollout, or a late way back: let the autoscaler have its way again once it has seen the load."""
    status = turn.status
    if status.canary or status.capacity is None:
        return
    if status.capacity_until is None:
        turn.update(capacity_until=turn.now + SETTLING)
    until = turn.status.capacity_until
    if until is None or turn.now >= until or not any(map(_is_scaled, turn.seen.scale.values())):
        turn.update(capacity=None, capacity_until=None)
    else:
        turn.wake_at(until)


def bounds(turn: Turn, part: Revision) -> Bounds:
    """The scale bounds that a revision should have now."""
    least = dict(_least(turn, part))
    asked = {
        component: _raised(fields, least[component]) if component in least else fields
        for component, fields in _asked(turn, part).items()
    }
    return {**_left_alone(turn, part), **asked}


def _asked(turn: Turn, part: Revision) -> Bounds:
    """What the spec asks for, of the components that the revision has: KServe would make any other of its bounds."""
    state = turn.state(part)
    has = state.components if state else ()
    return {component: fields for component, fields in turn.seen.scale.items() if component in has}


def _left_alone(turn: Turn, part: Revision) -> Bounds:
    """The bounds of a component that the spec has no more, and says nothing about."""
    state = turn.state(part)
    spoken_of = (names.PREDICTOR, turn.wanted.component)
    scale = state.scale if state else {}
    return {component: fields for component, fields in scale.items() if component not in spoken_of}


def missing(turn: Turn) -> str | None:
    """Which pods the canary's weight still waits for; None when it has enough."""
    canary, step = turn.status.canary, turn.status.step
    state = turn.state(canary)
    if canary is None or step is None or state is None:
        return None
    for component, least in _least(turn, canary):
        ready, needed = state.ready_of(component), _raised(turn.seen.scale[component], least)["minReplicas"]
        if ready < needed:
            why = f": {canary.failing.reason}: {canary.failing.message}" if canary.failing else ""
            return f"{needed} ready pods of its {component} are needed for {step.weight} % of requests, {ready} are ready{why}"
    return None


def _least(turn: Turn, part: Revision) -> Iterator[tuple[str, int]]:
    """The lower bounds that the rollout asks for, or the time after it, of the components that something scales."""
    status = turn.status
    canary, stable, rollout = status.canary, status.stable, status.rollout
    if stable is None or rollout is None:
        return
    asked = _asked(turn, part)
    for component, replicas in (status.capacity or {}).items():
        if not _is_scaled(asked.get(component)):
            continue
        if part.revision == stable.revision:
            yield component, replicas
        elif canary and part.revision == canary.revision and status.step:
            yield component, _needed(rollout, replicas, status.step.weight)


def _needed(rollout: EffectiveRollout, replicas: int, weight: int) -> int:
    """How many replicas the canary needs for a weight in percent, where stable had ``replicas`` for all."""
    if rollout.capacity.replicas is not None:
        least = rollout.capacity.replicas
        return least if weight < rollout.final_weight else max(least, replicas)
    return replicas if rollout.capacity.canary == "Full" else ceil(replicas * weight / 100)


def _is_scaled(fields: Any) -> bool:
    return bool(fields) and fields.get("maxReplicas", 0) > (fields.get("minReplicas") or 1)


def _raised(fields: Mapping[str, Any], least: int) -> dict[str, Any]:
    most = fields["maxReplicas"]
    return {**fields, "minReplicas": max(fields.get("minReplicas") or 1, min(least, most))}
