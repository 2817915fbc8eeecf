"""What people and tools read: phase, one sentence, and conditions by the ecosystem's conventions (kstatus).

``Ready`` says that the stable revision serves, whatever becomes of a canary; ``Reconciling`` that the operator is
on its way; ``Stalled`` that it cannot go on without somebody, and why.
"""

from slipway_operator.api import reasons
from slipway_operator.api.model import format_time
from slipway_operator.api.status import Address, Condition, ConditionStatus, Phase
from slipway_operator.rollout import capacity, gates, holding, late, traffic
from slipway_operator.rollout.analysis import judge as analysis
from slipway_operator.rollout.turn import Turn

Finding = tuple[ConditionStatus, str, str]
"""A condition's status, reason and message."""


def tell(turn: Turn) -> None:
    """Fill in what is told of the state."""
    phase = _phase(turn)
    turn.update(
        observed_generation=turn.deployment.generation,
        phase=phase,
        message=_message(turn, phase),
        url=turn.seen.url,
        address=Address(url=turn.seen.address) if turn.seen.address else None,
        hostnames=list(turn.seen.hostnames) or None,
    )
    findings = {
        reasons.READY: _ready(turn),
        reasons.RECONCILING: _reconciling(turn, phase),
        reasons.STALLED: _stalled(turn, phase),
        reasons.ROUTE_ACCEPTED: _route_accepted(turn),
        reasons.ROLLOUT_SUCCEEDED: _rollout_succeeded(turn, phase),
        reasons.RUNTIME_OUTDATED: _runtime_outdated(turn),
    }
    turn.update(conditions=[_condition(turn, kind, finding) for kind, finding in findings.items()])


def _phase(turn: Turn) -> Phase:
    status = turn.status
    if status.stable is None:
        return "Initializing" if status.canary else "Pending"
    if status.rollback:
        return "Paused" if status.paused else "RollingBack"
    if status.canary:
        at_end = status.step is not None and status.step.index == status.step.count
        if status.paused or holding.waits_for_approval(turn):
            return "Paused"
        return "Promoting" if at_end else "Progressing"
    if turn.waits_for_room:
        return "Progressing"
    if not traffic.has_taken(turn):
        return "RollingBack" if status.failed else "Promoting"
    return "RolledBack" if status.failed else "Healthy"


def _message(turn: Turn, phase: Phase) -> str:
    status = turn.status
    if turn.problem:
        return f"{turn.problem.reason}: {turn.problem.message}"
    if status.rollback:
        way = _canary_message(turn) if status.canary else "it waits for room"
        return f"Back to version {status.rollback.version} by command: {way}"
    if status.canary:
        return _canary_message(turn)
    if turn.waits_for_room:
        return f"Version {turn.wanted.version} waits until a revision that is over is gone"
    if status.failed:
        return f"Version {status.failed.version} was rolled back: {status.failed.reason}: {status.failed.message}"
    if status.stable is None:
        return "Nothing serves yet"
    if phase == "Promoting":
        return f"Version {status.stable.version} takes over the route"
    if status.compared:
        return f"Version {status.stable.version} serves; version {status.compared.version}: {status.compared.message}"
    return f"Version {status.stable.version} serves{late.tell(status)}"


def _canary_message(turn: Turn) -> str:
    canary, step = turn.status.canary, turn.status.step
    if canary is None:
        return ""
    short = capacity.missing(turn)
    if short:
        return f"Version {canary.version} waits for pods: {short}"
    if canary.failing:
        return f"Version {canary.version} is failing: {canary.failing.reason}: {canary.failing.message}"
    if step is None:
        return _early_message(turn, canary.version)
    if turn.status.paused:
        how = "the command resume" if turn.status.paused.by == "command" else "spec.suspend: false"
        return f"Version {canary.version} stands still at {step.weight} % of requests until {how}"
    if step.took_at and holding.waits_for_approval(turn):
        how = holding.how_to_approve(turn, step.took_at)
        return f"Version {canary.version} waits for approval at {step.weight} % of requests: {how}"
    if step.took_at is None or step.hold_until is None:
        return f"Version {canary.version} goes to {step.weight} % of requests"
    if step.index == step.count:
        return f"Version {canary.version} has all requests and is about to be promoted"
    if turn.now >= step.hold_until:
        question = analysis.open_question(turn) or "not all of its pods serve"
        return f"Version {canary.version} stays at {step.weight} % of requests: {question}"
    until = format_time(step.hold_until)[11:19]
    return f"Version {canary.version} has {step.weight} % of requests (step {step.index + 1} of {step.count}) until {until} UTC"


def _early_message(turn: Turn, version: str) -> str:
    """Before the first request."""
    revision, gate = turn.state(turn.status.canary), gates.current(turn.status)
    if turn.status.stable is None and revision and revision.serving and traffic.is_unanswered(turn):
        return f"Version {version} waits for the gateway to accept its route"
    if gate is None:
        return f"Version {version} is starting; waiting for its pods"
    number, state = gate
    where = f"gate {state.name} ({number} of {len(turn.status.gates or [])})"
    if state.state == "Error":
        return f"Version {version}: {where} is tried again: {state.message}"
    if state.state == "Pending":
        return f"Version {version} stands still before {where}"
    return f"Version {version} has to pass {where} before its first request"


def _ready(turn: Turn) -> Finding:
    stable = turn.status.stable
    state = turn.state(stable)
    if stable is None:
        return "False", reasons.NOTHING_SERVES, "no revision has become ready yet"
    if state is None or not state.answering:
        where = f" of its {state.silent}" if state and state.ready_pods else ""
        return "False", reasons.STABLE_UNREADY, f"version {stable.version} has no ready pod{where}"
    if turn.seen.route is None or not (turn.seen.route.accepted or turn.status.traffic):
        return "False", reasons.NOT_ACCEPTED, "the route has not been accepted by the gateway"
    return "True", reasons.SERVING, f"version {stable.version} serves"


def _reconciling(turn: Turn, phase: Phase) -> Finding:
    if turn.problem or phase in ("Healthy", "RolledBack"):
        return "False", reasons.SETTLED, "nothing is on its way"
    return "True", reasons.PROGRESSING, turn.status.message or phase


def _stalled(turn: Turn, phase: Phase) -> Finding:
    if turn.problem:
        return "True", turn.problem.reason, turn.problem.message
    failed = turn.status.failed
    if failed and phase == "RolledBack":
        return "True", failed.reason, f"version {failed.version} was rolled back: {failed.message}"
    return "False", reasons.PROGRESSING, "nothing stands in the way"


def _route_accepted(turn: Turn) -> Finding:
    route = turn.seen.route
    if turn.seen.route_problem:
        return "False", turn.seen.route_problem.reason, turn.seen.route_problem.message
    if route is None:
        return "Unknown", reasons.PROGRESSING, "there is no route yet"
    if turn.took and not route.message:
        return "True", reasons.ACCEPTED, "the gateway has accepted the route"
    if route.message or traffic.is_unanswered(turn):
        return "False", reasons.NOT_ACCEPTED, route.message or "the gateway has not accepted the route yet"
    known = _known(
        turn, reasons.ROUTE_ACCEPTED
    )  # it has been asked just now, and is given the time to answer
    if known is None:
        return "Unknown", reasons.PROGRESSING, "there is no route yet"
    return known.status, known.reason, known.message


def _rollout_succeeded(turn: Turn, phase: Phase) -> Finding:
    status = turn.status
    if status.failed:
        return "False", status.failed.reason, f"version {status.failed.version}: {status.failed.message}"
    if status.canary or status.stable is None or turn.problem:
        return "Unknown", reasons.PROGRESSING, status.message or phase
    if status.compared:
        return "True", reasons.COMPARED, status.message or phase
    return "True", reasons.PROMOTED, f"version {status.stable.version} serves"


def _runtime_outdated(turn: Turn) -> Finding:
    stable, current = turn.status.stable, turn.seen.runtime_hash
    if stable and stable.runtime_hash and current and stable.runtime_hash != current:
        return (
            "True",
            reasons.CHANGED,
            "the runtime has changed since this revision was made; a new revision takes it",
        )
    return "False", reasons.CURRENT, "the revision runs on its runtime as it is now"


def _known(turn: Turn, kind: str) -> Condition | None:
    return next((part for part in turn.deployment.status.conditions if part.type == kind), None)


def _condition(turn: Turn, kind: str, finding: Finding) -> Condition:
    status, reason, message = finding
    known = _known(turn, kind)
    unchanged = known is not None and known.status == status
    return Condition(
        type=kind,
        status=status,
        observed_generation=turn.deployment.generation,
        last_transition_time=known.last_transition_time if known and unchanged else turn.now,
        reason=reason,
        message=message,
    )
