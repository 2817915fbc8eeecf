"""The verdict on a canary under traffic: its failures against stable's over the same time.

Counts start anew with every step, so that both revisions are compared under one split: across steps a common
outage would fall on the two unequally and convict the innocent. Missing counters are Error or Inconclusive, never
Pass. The rule (Fisher's exact test at 0.1 %, on at least 50 requests each) is looked at every few seconds and so
has a somewhat larger false-alarm rate than its level.
"""

from datetime import datetime, timedelta

from slipway_operator.api import reasons
from slipway_operator.api.status import Analysis, Counts, Evidence, ModelDeploymentStatus, PodCounts, Verdict
from slipway_operator.rollout.fisher import p_greater
from slipway_operator.rollout.observation import Problem, Readings
from slipway_operator.rollout.turn import Turn

METRIC = "error-rate"
LEVEL = 0.001
LEAST_REQUESTS = 50
INTERVAL = timedelta(seconds=3)


def due(status: ModelDeploymentStatus, now: datetime) -> bool:
    """Whether the pods' counters should be read before the next decision: only while one split is in force."""
    if status.canary is None or status.stable is None or status.step is None or status.step.took_at is None:
        return False
    evidence = status.evidence
    return evidence is None or evidence.read_at is None or now >= evidence.read_at + INTERVAL


def restart(evidence: Evidence | None, now: datetime) -> Evidence:
    """Counting from zero at the start of a step: the next readings are where it starts from."""
    if evidence is None:
        return Evidence(since=now)
    return Evidence(since=now, canary_total=evidence.canary_total, pods=evidence.pods)


def judge(turn: Turn) -> None:
    """Add the readings of this turn to the evidence, and judge by it."""
    readings = turn.seen.readings
    if readings is None:
        return
    evidence = turn.status.evidence or Evidence(since=turn.now)
    if not readings.error and not readings.absent:
        evidence = accumulate(evidence, readings, _canary_name(turn), turn.now)
    else:
        evidence = evidence.model_copy(update={"read_at": turn.now})
    look = _look(readings, evidence)
    turn.update(evidence=evidence, analysis=[look], verdict=look.verdict)


def failed(turn: Turn) -> Problem | None:
    """The latest verdict, if it is a conviction."""
    for look in turn.status.analysis or []:
        if look.verdict == "Fail":
            return Problem(reasons.ERROR_RATE, look.message)
    return None


def with_cost(turn: Turn, message: str) -> str:
    """``message`` with what the canary has cost, where that is known."""
    total = turn.status.evidence.canary_total if turn.status.evidence else Counts()
    if not total.requests:
        return message
    return f"{message}; in all {total.errors} of the {total.requests} requests it got failed"


def accumulate(evidence: Evidence, readings: Readings, canary: str, now: datetime) -> Evidence:
    """``evidence`` with what the pods have counted since their last reading.

    The first readings of a step only say where it starts from: what was counted before them fell under another
    split. A pod that comes up later starts from zero, and so does a counter that went down (a restart).
    """
    begun = evidence.read_at is not None
    last = {part.pod: part for part in evidence.pods}
    sums = {True: evidence.canary, False: evidence.stable}
    total = evidence.canary_total
    for pod, (revision, counts) in readings.pods.items():
        new = _since(last.get(pod), counts)
        if begun:
            sums[revision == canary] = _add(sums[revision == canary], new)
        if revision == canary:
            total = _add(total, new)
    pods = [PodCounts(pod=pod, **counts.model_dump()) for pod, (_, counts) in sorted(readings.pods.items())]
    return Evidence(
        since=evidence.since,
        stable=sums[False],
        canary=sums[True],
        canary_total=total,
        pods=pods,
        read_at=now,
    )


def _since(last: PodCounts | None, now: Counts) -> Counts:
    if last is None:
        return now
    if now.requests < last.requests or now.errors < last.errors:
        return now
    return Counts(requests=now.requests - last.requests, errors=now.errors - last.errors)


def _add(one: Counts, other: Counts) -> Counts:
    return Counts(requests=one.requests + other.requests, errors=one.errors + other.errors)


def _look(readings: Readings, evidence: Evidence) -> Analysis:
    verdict, message = _verdict(readings, evidence)
    return Analysis(
        metric=METRIC, verdict=verdict, message=message, stable=evidence.stable, canary=evidence.canary
    )


def _verdict(readings: Readings, evidence: Evidence) -> tuple[Verdict, str]:
    canary, stable = evidence.canary, evidence.stable
    if readings.absent:
        return "Inconclusive", "the runtime offers no counters; only restarts and readiness are watched"
    if readings.error:
        return "Error", f"the counters could not be read: {readings.error}"
    if min(canary.requests, stable.requests) < LEAST_REQUESTS:
        return "Inconclusive", (
            f"{canary.requests} canary and {stable.requests} stable requests so far;"
            f" {LEAST_REQUESTS} of each are needed"
        )
    chance = p_greater(canary.errors, canary.requests, stable.errors, stable.requests)
    numbers = f"{_share(canary)} of the canary's requests failed, {_share(stable)} of stable's"
    if chance < LEVEL:
        return "Fail", f"{numbers} over the same time (Fisher's exact test, p = {chance:.2g})"
    return "Pass", numbers


def _share(counts: Counts) -> str:
    return f"{counts.errors / counts.requests:.1%} ({counts.errors} of {counts.requests})"


def _canary_name(turn: Turn) -> str:
    return turn.status.canary.revision if turn.status.canary else ""
