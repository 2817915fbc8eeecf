"""A small world for the decision core: it carries actions out at once and lets the test set what pods do.

Time is a number the test moves. Nothing here is clever: what it does not model (a gateway's delay, pods) is set by
the test through plain fields.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from slipway_operator.api import reasons
from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.api.status import ModelDeploymentStatus, Revision
from slipway_operator.cluster.settling import Settling
from slipway_operator.rollout.actions import (
    CreateRevision,
    Decision,
    DeleteRevision,
    DeleteRoute,
    Event,
    ForgetRevision,
    RecordRevision,
    RestoreRevision,
    ScaleRevision,
    WriteAddress,
    WriteRoute,
)
from slipway_operator.rollout.analysis import thresholds
from slipway_operator.rollout.analysis.judge import counted, due
from slipway_operator.rollout.decide import decide
from slipway_operator.rollout.gates import running
from slipway_operator.rollout.late import on_trial
from slipway_operator.rollout.observation import (
    Edit,
    Failure,
    Feature,
    GateOutcome,
    GateTicket,
    GateVerdict,
    Measured,
    Mirror,
    Observation,
    PodState,
    Policy,
    Problem,
    Readings,
    RevisionState,
    RouteState,
)
from slipway_operator.rollout.revision import revision_hash, revision_of
from slipway_operator.rollout.split import LEAST
from slipway_operator.rollout.traffic import newcomers
from slipway_operator.rollout.turn import Deployment

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
NOTHING = {"requests": 0, "errors": 0, "timed": 0, "slower:0.005": 0, "slower:0.01": 0, "slower:0.025": 0}


def spec(version="1", steps=((10, "10s"), (50, "10s")), **rollout) -> ModelDeploymentSpec:
    content = {
        "model": {"uri": f"pvc://models/churn/{version}", "digest": "sha256:" + "0" * 64},
        "rollout": {
            "steps": [{"weight": weight, "hold": hold} for weight, hold in steps],
            "progressDeadline": "2m",
            "keepStable": {"for": "1m"},
            "analysis": {"interval": "2s"},
            **rollout,
        },
    }
    return ModelDeploymentSpec.model_validate(content)


def revision(version="1") -> str:
    return revision_hash(spec(version))


@dataclass
class World:
    """One ModelDeployment and what is there of it."""

    spec: ModelDeploymentSpec = field(default_factory=spec)
    now: datetime = START
    generation: int = 1
    status: ModelDeploymentStatus = field(default_factory=ModelDeploymentStatus)
    revisions: dict[str, RevisionState] = field(default_factory=dict)
    route: RouteState | None = None
    accepting: bool = True
    settling: Settling = field(default_factory=Settling)
    cold: set[str] = field(default_factory=set)
    """The revisions that the gateway's proxies cannot reach yet."""
    startup: bool = True
    """Whether new revisions come up by themselves."""
    runtime_hash: str | None = "r1"
    """What the (Cluster)ServingRuntime holds; None: it is not there."""
    problem: Problem | None = None
    refused: Problem | None = None
    """Why the API server takes no revision."""
    route_problem: Problem | None = None
    features: frozenset[Feature] = frozenset({"mirror", "pins"})
    """What the route can do."""
    policy: Policy | None = None
    policy_problem: Problem | None = None
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """What the one pod of each revision has counted."""
    readings_error: str | None = None
    own: dict[str, dict[str, int]] = field(default_factory=dict)
    """What it has counted beside that."""
    counting: bool = True
    """Whether the runtime offers counters."""
    measured: dict[str, Measured] = field(default_factory=dict)
    """What the sources of the user's own metrics say, by name, when they are asked."""
    scale: dict[str, dict[str, int]] = field(default_factory=dict)
    """The scale bounds that the spec asks for, by component."""
    room: int = 100
    """How many pods of one revision there is room for."""
    load: float = 0.0
    """Requests a second, shared out by the route's weights."""
    failing: dict[str, float] = field(default_factory=dict)
    """The share of its requests that a revision fails."""
    verdicts: dict[str, GateVerdict | None] = field(default_factory=dict)
    """What comes of the gates, by name; otherwise they pass. None: no answer comes."""
    asked: list[GateTicket] = field(default_factory=list)
    """Every attempt at a gate that was begun, in order."""
    commands: dict[str, str] = field(default_factory=dict)
    """The annotations that are commands: verb → id."""
    events: list[Event] = field(default_factory=list)
    splits: list[dict[str, int]] = field(default_factory=list)
    """Every split that was written, in order; twice where only the mirror changed."""
    mirrors: list[Mirror | None] = field(default_factory=list)
    """The mirror that was written with each."""
    writes: int = 0
    """How often the route was written."""
    recorded: dict[str, Revision] = field(default_factory=dict)
    """The revisions of which it is on record how they were made."""
    replaced: dict[str, int] = field(default_factory=dict)
    """The split that the last write of the route has replaced."""
    created: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def apply(self, new: ModelDeploymentSpec) -> None:
        self.spec = new
        self.generation += 1

    def tick(self, seconds: float = 1.0) -> Decision:
        """Let time pass, decide once, carry it out."""
        self.now += timedelta(seconds=seconds)
        self._serve(seconds)
        deployment = Deployment("churn", self.generation, self.spec, self.status, dict(self.commands))
        decision = decide(deployment, self.seen(), self.now)
        # Through JSON, as the API server would give it back: nothing survives but what status can hold.
        self.status = ModelDeploymentStatus.model_validate(decision.status.to_json())
        made = [action for action in decision.actions if isinstance(action, CreateRevision)]
        if made and self.refused:  # as the shell does
            again = replace(deployment, status=decision.status)
            decision = decide(again, replace(self.seen(), refused=self.refused), self.now)
            self.status = ModelDeploymentStatus.model_validate(decision.status.to_json())
        for action in decision.actions:
            self._do(action)
        self.events += decision.events
        return decision

    def run(self, seconds: float, step: float = 1.0) -> "World":
        """Tick for so many seconds."""
        for _ in range(round(seconds / step)):
            self.tick(step)
        return self

    def run_until(self, phase: str, limit: int = 300) -> "World":
        """Tick until a phase is reached; fails the test if it never is."""
        for _ in range(limit):
            self.tick()
            if self.status.phase == phase:
                return self
        raise AssertionError(f"{phase} not reached in {limit} s; {self.status.phase}: {self.status.message}")

    def seen(self) -> Observation:
        judged = on_trial(self.status) or self.status
        live = due(judged, self.now)
        pods = {
            f"pod-{name}": (name, (self.counts.get(name) or NOTHING) | self.own.get(name, {}))
            for name in counted(judged)
            if name in self.revisions
        }
        return Observation(
            revisions=dict(self.revisions),
            recorded=dict(self.recorded),
            route=self._route(),
            features=self.features,
            problem=self.problem or self.route_problem,
            route_problem=self.route_problem,
            policy=self.policy,
            policy_problem=self.policy_problem,
            hostnames=("churn-ml.example.com",),
            url="http://churn-ml.example.com",
            runtime_hash=self.runtime_hash,
            scale=self.scale,
            readings=self._readings(judged, pods) if live else None,
            gate=self.gate(),
        )

    def _route(self) -> RouteState | None:
        if self.route is None or self.route_problem:
            self.settling.forget(("ml", "churn"))
            return None
        route = replace(self.route, accepted=self.accepting)
        route = self.settling.note(("ml", "churn"), route, self.now)
        return replace(route, cold=newcomers(self.status, route, self.now) & self.cold)

    def _readings(self, judged, pods) -> Readings:
        asked = {metric.name: self.measured[metric.name] for metric in thresholds.due(judged, self.now)}
        return Readings(pods=pods, error=self.readings_error, absent=not self.counting, measured=asked)

    def gate(self) -> GateOutcome | None:
        """What came of the gate that status has running: the shell brings it in the next turn."""
        found = running(self.status)
        if found is None:
            return None
        gate, ticket = found
        if ticket not in self.asked:
            self.asked.append(ticket)
        verdict = self.verdicts.get(gate.name, "Passed")
        return verdict and GateOutcome(ticket, verdict, f"{gate.name} says {verdict}")

    def pod(self, name: str, *, ready=True, restarts=0, failure: Failure | None = None, words=None) -> None:
        """Set how the one pod of a revision is."""
        pod = PodState(f"pod-{name}", ready=ready, restarts=restarts, failure=failure, last_words=words)
        known = self.revisions.get(name)
        scale = known.scale if known else self.scale
        wanted = {component: fields.get("minReplicas", 1) for component, fields in scale.items()}
        components = known.components if known else tuple({"predictor": None, **scale})
        self.revisions[name] = RevisionState(
            name, serving=ready, pods=(pod,), wanted=wanted, components=components, scale=scale
        )

    def lose(self, name: str) -> None:
        """Let somebody delete a revision's InferenceService."""
        self.revisions.pop(name)

    def lose_runtime(self, name: str) -> None:
        """Let somebody delete a revision's copy of the runtime."""
        self.revisions[name] = replace(self.revisions[name], runtime=False)

    def lose_deployment(self, name: str) -> None:
        """Let somebody delete a revision's Deployment, and its pods with it."""
        self.revisions[name] = replace(self.revisions[name], gone=("predictor",), serving=False, pods=())

    def edit(self, name: str, kind="InferenceService") -> None:
        """Let somebody edit a revision's object."""
        edit = Edit(kind, f"churn-{name}", "kubectl-edit", ("predictor.model.storageUri",))
        self.revisions[name] = replace(self.revisions[name], edits=(edit,))

    def edit_route(self, split: dict[str, int]) -> None:
        """Let somebody edit the weights of the route."""
        edit = Edit("HTTPRoute", "churn", "kubectl-edit", ("rules",))
        self.route = replace(self.route, split=split, generation=self.route.generation + 1, edit=edit)

    def replicas(self, name: str, count: int) -> None:
        """Let an autoscaler give a revision so many pods, as far as there is room."""
        state = self.revisions[name]
        ready = tuple(PodState(f"pod-{name}-{index}", ready=True) for index in range(min(count, self.room)))
        full = Failure(reasons.UNSCHEDULABLE, "no node has room", grace=timedelta(minutes=2))
        late = tuple(PodState(f"pod-{name}-{index}", failure=full) for index in range(len(ready), count))
        self.revisions[name] = replace(
            state, replicas=count, serving=not late, pods=ready + late, wanted={"predictor": count}
        )

    def count(self, name: str, requests: int, errors: int = 0, **more: int) -> None:
        """Let the revision answer requests, all of them quick ones unless `more` says otherwise."""
        new = {"requests": requests, "errors": errors, "timed": requests, **more}
        old = self.counts.get(name) or NOTHING
        self.counts[name] = {key: old[key] + new.get(re.sub(r"[:.]", "_", key), 0) for key in NOTHING}

    def say(self, *verbs: str) -> None:
        """Give commands, each with a new id."""
        for verb in verbs:
            self.commands[verb] = f"{len(self.events)}-{self.now.timestamp()}-{self.commands.get(verb, '')}"

    def reasons(self) -> list[str]:
        return [event.reason for event in self.events]

    def condition(self, kind: str) -> tuple[str, str]:
        (found,) = [part for part in self.status.conditions if part.type == kind]
        return found.status, found.reason

    def _serve(self, seconds: float) -> None:
        if not self.load or not self.route:
            return
        for name, weight in self.route.split.items():
            requests = round(self.load * seconds * weight / 1_000_000)
            self.count(name, requests, round(requests * self.failing.get(name, 0.0)))

    def _check_way(self, split) -> None:
        """Nobody gets requests whom the proxies do not know yet."""
        route, taken = self.route, self.status.traffic
        if route is None or route.edit or (taken and taken.generation == route.generation):
            return
        if not set(route.split) <= set(self.revisions):
            return  # somebody has taken a revision away, and the way begins anew
        for name, weight in split.items():
            assert weight <= LEAST or route.split.get(name, 0) > LEAST, (
                f"{name} gets more before {route} has taken"
            )

    def _do(self, action) -> None:
        match action:
            case CreateRevision(name, recorded):
                known = self.revisions.get(name)
                assert known is None or not known.runtime, f"{name} created twice"
                self.created.append(name)
                if not recorded:
                    made = revision_of(self.spec)
                    assert made.revision == name, f"{name} is made of a spec that is another revision's"
                    self.recorded[name] = made
                assert name in self.recorded, f"nobody knows how {name} was made"
                if known:
                    self.revisions[name] = replace(known, runtime=True)
                else:
                    self.pod(name, ready=self.startup)
            case RestoreRevision(name):
                self.revisions[name] = replace(self.revisions[name], edits=())
            case RecordRevision(made):
                self.recorded[made.revision] = made
            case ForgetRevision(name):
                del self.recorded[name]
            case DeleteRevision(name):
                assert self.route is None or name not in self.route.revisions, (
                    f"{name} deleted while the route leads to it"
                )
                self.deleted.append(name)
                self.revisions.pop(name, None)
            case ScaleRevision(name, bounds):
                self.revisions[name] = replace(self.revisions[name], scale=dict(bounds))
                least = bounds["predictor"].get("minReplicas", 1)
                if len(self.revisions[name].pods) < least:
                    self.replicas(name, least)
            case WriteRoute(split, mirror, pins):
                self._check_way(split)
                if not self.splits or self.splits[-1] != split or self.mirrors[-1] != mirror:
                    self.splits.append(dict(split))
                    self.mirrors.append(mirror)
                self.writes += 1
                self.replaced = dict(self.route.split) if self.route else {}
                generation = self.route.generation + 1 if self.route else 1
                self.route = RouteState(generation=generation, split=dict(split), mirror=mirror, pins=pins)
            case DeleteRoute():
                self.route = None
            case WriteAddress():
                pass


def serving(version="1") -> World:
    """A world in which this version serves 200 requests a second, and has done so for a while."""
    world = World(spec=spec(version), load=200.0)
    world.count(revision(version), 1000)
    return world.run_until("Healthy")
