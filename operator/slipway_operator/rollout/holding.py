"""One step of the canary: its hold or its approval begins when the weight was seen to take, and ends."""

from datetime import datetime, timedelta

from slipway_operator.api import reasons
from slipway_operator.api.duration import format_duration, parse_duration
from slipway_operator.api.spec import Approval
from slipway_operator.api.status import EffectiveRollout, StepState
from slipway_operator.rollout.turn import Turn

NEXT_LOOK = timedelta(seconds=2)


def begin(turn: Turn, rollout: EffectiveRollout, step: StepState) -> None:
    """The weight has taken: the time of the step begins."""
    if approval(rollout, step):
        _begin_waiting(turn, step)
        return
    hold = _hold_time(rollout, step.index)
    turn.update(step=step.model_copy(update={"took_at": turn.now, "hold_until": turn.now + hold}))
    turn.wake_at(turn.now + min(hold, NEXT_LOOK))
    if step.index < step.count:
        turn.normal(
            reasons.STEP_REACHED,
            f"Step {step.index + 1} of {step.count}: {step.weight} % of requests go to version"
            f" {turn.status.canary.version if turn.status.canary else ''}, held for {format_duration(hold)}",
        )


def _begin_waiting(turn: Turn, step: StepState) -> None:
    turn.update(step=step.model_copy(update={"took_at": turn.now}))
    turn.normal(
        reasons.STEP_REACHED,
        f"Step {step.index + 1} of {step.count}: waits for approval, at {step.weight} % of requests"
        f" ({how_to_approve(turn, turn.now)})",
    )


def how_to_approve(turn: Turn, waiting_since: datetime) -> str:
    """What to type. The id is the step's own: one that an earlier approval has used would not be seen as a command."""
    identity = f"{waiting_since:%Y%m%d%H%M%S}"
    return f"kubectl annotate md {turn.deployment.name} slipway.dev/promote={identity} --overwrite"


def approval(rollout: EffectiveRollout, step: StepState) -> Approval | None:
    """The approval that this step waits for, if it is one."""
    return rollout.steps[step.index].approval if step.index < len(rollout.steps) else None


def waits_for_approval(turn: Turn) -> bool:
    """Whether nothing but a person's consent lets the rollout go on."""
    step, rollout = turn.status.step, turn.status.rollout
    if step is None or rollout is None or step.took_at is None or step.released:
        return False
    return approval(rollout, step) is not None


def is_over(turn: Turn, rollout: EffectiveRollout, step: StepState) -> bool:
    """Whether the rollout may leave this step."""
    if step.released:
        return True
    if approval(rollout, step):
        return False
    if step.hold_until is None or turn.now >= step.hold_until:
        return True
    return rollout.analysis.step_up_early and turn.status.verdict == "Pass"


def _hold_time(rollout: EffectiveRollout, index: int) -> timedelta:
    """After the last step there is nothing to wait for: everything goes to the canary, and it is promoted."""
    return parse_duration(rollout.steps[index].hold or "0s") if index < len(rollout.steps) else timedelta(0)
