"""The route: has it taken, which split is wanted, and what to write next on the way there."""

from datetime import datetime, timedelta

from slipway_operator.api import reasons
from slipway_operator.api.status import Canary, ModelDeploymentStatus, Previous, Traffic
from slipway_operator.rollout import capacity, gates
from slipway_operator.rollout.actions import DeleteRoute, WriteAddress, WriteRoute
from slipway_operator.rollout.observation import Mirror, RouteState
from slipway_operator.rollout.split import (
    LEAST,
    PERCENT,
    Split,
    make_split,
    needs_readiness,
    next_split,
    normalised,
)
from slipway_operator.rollout.turn import Turn

SETTLE = timedelta(seconds=1)
"""From the gateway's acceptance to every proxy's having the new route (0.8 s lost nothing in 36 switches)."""

WARMING = timedelta(seconds=15)
"""How long after the acceptance a proxy may keep a change waiting by saying that it cannot reach a newcomer."""

PATIENCE = timedelta(seconds=5)
"""How long a gateway may take to answer before it is told that it does not."""


def note_taken(turn: Turn) -> None:
    """Whether the settle time since the acceptance of the route's present generation is over; noted when it is.

    It goes on while a proxy has no endpoint of a revision that is about to get more than the least weight.
    """
    route = turn.seen.route
    if route is None or not route.accepted:
        return
    if _is_noted(turn.status, route):
        turn.took = True
        return
    accepted_at = route.accepted_at or turn.now
    settled = accepted_at + SETTLE
    if turn.now >= settled and _is_awaited(turn, route) and turn.now < accepted_at + WARMING:
        settled = turn.now + SETTLE
    turn.took = turn.now >= settled
    if turn.took:
        turn.update(
            traffic=Traffic(
                generation=route.generation, grpc_generation=route.grpc_generation, accepted_at=accepted_at
            )
        )
    else:
        turn.wake_at(settled)


def newcomers(status: ModelDeploymentStatus, route: RouteState | None, now: datetime) -> frozenset[str]:
    """The revisions that the proxies are to be asked about: at the least weight, and the settle time is just over."""
    if route is None or not route.accepted or _is_noted(status, route):
        return frozenset()
    if now < (route.accepted_at or now) + SETTLE:
        return frozenset()
    return frozenset(name for name, weight in route.split.items() if weight == LEAST)


def _is_noted(status: ModelDeploymentStatus, route: RouteState) -> bool:
    known = status.traffic
    present = (route.generation, route.grpc_generation)
    return known is not None and (known.generation, known.grpc_generation) == present


def _is_awaited(turn: Turn, route: RouteState) -> bool:
    return any(weight > LEAST for name, weight in wanted_split(turn).items() if name in route.cold)


def is_unanswered(turn: Turn) -> bool:
    """Whether the gateway has left a change of the route without any answer for too long."""
    route = turn.seen.route
    if route is None or route.accepted or route.seen_at is None:
        return False
    if turn.now < route.seen_at + PATIENCE:
        turn.wake_at(route.seen_at + PATIENCE)
        return False
    return True


def wanted_split(turn: Turn) -> Split:
    """The split that the status asks for; empty where there is nothing to route to."""
    step = turn.status.step
    return _split(turn, step.weight if step else 0)


def _split(turn: Turn, weight: int) -> Split:
    stable, canary = turn.status.stable, turn.status.canary
    if stable is None:
        return make_split(canary.revision) if canary and _is_first(turn, canary) else {}
    held_back = _holdback(turn)
    if canary is None and held_back:
        return make_split(stable.revision, held_back.revision, held_back.weight)
    return make_split(stable.revision, canary.revision if canary else None, weight)


def _is_first(turn: Turn, canary: Canary) -> bool:
    """Whether the very first revision serves, so that its route can be made. It keeps it, whatever its pods do then."""
    state, route = turn.state(canary), turn.seen.route
    return bool(state and state.serving) or bool(route and canary.revision in route.split)


def _holdback(turn: Turn) -> Previous | None:
    """The old revision, where it keeps some requests and can answer them."""
    previous, state = turn.status.previous, turn.state(turn.status.previous)
    return previous if previous and previous.weight and state and state.answering else None


def _possible_split(turn: Turn) -> Split:
    """The wanted split or, while the canary has too few pods for it, the share that it has already."""
    canary, step, route = turn.status.canary, turn.status.step, turn.seen.route
    if canary is None or step is None or capacity.missing(turn) is None:
        return wanted_split(turn)
    present = route.split.get(canary.revision, 0) // PERCENT if route else 0
    return _split(turn, min(step.weight, present))


def wanted_mirror(turn: Turn) -> Mirror | None:
    """The canary, as long as its gate ``shadow`` is the one that it has to pass."""
    canary, gate = turn.status.canary, gates.begun(turn.status)
    if "mirror" not in turn.seen.features or canary is None or gate is None or gate.percent is None:
        return None
    return Mirror(canary.revision, gate.percent)


def wanted_pins(turn: Turn) -> frozenset[str]:
    """The revisions that requests may ask for by name: none where there is no choice, none before its gates."""
    status = turn.status
    roles = [status.stable, status.canary if status.step else None, status.previous]
    pins = frozenset(role.revision for role in roles if role)
    return pins if len(pins) > 1 and "pins" in turn.seen.features else frozenset()


def has_taken(turn: Turn) -> bool:
    """Whether the wanted split is the one in force."""
    return turn.took and turn.seen.route is not None and turn.seen.route.split == wanted_split(turn)


def steer(turn: Turn) -> None:
    """Write the next split towards the wanted one; what the proxies have to be ready for waits for the last to take."""
    route, wanted = turn.seen.route, _possible_split(turn)
    mirror, pins = wanted_mirror(turn), wanted_pins(turn)
    turn.update(weight=_canary_percent(turn))
    if turn.seen.route_problem:
        turn.problem = turn.problem or turn.seen.route_problem
        return
    if not wanted:
        if route:
            turn.actions.append(DeleteRoute())
        return
    if not turn.seen.address_current:
        turn.actions.append(WriteAddress())
    if route is None:
        _note_gone(turn)
        turn.actions.append(WriteRoute(wanted, mirror, pins))
        return
    present = _sound(turn, route.split)
    split = next_split(present, wanted)
    # What somebody has written is no step on the way that could be waited for. Where not all is as it should be, one of
    # several routes may be a step behind the others.
    ready = turn.took and route.current
    if needs_readiness(present, split) and not (ready or route.edit or present != route.split):
        split = present
    if (split, mirror, pins) != (route.split, route.mirror, route.pins) or not route.current:
        turn.actions.append(WriteRoute(split, mirror, pins))
        if route.edit:
            turn.warning(reasons.REPAIRED, f"{route.edit}: put back")


def _note_gone(turn: Turn) -> None:
    """A route that had taken was there; a new one counts its generations anew."""
    if turn.status.traffic and turn.status.observed_generation == turn.deployment.generation:
        turn.warning(reasons.REPAIRED, f"{_route_name(turn)}: put back")
    turn.update(traffic=None)


def _route_name(turn: Turn) -> str:
    given = turn.deployment.spec.traffic
    if given and given.route_ref:
        return f"HTTPRoute {given.route_ref.name} led to no revision any more"
    return f"HTTPRoute {turn.deployment.name} was deleted"


def _sound(turn: Turn, split: Split) -> dict[str, int]:
    """``split`` as far as the operator itself may have written it: others may name what is not there."""
    known = {*turn.seen.revisions, *(part.revision for part in turn.live())}
    return normalised({name: weight for name, weight in split.items() if name in known}) or {}


def _canary_percent(turn: Turn) -> int | None:
    """What the route gives to others than stable, in whole percent."""
    route, stable = turn.seen.route, turn.status.stable
    if route is None or stable is None:
        return None
    others = sum(weight for revision, weight in route.split.items() if revision != stable.revision)
    return others // PERCENT
