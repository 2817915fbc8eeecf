"""What the operator writes back: everything that must survive its restart is here, and nowhere else.

The status is the intent: it is written before the actions that follow from it, so that a new operator goes on where
the last one stopped. Weights are millionths of all requests; ``weight`` alone is in percent, for people.
"""

from typing import Any, Literal

from pydantic import Field

from slipway_operator.api.analysis import Metric, OnInconclusive
from slipway_operator.api.evidence import Analysis, Evidence, Verdict
from slipway_operator.api.gates import EffectiveGate, GateState
from slipway_operator.api.model import ApiModel, Time
from slipway_operator.api.spec import CanaryCapacity, Outcome, Step, Strategy

Phase = Literal[
    "Pending", "Initializing", "Progressing", "Paused", "Promoting", "RollingBack", "RolledBack", "Healthy"
]
ConditionStatus = Literal["True", "False", "Unknown"]


class Condition(ApiModel):
    """As in metav1.Condition."""

    type: str = Field(max_length=316)
    status: ConditionStatus
    observed_generation: int | None = None
    last_transition_time: Time
    reason: str = Field(max_length=1024)
    message: str = Field(max_length=32768)


class Address(ApiModel):
    """Where programs inside the cluster find the model."""

    url: str


class Revision(ApiModel):
    """What a revision is: enough to make it, to name it, and to find it again."""

    revision: str
    """The hash of what the user wrote: the name of its InferenceService is <name>-<revision>."""
    version: str
    uri: str
    digest: str | None = None
    component: str = "predictor"
    """The component that receives the traffic: predictor or transformer."""
    runtime_hash: str | None = None
    """What the copied (Cluster)ServingRuntime held."""

    def identity(self) -> dict[str, Any]:
        """These fields alone, for the same revision in another role."""
        return self.model_dump(include=set(Revision.model_fields))


class Stable(Revision):
    """The revision that serves."""

    promoted_at: Time
    restarts: int | None = None
    """Container restarts seen then; more of them while the old revision is kept warm send it back."""
    without: list[str] | None = None
    """The components whose Deployment was deleted; KServe makes them anew."""


class EffectiveAnalysis(ApiModel):
    """The analysis as it runs. A status that an older operator has written reads as the defaults."""

    interval_seconds: float = 15
    false_alarm_rate: float = 0.01
    wrong_pass_rate: float = 0.05
    on_inconclusive: OnInconclusive = "Hold"
    step_up_early: bool = False
    metrics: list[Metric] = Field(default=[])


class Previous(Revision):
    """The revision that served before; kept warm until the given time."""

    keep_until: Time
    weight: int = 0
    """The share of requests that it keeps, in percent: the control group of late verdicts."""
    took_at: Time | None = None
    """When all the other requests were seen to go to the one that took over."""
    trial: EffectiveAnalysis | None = None
    """What the one that took over is judged by as long as this one is kept; None: it is not."""
    rejected: bool = False
    """The command rollback took it out of service: nothing else than a command or the spec brings it back."""


class Rollback(Revision):
    """What the command rollback has asked for and that has to be made again, until it serves."""

    instead_of: str
    """The revision that the spec asked for then; when it asks for another one, that comes first."""


class Failing(ApiModel):
    """Why a revision cannot serve, as long as that lasts."""

    reason: str
    message: str
    since: Time


class Canary(Revision):
    """The revision that is on its way."""

    started_at: Time
    ready_at: Time | None = None
    ready_pods: int = 0
    """How many pods were ready when it became ready."""
    restarts: int = 0
    """Container restarts seen when it became ready; more of them later are evidence against it."""
    unready_since: Time | None = None
    waited_seconds: float = 0
    """How long the rollout waited for people, which its deadline does not count."""
    full: bool = False
    """The command promote-full: the rest of its steps is left out."""
    failing: Failing | None = None


class StepState(ApiModel):
    """Where a rollout stands."""

    index: int = 0
    """The current step, from 0; equal to count while everything goes to the canary before its promotion."""
    count: int
    weight: int
    """The weight this step wants, in percent."""
    took_at: Time | None = None
    """When the weight was seen to take; the hold counts from here."""
    hold_until: Time | None = None
    released: bool = False
    """The command promote: a person has decided that it goes on."""


class Paused(ApiModel):
    """The rollout stands still; what cannot serve, or answers worse, still goes back."""

    since: Time
    by: Literal["command", "spec.suspend"]


class EffectiveCapacity(ApiModel):
    """The canary's replicas as they will be."""

    canary: CanaryCapacity = "Proportional"
    replicas: int | None = None


class EffectiveRollout(ApiModel):
    """The rollout as it runs: defaults filled in, frozen at its start. Durations in seconds."""

    strategy: Strategy = "Canary"
    policy: str | None = None
    """The policy that filled in what the ModelDeployment does not say, as Kind/name."""
    steps: list[Step]
    progress_deadline_seconds: int
    keep_stable_seconds: int
    keep_stable_weight: int = 0
    deadline_seconds: int = 3600
    history_limit: int = 10
    gates: list[EffectiveGate] = Field(default=[])
    analysis: EffectiveAnalysis = EffectiveAnalysis()
    capacity: EffectiveCapacity = EffectiveCapacity()

    @property
    def final_weight(self) -> int:
        """The weight with which a canary is promoted, in percent."""
        return 100 - self.keep_stable_weight


class Traffic(ApiModel):
    """What was last asked of the route, and when it was seen to take."""

    generation: int
    """The HTTPRoute's generation these times belong to."""
    grpc_generation: int | None = None
    """The GRPCRoute's, where there is one."""
    accepted_at: Time


class Compared(ApiModel):
    """The revision that was compared with stable and never serves: strategy Shadow."""

    revision: str
    version: str
    message: str
    at: Time


class Failed(ApiModel):
    """The revision that was rolled back; it is not tried again until the spec changes."""

    revision: str
    version: str
    reason: str
    message: str
    at: Time


class HistoryEntry(ApiModel):
    """An ended rollout, the newest first."""

    revision: str
    version: str
    outcome: Outcome
    started_at: Time
    ended_at: Time
    reason: str | None = None
    message: str | None = None


class ModelDeploymentStatus(ApiModel):
    """What is, and what the operator is about to do."""

    observed_generation: int | None = None
    phase: Phase | None = None
    message: str | None = None
    """The story in one sentence."""
    url: str | None = None
    """Where clients outside the cluster reach the model."""
    address: Address | None = None
    hostnames: list[str] | None = None
    """The host names this ModelDeployment holds."""
    stable: Stable | None = None
    canary: Canary | None = None
    previous: Previous | None = None
    rollback: Rollback | None = None
    failed: Failed | None = None
    compared: Compared | None = None
    weight: int | None = None
    """The canary's share of requests as the route has it, in percent."""
    verdict: Verdict | None = None
    gates: list[GateState] | None = None
    step: StepState | None = None
    paused: Paused | None = None
    commands: dict[str, str] | None = None
    """The ids of the commands that were acknowledged last."""
    rollout: EffectiveRollout | None = None
    capacity: dict[str, int] | None = None
    """How many replicas stable had when the rollout began, by component."""
    capacity_until: Time | None = None
    """Until when stable keeps them after its end."""
    traffic: Traffic | None = None
    evidence: Evidence | None = None
    analysis: list[Analysis] | None = None
    history: list[HistoryEntry] | None = None
    conditions: list[Condition] = Field(
        default=[],
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
