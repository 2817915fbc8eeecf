"""What the shell saw of the cluster, reduced to what decisions need."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from slipway_operator.api.gates import ShadowReport
from slipway_operator.api.spec import RolloutFields
from slipway_operator.api.status import Revision


@dataclass(frozen=True)
class Problem:
    """Something that stands in the way, with its reason and a sentence for people."""

    reason: str
    message: str


@dataclass(frozen=True)
class Failure(Problem):
    """Why a pod cannot serve, and how long that may last before the revision counts as failed."""

    grace: timedelta = timedelta(0)


@dataclass(frozen=True)
class Edit:
    """An object that is not as the operator left it."""

    kind: str
    name: str
    by: str | None
    """The field manager; None where nobody says."""
    fields: tuple[str, ...]

    def __str__(self) -> str:
        what = f"field{'s' if len(self.fields) > 1 else ''} {', '.join(self.fields)}"
        return f"{self.kind} {self.name} was edited by {self.by or 'somebody'} ({what})"


@dataclass(frozen=True)
class PodState:
    """One pod of a revision."""

    name: str
    ready: bool = False
    restarts: int = 0
    failure: Failure | None = None
    last_words: str | None = None
    """What its container said when it last ended."""
    component: str = "predictor"


@dataclass(frozen=True)
class RevisionState:
    """What is there of a revision."""

    revision: str
    replicas: int = 1
    """How many pods its Deployments want."""
    serving: bool = False
    """Every wanted pod is of the current template and available, in every component."""
    pods: tuple[PodState, ...] = ()
    failure: Failure | None = None
    """A failure above the pods: for example a quota that lets none be created."""
    deleting: bool = False
    wanted: Mapping[str, int] = field(default_factory=dict)
    """How many replicas its Deployments want, by component."""
    components: tuple[str, ...] = ("predictor",)
    """What its InferenceService consists of."""
    scale: Mapping[str, Any] = field(default_factory=dict)
    """The scale bounds on its InferenceService, by component."""
    runtime: bool = True
    """Its own copy of the runtime is there."""
    gone: tuple[str, ...] = ()
    """The components without a Deployment."""
    edits: tuple[Edit, ...] = ()
    """What somebody has done to its objects."""

    @property
    def ready_pods(self) -> int:
        """How many pods are ready."""
        return sum(pod.ready for pod in self.pods)

    @property
    def answering(self) -> bool:
        """Whether every component has a ready pod: a transformer without its predictor answers nothing."""
        return self.silent is None

    @property
    def silent(self) -> str | None:
        """The first component without a ready pod."""
        components = sorted(self.wanted) or ["predictor"]
        return next((component for component in components if not self.ready_of(component)), None)

    def ready_of(self, component: str) -> int:
        """How many pods of a component are ready."""
        return sum(pod.ready for pod in self.pods if pod.component == component)

    @property
    def restarts(self) -> int:
        """How often containers of its pods were restarted."""
        return sum(pod.restarts for pod in self.pods)


Feature = Literal["mirror", "pins"]
"""What a route may offer beside its split: a copy of live requests, and requests that ask for a revision by name."""


@dataclass(frozen=True)
class Mirror:
    """A revision that gets a copy of requests; its answers go nowhere."""

    revision: str
    percent: int


@dataclass(frozen=True)
class Course:
    """Where a route leads: its split, its mirror if any, and the revisions that a request can ask for by name."""

    split: Mapping[str, int]
    mirror: Mirror | None = None
    pins: frozenset[str] = frozenset()

    @property
    def revisions(self) -> set[str]:
        """Everything that it leads to in one way or another."""
        return {*self.split, *self.pins, *([self.mirror.revision] if self.mirror else [])}


@dataclass(frozen=True, kw_only=True)
class RouteState(Course):
    """The HTTPRoute as it is, with the GRPCRoute beside it where there is one."""

    generation: int
    grpc_generation: int | None = None
    accepted: bool = False
    """Accepted, with resolved references, for just these generations."""
    message: str | None = None
    """Why it is not accepted, in the gateway's words."""
    seen_at: datetime | None = None
    """When just these generations were first seen, and"""
    accepted_at: datetime | None = None
    """when they were first seen to be accepted, by this operator (see ``cluster.settling``)."""
    cold: frozenset[str] = frozenset()
    """The revisions that some proxy says it can send nothing to yet, of those that it was asked about."""
    current: bool = True
    """All but its course is as it should be."""
    edit: Edit | None = None
    """What somebody has done to it since it was last written."""


@dataclass(frozen=True)
class Policy:
    """The policy that the spec refers to, as it is now."""

    name: str
    """Kind/name."""
    rollout: RolloutFields


@dataclass(frozen=True)
class Measured:
    """What a source of the user's said just now."""

    value: float | None = None
    """The canary's number; None where there was none, as ``message`` says."""
    stable: float | None = None
    """Stable's, where the two are compared."""
    message: str = ""
    error: bool = False
    """The source could not be asked, or what it said makes no sense. Otherwise it just has nothing to say yet."""


@dataclass(frozen=True)
class Readings:
    """The counters of the pods, as read just now."""

    pods: Mapping[str, tuple[str, Mapping[str, int]]] = field(default_factory=dict)
    """Pod → (revision, its counters by name; see rollout.analysis.signals for the names)."""
    gateway: Mapping[str, tuple[str, Mapping[str, int]]] = field(default_factory=dict)
    """Likewise for the gateway's proxies; what they count of errors and latency stands above the pods' own."""
    error: str | None = None
    """Why they could not all be read."""
    absent: bool = False
    """The runtime offers no counters."""
    measured: Mapping[str, Measured] = field(default_factory=dict)
    """The metrics of the user's own that were asked for, by name."""


GateVerdict = Literal["Running", "Passed", "Failed", "Skipped", "Refused", "Error"]
"""Running tells how far it is. Refused and Error are tried again: somebody said no, or nobody could say anything."""


@dataclass(frozen=True)
class GateTicket:
    """One attempt at one gate of one rollout."""

    revision: str
    started_at: str
    """When the rollout started, as status has it."""
    gate: str
    attempt: int


@dataclass(frozen=True)
class GateOutcome:
    """What came of an attempt."""

    ticket: GateTicket
    verdict: GateVerdict
    message: str
    code: int | None = None
    """A webhook's HTTP status."""
    report: ShadowReport | None = None


@dataclass(frozen=True)
class Observation:
    """Everything that one decision looks at."""

    revisions: Mapping[str, RevisionState] = field(default_factory=dict)
    leftovers: tuple[str, ...] = ()
    """Revisions of which only a ServingRuntime is left."""
    recorded: Mapping[str, Revision] = field(default_factory=dict)
    """Revisions of which it is on record how they were made, by their names."""
    route: RouteState | None = None
    features: frozenset[Feature] = frozenset({"mirror", "pins"})
    """What a route can do here."""
    problem: Problem | None = None
    """Why the wanted revision cannot even be started."""
    refused: Problem | None = None
    """Why the API server has just not taken what was to be made."""
    route_problem: Problem | None = None
    """Why there is no route to be had."""
    policy: Policy | None = None
    policy_problem: Problem | None = None
    """Why no rollout can start, though the revision could."""
    hostnames: tuple[str, ...] = ()
    url: str | None = None
    address: str | None = None
    address_current: bool = True
    """The in-cluster address is as it should be."""
    readings: Readings | None = None
    """None: not read this time."""
    gate: GateOutcome | None = None
    """What came of the gate that was set running; None: nothing yet."""
    runtime_hash: str | None = None
    """What the (Cluster)ServingRuntime holds now."""
    scale: Mapping[str, Any] = field(default_factory=dict)
    """The scale bounds that the spec asks for, by component."""
