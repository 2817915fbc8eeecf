"""Invariants over random histories: whatever happens, in whatever order, these hold.

A few here; `make test` tries a thousand beside slower tests, `make soak` as many as an hour takes.
"""

import os
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.unit.operator.world import World, revision, spec

from slipway_operator.api import names, reasons
from slipway_operator.api.spec import PROMOTED
from slipway_operator.rollout.observation import Failure, Measured, Problem
from slipway_operator.rollout.split import WHOLE, make_split, normalised

HISTORIES = int(os.environ.get("SLIPWAY_HISTORIES", "50"))
SOAK = "SLIPWAY_SOAK" in os.environ
"""Other histories every time; else the same ones, so that what passes here passes elsewhere."""
SOMEBODY_ELSES = "somebody-elses"
"""A backend that is no revision."""
VERSIONS = st.sampled_from(["1", "2", "3", "4"])
STRATEGIES = ["Canary", "Canary", "BlueGreen", "Shadow", "Direct"]
REFUNDS = {
    "name": "refunds",
    "prometheus": {"url": "http://prometheus", "query": "up"},
    "threshold": {"max": 0.2, "window": "2s"},
}
CRASH = Failure(reasons.CRASH_LOOP, "container ends with code 1")
PULL = Failure(reasons.IMAGE_PULL_FAILED, "no image", grace=timedelta(seconds=10))


class Histories(RuleBasedStateMachine):
    """Users, pods, gateways and counters do as they like."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(measured={"refunds": Measured(0.1)})

    def tick(self, seconds: float) -> None:
        stable, deleted = self.world.status.stable, len(self.world.deleted)
        known = {entry.revision for entry in self.world.status.history or [] if entry.outcome in PROMOTED}
        route, kept = self.world.route, self.world.status.previous
        self.world.tick(seconds)
        under_way = self.world.status.rollback
        assert not under_way or under_way.revision in known, "on the way back to what was never promoted"
        after = self.world.status.stable
        # Nor is a way back to what is kept warm a promotion; the spec may have come back in the same moment.
        way_back = kept and after and kept.revision == after.revision
        switched = stable and after and stable.revision != after.revision
        if switched and not (self.world.status.failed or way_back):
            whole = make_split(stable.revision, after.revision, self.world.status.rollout.final_weight)
            assert route.split == whole, f"promoted with the split {route.split}"
        assert not (stable and not after), "the stable revision was forgotten"
        for part in (after,) if way_back and route is None else (stable, after):
            assert not part or part.revision not in self.world.deleted[deleted:], "stable was deleted"
        if switched:
            assert after.revision in self.world.revisions, "went back to a revision that is not there"

    @rule(
        version=VERSIONS,
        strategy=st.sampled_from(STRATEGIES),
        shadow=st.booleans(),
        holdback=st.sampled_from([0, 0, 5, 50]),
    )
    def apply(self, version: str, strategy: str, shadow: bool, holdback: int) -> None:
        gates = {"webhooks": [{"name": "risk", "url": "http://risk"}]} | ({"shadow": {}} if shadow else {})
        metrics = [{"name": "error-rate"}, REFUNDS]
        analysis = {"interval": "2s", "metrics": metrics}
        keep = {"for": "1m", "weight": holdback}
        self.world.apply(spec(version, gates=gates, strategy=strategy, analysis=analysis, keepStable=keep))

    @rule(
        measured=st.sampled_from([Measured(0.1), Measured(0.9), Measured(message="x"), Measured(error=True)])
    )
    def sources(self, measured: Measured) -> None:
        self.world.measured = {"refunds": measured}

    @rule(policy=st.booleans())
    def policy(self, policy: bool) -> None:
        self.world.policy_problem = None if policy else Problem(reasons.POLICY_MISSING, "no policy")

    @rule(least=st.integers(1, 3), room=st.integers(0, 5))
    def scaling(self, least: int, room: int) -> None:
        self.world.scale = {"predictor": {"minReplicas": least, "maxReplicas": 4}}
        self.world.room = room

    @rule(seconds=st.sampled_from([0, 1, 2, 5, 30]))
    def time(self, seconds: float) -> None:
        self.tick(seconds)

    @rule(count=st.integers(5, 20))
    def while_(self, count: int) -> None:
        for _ in range(count):
            self.tick(1)

    @rule(verbs=st.sets(st.sampled_from(names.COMMANDS), min_size=1, max_size=3))
    def command(self, verbs) -> None:
        self.world.say(*verbs)

    @rule(version=VERSIONS)
    def back(self, version: str) -> None:
        self.world.commands["rollback"] = f"{len(self.world.events)}-{self.world.now.timestamp()}/{version}"

    @rule(up=st.booleans())
    def startup(self, up: bool) -> None:
        self.world.startup = up

    @rule(
        verdicts=st.dictionaries(
            st.sampled_from(["contract", "artifact", "warmup", "golden", "shadow", "webhook/risk"]),
            st.sampled_from(["Passed", "Failed", "Skipped", "Refused", "Error", None]),
        )
    )
    def gates(self, verdicts) -> None:
        self.world.verdicts = verdicts

    @rule(accepting=st.booleans())
    def gateway(self, accepting: bool) -> None:
        self.world.accepting = accepting

    @rule(cold=st.sets(VERSIONS))
    def proxies(self, cold):
        self.world.cold = {revision(version) for version in cold}

    @rule(problem=st.booleans())
    def problem(self, problem: bool) -> None:
        self.world.problem = Problem(reasons.CLAIM_MISSING, "no claim") if problem else None

    @precondition(lambda self: self.world.revisions)
    @rule(data=st.data(), failure=st.sampled_from([None, CRASH, PULL]), restarts=st.integers(0, 2))
    def pods(self, data, failure, restarts) -> None:
        name = data.draw(st.sampled_from(sorted(self.world.revisions)))
        self.world.pod(name, ready=failure is None, failure=failure, restarts=restarts)

    @precondition(lambda self: self.world.revisions)
    @rule(data=st.data(), what=st.sampled_from(["service", "runtime", "deployment", "edit"]))
    def meddling(self, data, what) -> None:
        name = data.draw(st.sampled_from(sorted(self.world.revisions)))
        meddle = {
            "service": self.world.lose,
            "runtime": self.world.lose_runtime,
            "deployment": self.world.lose_deployment,
            "edit": self.world.edit,
        }
        meddle[what](name)
        self.tick(0)

    @precondition(lambda self: self.world.route)
    @rule(data=st.data(), there=st.booleans())
    def meddling_with_the_route(self, data, there) -> None:
        names_ = st.sampled_from([*sorted(self.world.revisions), SOMEBODY_ELSES])
        split = data.draw(st.dictionaries(names_, st.integers(1, 100)))
        if there:
            self.world.edit_route(split)
        else:
            self.world.route = None
        self.tick(0)

    @precondition(lambda self: self.world.revisions)
    @rule(data=st.data(), requests=st.integers(1, 300), share=st.floats(0, 1))
    def answers(self, data, requests, share) -> None:
        name = data.draw(st.sampled_from(sorted(self.world.revisions)))
        self.world.count(name, requests, errors=round(requests * share))

    @invariant()
    def splits_are_whole(self) -> None:
        for split in self.world.splits:
            assert sum(split.values()) == WHOLE
            assert min(split.values()) > 0, "0 means 0: a backend without weight is not on the route"

    @invariant()
    def no_request_before_the_gates_are_passed(self) -> None:
        status, world = self.world.status, self.world
        if status.step:
            assert all(gate.state in ("Passed", "Skipped") for gate in status.gates or [])
        elif status.canary and status.stable and world.splits:
            name = status.canary.revision
            last = world.splits[-1].get(name, 0)
            if SOMEBODY_ELSES in world.replaced:
                return  # his share goes to whoever answers already, for the moment until stable is back
            before = (normalised(world.replaced) or {}).get(name, 0)
            assert last <= before, "traffic rises before the gates are passed"

    @invariant()
    def requests_are_mirrored_for_the_shadow_gate_alone(self) -> None:
        route, canary = self.world.route, self.world.status.canary
        if route and route.mirror and canary and route.mirror.revision == canary.revision:
            assert not self.world.status.step, "mirrored though it has clients"

    @invariant()
    def rolled_back_means_no_traffic(self) -> None:
        status, route = self.world.status, self.world.route
        if status.phase == "RolledBack":
            assert status.stable
            assert set(route.split) == {status.stable.revision}

    @invariant()
    def few_revisions_live(self) -> None:
        assert len(self.world.revisions) <= 3

    @invariant()
    def backends_exist(self) -> None:
        if self.world.route:
            missing = self.world.route.revisions - set(self.world.revisions)
            assert not missing, f"the route names {missing}, which are not there"

    def teardown(self) -> None:
        """Left alone with everything well, it settles."""
        world = self.world
        world.startup, world.accepting, world.problem, world.load = True, True, None, 200.0
        world.cold = set()
        world.verdicts, world.measured, world.policy_problem, world.room = (
            {},
            {"refunds": Measured(0.1)},
            None,
            100,
        )
        world.say("resume")
        for _ in range(250):
            for name in world.revisions:
                world.pod(name)
                if world.scale:
                    world.replicas(name, 4)
            world.tick()
            if world.status.phase in ("Healthy", "RolledBack"):
                break
        world.run(90)  # longer than the old revision is kept warm
        assert world.status.phase in ("Healthy", "RolledBack"), world.status.message
        quiet = world.tick(100)
        assert not quiet.events


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=HISTORIES, stateful_step_count=30, deadline=None, derandomize=not SOAK
)
