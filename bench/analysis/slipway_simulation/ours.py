"""Slipway's own analysis on synthetic rollouts: the operator's code, from counters to verdict.

Each check becomes readings of one pod of each revision, as they come out of a Prometheus exposition, and goes the
way of ``slipway_operator.rollout.analysis``: differences, warm-up, evidence, verdict. Only the keeping in status is
left out (a test holds that it changes nothing).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from slipway_operator.api.analysis import Metric, MetricName
from slipway_operator.api.evidence import SignalEvidence
from slipway_operator.rollout.analysis import memory, signals
from slipway_operator.rollout.sequential.signal import Confidence, Evidence
from slipway_simulation.workload import Counts, Requests

DECIDING = 2
"""Error rate and latency decide by default, and share the false-alarm rate."""
WARM_UP = 1

Naming = Callable[[Counts], Mapping[str, int]]
"""From one check's cells to counters by name."""


@dataclass(frozen=True)
class Outcome:
    """What became of one rollout."""

    verdict: str
    checks: int
    """How many checks it took."""


def judge(requests: Requests, metric: MetricName, naming: Naming, least: int = 32) -> list[Outcome]:
    """Every rollout's outcome: a Fail at once, a Pass from check ``least`` on, else Inconclusive at the end."""
    parts = zip(requests.history, requests.stable, requests.canary, strict=True)
    return [_Rollout(Metric(name=metric), naming).run(*part, least) for part in parts]


class _Rollout:
    """One rollout under way; the counterpart of ``rollout.analysis.judge`` without a status."""

    def __init__(self, metric: Metric, naming: Naming) -> None:
        self._metric, self._naming = metric, naming
        self._totals: dict[str, int] = {}
        self._kept: SignalEvidence | None = None
        self._evidence: Evidence | None = None
        self._warm = 0

    def run(self, history: Counts, stable: Counts, canary: Counts, least: int) -> Outcome:
        """Look at every check in turn."""
        nothing = np.zeros_like(canary[0])
        for past in history:
            self._look(past, nothing)
        verdict = "Inconclusive"
        for index, (s, c) in enumerate(zip(stable, canary, strict=True)):
            self._look(s, c)
            verdict = self._verdict()
            if verdict == "Fail" or (verdict == "Pass" and index + 1 >= least):
                return Outcome(verdict, index + 1)
        return Outcome(verdict, len(stable))

    def _look(self, stable: Counts, canary: Counts) -> None:
        s, c = self._naming(stable), self._naming(canary)
        counts = bool(canary.sum())
        if self._kept and counts and self._warm >= WARM_UP:
            self._evidence = (self._evidence or memory.recall(self._kept)).after(
                memory.checks(self._kept, s, c) or []
            )
        elif self._kept:
            self._kept = memory.learn(self._kept, s)
        self._warm += counts
        self._totals = {key: self._totals.get(key, 0) + value for key, value in s.items()}
        self._kept = self._kept or signals.begin(self._metric, self._totals)

    def _verdict(self) -> str:
        if self._evidence is None:
            return "Inconclusive"
        minimum = signals.KINDS[self._metric.name].minimum
        return self._evidence.verdict(Confidence(), minimum, DECIDING)


def outcomes(judged: list[Outcome]) -> tuple[np.ndarray, np.ndarray]:
    """(index of the last check, verdict) of each rollout."""
    return np.array([one.checks - 1 for one in judged]), np.array([one.verdict for one in judged])
