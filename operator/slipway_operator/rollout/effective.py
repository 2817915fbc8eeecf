"""The rollout as it will run: the user's fields over the defaults, frozen into status when it starts."""

from functools import reduce
from typing import Any, get_args

from slipway_operator.api.analysis import AnalysisSpec, Metric, MetricName
from slipway_operator.api.duration import parse_duration
from slipway_operator.api.gates import EffectiveGate, Gate, Gates, JobGate, Webhook
from slipway_operator.api.merging import merged
from slipway_operator.api.spec import KeepStable, Rollout, RolloutFields, Step, Strategy
from slipway_operator.api.status import EffectiveAnalysis, EffectiveCapacity, EffectiveRollout
from slipway_operator.rollout.observation import Policy

DEFAULT_STRATEGY: Strategy = "Canary"
DEFAULT_HOLD = "1m"
DEFAULT_STEPS = (Step(weight=10, hold="2m"), Step(weight=50, hold="2m"))
DEFAULT_PROGRESS_DEADLINE = "10m"
DEFAULT_KEEP_STABLE = "10m"
DEFAULT_DEADLINE = "1h"
DEFAULT_HISTORY_LIMIT = 10
DEFAULT_INTERVAL = "15s"
LEAST_INTERVAL = 1
DEFAULT_GATE_TIMEOUTS = {
    "contract": "30s",
    "artifact": "30s",
    "warmup": "2m",
    "golden": "1m",
    "shadow": "10m",
}
DEFAULT_WARMUP_REQUESTS = 20
DEFAULT_TOLERANCE = 1e-5
DEFAULT_SHADOW = {"percent": 100, "requests": 200, "min_agreement": 0.95, "tolerance": 0.01}
DEFAULT_JOB = "10m"
DEFAULT_CALL = "10s"
DEFAULT_RETRIES = 3
LONGEST_BACKOFF = 10
DEFAULT_METRICS = tuple(Metric(name=name) for name in get_args(MetricName))


def effective_rollout(own: Rollout | None, policy: Policy | None = None) -> EffectiveRollout:
    """The ModelDeployment's own fields over the policy's, over the defaults."""
    rollout = _over(own, policy)
    keep = rollout.keep_stable or KeepStable()
    keep_seconds = _seconds(keep.for_ or DEFAULT_KEEP_STABLE)
    strategy = strategy_of(own, policy)
    return EffectiveRollout(
        strategy=strategy,
        policy=policy.name if policy else None,
        steps=_with_weights(_steps(strategy, rollout.steps)),
        progress_deadline_seconds=_seconds(rollout.progress_deadline or DEFAULT_PROGRESS_DEADLINE),
        keep_stable_seconds=keep_seconds,
        keep_stable_weight=(keep.weight or 0) if keep_seconds else 0,
        deadline_seconds=_seconds(rollout.deadline or DEFAULT_DEADLINE),
        history_limit=DEFAULT_HISTORY_LIMIT if rollout.history_limit is None else rollout.history_limit,
        gates=effective_gates(rollout.gates, strategy),
        analysis=effective_analysis(rollout.analysis),
        capacity=EffectiveCapacity(
            **(rollout.capacity.model_dump(exclude_none=True) if rollout.capacity else {})
        ),
    )


def emergency_rollout(own: Rollout | None, policy: Policy | None = None) -> EffectiveRollout:
    """The way of a revision that was promoted before: its artifact may have changed since then, and that is all."""
    gates = effective_gates(_over(own, policy).gates)
    return effective_rollout(own, policy).model_copy(
        update={
            "strategy": "Direct",
            "steps": [],
            "keep_stable_weight": 0,
            "gates": [gate for gate in gates if gate.name == "artifact"],
        }
    )


def strategy_of(own: Rollout | None, policy: Policy | None) -> Strategy:
    """The strategy alone."""
    return (own and own.strategy) or (policy and policy.rollout.strategy) or DEFAULT_STRATEGY


def _steps(strategy: Strategy, steps: list[Step] | None) -> list[Step]:
    """The steps that the strategy has; where steps and strategy come from different hands, the strategy wins."""
    if strategy == "Canary":
        return steps or list(DEFAULT_STEPS)
    return [step for step in steps or [] if step.approval] if strategy == "BlueGreen" else []


def _over(own: Rollout | None, policy: Policy | None) -> RolloutFields:
    parts = [part.to_json() for part in (policy and policy.rollout, own) if part]
    return RolloutFields.model_validate(reduce(merged, parts, {}))


def _with_weights(steps: list[Step]) -> list[Step]:
    """An approval keeps the weight of the step before it."""
    weight, whole = 0, []
    for step in steps:
        weight = weight if step.weight is None else step.weight
        hold = step.hold or (None if step.approval else DEFAULT_HOLD)
        whole.append(Step(weight=weight, hold=hold, approval=step.approval))
    return whole


def effective_analysis(analysis: AnalysisSpec | None) -> EffectiveAnalysis:
    """``analysis`` with every default filled in, except those of a metric's own (see ``analysis.signals``)."""
    given = (analysis or AnalysisSpec()).model_dump(exclude_none=True, exclude={"interval", "metrics"})
    interval = analysis.interval if analysis else None
    metrics = analysis.metrics if analysis else None
    return EffectiveAnalysis(
        interval_seconds=max(LEAST_INTERVAL, _seconds(interval or DEFAULT_INTERVAL)),
        metrics=metrics or list(DEFAULT_METRICS),
        **given,
    )


def effective_gates(gates: Gates | None, strategy: Strategy = DEFAULT_STRATEGY) -> list[EffectiveGate]:
    """The gates that are on, in the order in which they run."""
    gates = gates or Gates()
    warmup, golden = gates.warmup, gates.golden
    extra: dict[str, dict[str, Any]] = {
        "warmup": {"requests": (warmup and warmup.requests) or DEFAULT_WARMUP_REQUESTS},
        "golden": {
            "tolerance": DEFAULT_TOLERANCE if golden is None or golden.tolerance is None else golden.tolerance
        },
        "shadow": DEFAULT_SHADOW | _given(gates.shadow),
    }
    own: dict[str, Gate | None] = {
        "contract": gates.contract,
        "artifact": gates.artifact,
        "warmup": warmup,
        "golden": golden,
        "shadow": gates.shadow or Gate(enabled=strategy == "Shadow"),
    }
    usual = strategy != "Direct"
    return (
        [
            EffectiveGate(
                name=name,
                timeout_seconds=_seconds((gate and gate.timeout) or DEFAULT_GATE_TIMEOUTS[name]),
                **extra.get(name, {}),
            )
            for name, gate in own.items()
            if (usual if gate is None else gate.enabled is not False)
        ]
        + [_job(job) for job in gates.jobs or []]
        + [_webhook(webhook) for webhook in gates.webhooks or []]
    )


def _given(gate: Gate | None) -> dict[str, Any]:
    """What the user has written about a gate itself."""
    return gate.model_dump(exclude_none=True, exclude={"enabled", "timeout"}) if gate else {}


def _job(job: JobGate) -> EffectiveGate:
    seconds = _seconds(job.timeout or DEFAULT_JOB)
    return EffectiveGate(name=f"job/{job.name}", timeout_seconds=seconds, job=job.spec)


def _webhook(webhook: Webhook) -> EffectiveGate:
    """Its time is what all its calls and the waiting in between can take."""
    call = max(1, _seconds(webhook.timeout or DEFAULT_CALL))
    retries = DEFAULT_RETRIES if webhook.retries is None else webhook.retries
    return EffectiveGate(
        name=f"webhook/{webhook.name}",
        timeout_seconds=(retries + 1) * (call + LONGEST_BACKOFF),
        url=webhook.url,
        call_seconds=call,
        retries=retries,
    )


def _seconds(duration: str) -> int:
    return round(parse_duration(duration).total_seconds())
