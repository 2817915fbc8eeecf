"""The four acts, and what has to be true after each."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from slipway_demo.models import Models
from slipway_demo.screen import Screen
from slipway_demo.storage import CLAIM
from slipway_demo.tally import Tally, split, tally
from slipway_demo.target import Target
from slipway_demo.traffic import Answer, Client
from slipway_demo.watch import Status, Watch

NAMESPACE, NAME = "slipway-demo", "breast-cancer"
STEPS = [{"weight": 10, "hold": "15s"}, {"weight": 50, "hold": "8s"}]
SHOW_EVERY = 2.0  # seconds between two live lines
FLIGHT = 0.5  # seconds: an answer that left this long before a look may still be of the old split


@dataclass
class Stage:
    """What all acts share."""

    target: Target
    models: Models
    screen: Screen
    watch: Watch
    client: Client
    passed: bool = True
    seconds: dict[str, float] = field(default_factory=dict)
    """Version → how long its act took to its end: promoted, or rolled back."""
    outcomes: dict[str, str] = field(default_factory=dict)

    def check(self, passed: bool, text: str) -> None:
        """Something that has to hold."""
        self.passed = self.passed and passed
        self.screen.check(passed, text)

    def apply(self, version: str) -> None:
        """What a user does: a new model, and nothing else."""
        self.target.apply(model_deployment(version, self.models.digest(version)))
        self.screen.say(f"applied: spec.model.uri pvc://{CLAIM}/v{version}")

    def answers(self, version: str) -> list[Answer]:
        """All answers that this version gave."""
        return [
            answer for answer in self.client.answers if self.watch.versions.get(answer.revision) == version
        ]

    def tally(self, version: str) -> Tally:
        """Its answers, counted."""
        return tally(self.answers(version), self.models.offline(version))


def model_deployment(version: str, digest: str) -> dict[str, Any]:
    """The ModelDeployment with this version of the model."""
    return {
        "apiVersion": "slipway.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": {
            "model": {"uri": f"pvc://{CLAIM}/v{version}", "version": version, "digest": digest},
            "rollout": {
                "steps": STEPS,
                "analysis": {"interval": "3s"},
                "progressDeadline": "2m",
                "keepStable": {"for": "15s"},
            },
        },
    }


async def first(stage: Stage) -> None:
    """v1 comes up; it was applied before the traffic began."""
    stage.screen.act("Act 1: version 1, a logistic regression, serves")
    status = await stage.watch.until(lambda s: s.get("phase") == "Healthy", "version 1 serving", 120)
    stage.screen.say(f"status.url {status['url']}")
    stage.seconds["1"] = stage.screen.elapsed
    stage.outcomes["1"] = "Promoted"


async def good(stage: Stage) -> None:
    """v2 takes over, step by step, and nobody notices."""
    stage.screen.act("Act 2: version 2, a random forest, takes over: 10 %, 50 %, 100 %")
    before, begin = len(stage.client.answers), time.monotonic()
    stage.apply("2")
    await stage.watch.until(
        lambda s: s.get("phase") == "Healthy" and s["stable"]["version"] == "2",
        "the promotion",
        180,
        Live(stage),
    )
    stage.seconds["2"] = time.monotonic() - begin
    stage.outcomes["2"] = "Promoted"
    during = stage.client.answers[before:]
    failed = [answer for answer in during if answer.failed]
    stage.check(not failed, f"{len(during)} requests during the rollout, {len(failed)} failed{_why(failed)}")
    counted = stage.tally("2")
    stage.check(
        counted.requests > 0 and counted.agreed == counted.answered,
        f"version 2 answered {counted.answered}, {counted.agreed} of them as the model itself says offline",
    )


async def broken(stage: Stage) -> None:
    """v3 fails on some real rows, is caught, and goes."""
    share = sum(label is None for label in stage.models.offline("3")) / len(stage.models.rows)
    stage.screen.act(f"Act 3: version 3 raises on {share:.0%} of real rows; it is caught and rolled back")
    begin = time.monotonic()
    stage.apply("3")
    status = await stage.watch.until(_rolled_back("3"), "the rollback", 120, Live(stage))
    stage.seconds["3"] = time.monotonic() - begin
    stage.outcomes["3"] = f"RolledBack: {status['failed']['reason']}"
    stage.screen.say(status["failed"]["message"])
    stage.check(status["stable"]["version"] == "2", "version 2 is stable, as before")
    counted = stage.tally("3")
    stage.check(
        counted.failed > 0,
        f"caught after {counted.failed} failed requests, {stage.seconds['3']:.0f} s after it was applied",
    )


async def unloadable(stage: Stage) -> None:
    """v4 cannot be loaded, and never gets a request."""
    stage.screen.act("Act 4: version 4 has a bundle that cannot be loaded")
    begin = time.monotonic()
    stage.apply("4")
    status = await stage.watch.until(_rolled_back("4"), "the rollback", 150, Live(stage))
    stage.seconds["4"] = time.monotonic() - begin
    stage.outcomes["4"] = f"RolledBack: {status['failed']['reason']}"
    stage.screen.say(status["failed"]["message"])
    counted = stage.tally("4")
    stage.check(counted.requests == 0, f"version 4 got {counted.requests} requests")
    stage.check(status["stable"]["version"] == "2", "version 2 is stable, as before")


def epilogue(stage: Stage) -> None:
    """What has to hold for the whole of it, and the table."""
    stage.screen.act("Summary")
    blamed = set(map(id, stage.answers("3")))
    others = [answer for answer in stage.client.answers if answer.failed and id(answer) not in blamed]
    stage.check(not others, f"requests that failed anywhere but on version 3: {len(others)}{_why(others)}")
    rows = [_row(stage, version) for version in ("1", "2", "3", "4")]
    head = ("version", "outcome", "seconds", "requests", "failed", "agree offline", "p50 ms", "p99 ms")
    stage.screen.table(head, rows)


def _row(stage: Stage, version: str) -> tuple[object, ...]:
    counted = stage.tally(version)
    agreed = f"{counted.agreed} of {counted.answered}" if counted.answered else "-"
    times = (f"{counted.p50:.1f}", f"{counted.p99:.1f}") if counted.answered else ("-", "-")
    outcome, seconds = stage.outcomes.get(version, "?"), stage.seconds.get(version, 0.0)
    return version, outcome, f"{seconds:.0f}", counted.requests, counted.failed, agreed, *times


def _rolled_back(version: str) -> Callable[[Status], bool]:
    return lambda s: s.get("phase") == "RolledBack" and s["failed"]["version"] == version


def _why(failed: list[Answer]) -> str:
    return f" (first: {failed[0].status} {failed[0].error})" if failed else ""


class Live:
    """Prints the wanted split beside the one that the client sees."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._printed_at, self._said, self._seen_until = 0.0, "", self._last_sent()

    def __call__(self, status: Status) -> None:
        """A look: prints a line when there is something new, or every other second."""
        message, now = status.get("message"), time.monotonic()
        if message is None:
            return  # the operator has not looked at the new spec yet
        if now - self._printed_at < SHOW_EVERY and message == self._said:
            return
        self._stage.screen.say(f"{self._shares(status):23} | {message}")
        self._printed_at, self._said, self._seen_until = now, message, self._last_sent()

    def _shares(self, status: Status) -> str:
        canary = (status.get("canary") or {}).get("revision")
        seen = split(self._stage.client.answers, self._seen_until + FLIGHT, canary) if canary else None
        return "" if seen is None else f"{seen:4.0%} seen, {status.get('weight') or 0:3d} % wanted"

    def _last_sent(self) -> float:
        answers = self._stage.client.answers
        return answers[-1].at if answers else 0.0
