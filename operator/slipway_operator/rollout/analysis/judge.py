"""One look at the counters: what it adds to the evidence, and what the evidence says.

Only a time in which one split was in force from beginning to end is a check. The first check with requests of the
canary warms it up and does not count; every other time still teaches what to expect of stable. A failed reading
skips the check: what it would have shown is in the next one.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from slipway_operator.api import reasons
from slipway_operator.api.analysis import Metric
from slipway_operator.api.evidence import (
    Analysis,
    Counts,
    Evidence,
    Samples,
    SignalEvidence,
    Source,
    Verdict,
)
from slipway_operator.api.status import EffectiveAnalysis, ModelDeploymentStatus
from slipway_operator.rollout.analysis import memory, signals, thresholds, wording
from slipway_operator.rollout.analysis.counting import News, Totals, news, remember, totals
from slipway_operator.rollout.observation import Measured, Problem, Readings
from slipway_operator.rollout.sequential.signal import Confidence
from slipway_operator.rollout.turn import Turn

WARM_UP_CHECKS = 1
SOONEST_LOOK = timedelta(milliseconds=500)


def due(status: ModelDeploymentStatus, now: datetime) -> bool:
    """Whether the counters should be read before the next decision: at intervals, and at each new beginning."""
    moment = due_at(status)
    return moment is not None and now >= moment


def counted(status: ModelDeploymentStatus) -> list[str]:
    """The revisions whose counters are to be read: what its gates ask a canary belongs to no check."""
    roles = [status.stable, status.canary if status.step else None]
    return [role.revision for role in roles if role]


def due_at(status: ModelDeploymentStatus) -> datetime | None:
    """When the counters should be read next; None while there is nothing to compare."""
    if status.canary is None or status.stable is None or status.rollout is None:
        return None
    read_at = status.evidence.read_at if status.evidence else None
    if read_at is None:
        return status.canary.started_at
    beginnings = (status.canary.ready_at, status.step.took_at if status.step else None)
    fresh = [moment for moment in beginnings if moment and moment > read_at]
    return min([*fresh, read_at + timedelta(seconds=status.rollout.analysis.interval_seconds)])


def judge(turn: Turn) -> None:
    """Add the readings of this turn to the evidence, and judge by it."""
    readings, rollout, canary = turn.seen.readings, turn.status.rollout, turn.status.canary
    if readings is None or rollout is None or canary is None:
        return
    unread = readings.absent or readings.error
    evidence = turn.status.evidence or Evidence()
    if not unread:
        evidence = _count(turn, rollout.analysis, evidence, readings, canary.revision)
    measured = _measured(rollout.analysis, evidence, readings)
    for metric in rollout.analysis.metrics:
        if metric.name in measured:
            evidence = thresholds.learn(evidence, metric, measured[metric.name], turn.now)
    if evidence != Evidence():
        turn.update(evidence=evidence)
    if unread or turn.status.step:  # the requests of its gates are not its clients'
        _conclude(turn, rollout.analysis, evidence, readings, measured)


def failed(turn: Turn) -> Problem | None:
    """The verdict, if it is a conviction."""
    for look in turn.status.analysis or []:
        if look.verdict == "Fail" and not look.dry_run:
            reason = reasons.CONVICTIONS.get(look.metric)
            message = look.message if reason else f"{look.metric}: {look.message}"
            return Problem(reason or reasons.OUT_OF_BOUNDS, message)
    return None


def open_question(turn: Turn) -> str | None:
    """What stands between the canary and a promotion, by the deciding metrics; None when nothing does."""
    rollout = turn.status.rollout
    if rollout is None or rollout.analysis.on_inconclusive == "Promote":
        return None
    looks = [look for look in turn.status.analysis or [] if not look.dry_run]
    if not looks:
        return "no check has been made yet"
    # Without counters nothing will ever be known: restarts, readiness and the user's own metrics decide.
    looks = [look for look in looks if look.message != wording.NO_COUNTERS]
    return next((f"{look.metric}: {look.message}" for look in looks if look.verdict != "Pass"), None)


def with_cost(turn: Turn, message: str) -> str:
    """``message`` with what the canary has cost, where that is known."""
    total = turn.status.evidence.canary_total if turn.status.evidence else Counts()
    if not total.requests:
        return message
    return f"{message}; in all {total.errors} of the {total.requests} requests it got failed"


def _count(
    turn: Turn, analysis: EffectiveAnalysis, evidence: Evidence, readings: Readings, canary: str
) -> Evidence:
    """The evidence with what was counted since the last reading."""
    if evidence.source is None:
        source: Source = "gateway" if readings.gateway else "selfReported"
        evidence = evidence.model_copy(update={"source": source})
    gained = news(evidence, readings, canary)
    counts = _is_check(turn, evidence) and bool(gained.canary.get("requests"))
    evidence = remember(_learn(evidence, gained, counts=counts), readings, gained, turn.now)
    return _look_out(evidence, analysis, totals(readings, _stable(turn)))


def _measured(analysis: EffectiveAnalysis, evidence: Evidence, readings: Readings) -> Mapping[str, Measured]:
    """The numbers of the user's own that were measured, where enough requests stand behind them."""
    if evidence.source is None:
        return readings.measured  # nobody counts requests
    return {
        metric.name: thresholds.enough(evidence, metric, readings.measured[metric.name])
        for metric in analysis.metrics
        if metric.name in readings.measured
    }


def _is_check(turn: Turn, evidence: Evidence) -> bool:
    """Whether one split, with the canary in it, was in force since the last reading."""
    step = turn.status.step
    return bool(step and step.took_at and evidence.read_at and evidence.read_at >= step.took_at)


def _learn(evidence: Evidence, gained: News, *, counts: bool) -> Evidence:
    warm = counts and evidence.checks >= WARM_UP_CHECKS
    kept = [
        _after(signal, gained) if warm else memory.learn(signal, gained.stable) for signal in evidence.signals
    ]
    return evidence.model_copy(update={"signals": kept, "checks": evidence.checks + counts})


def _after(kept: SignalEvidence, gained: News) -> SignalEvidence:
    checks = memory.checks(kept, gained.stable, gained.canary)
    return kept if checks is None else memory.keep(kept, memory.recall(kept).after(checks))


def _look_out(evidence: Evidence, analysis: EffectiveAnalysis, stable: Totals) -> Evidence:
    """Begin the tests that have not begun, as soon as stable's history says what they have to look at."""
    begun = {signal.metric for signal in evidence.signals}
    new = [
        signals.begin(metric, stable) for metric in _compared(analysis.metrics) if metric.name not in begun
    ]
    return evidence.model_copy(update={"signals": [*evidence.signals, *filter(None, new)]})


def _conclude(
    turn: Turn,
    analysis: EffectiveAnalysis,
    evidence: Evidence,
    readings: Readings,
    measured: Mapping[str, Measured],
) -> None:
    begun = {signal.metric for signal in evidence.signals}
    roles = (turn.status.stable, turn.status.canary)
    stable, canary = (totals(readings, role.revision) if role else {} for role in roles)
    looked_at = [metric for metric in analysis.metrics if signals.applies(metric, begun, stable, canary)]
    deciding = max(1, sum(not signals.is_dry(metric) for metric in _compared(looked_at)))
    known = turn.status.analysis or []
    looks = [
        thresholds.look(metric, evidence, measured.get(metric.name), known)
        if metric.source
        else _unread(metric, readings) or _look(metric, analysis, evidence, deciding)
        for metric in looked_at
    ]
    turn.update(analysis=looks, verdict=_overall(looks))


def _compared(metrics: Iterable[Metric]) -> list[Metric]:
    """The metrics that the sequential test is about."""
    return [metric for metric in metrics if metric.source is None]


def _look(metric: Metric, analysis: EffectiveAnalysis, evidence: Evidence, deciding: int) -> Analysis:
    kept = next((signal for signal in evidence.signals if signal.metric == metric.name), None)
    dry_run = signals.is_dry(metric) or None
    if kept is None:
        return Analysis(
            metric=metric.name, verdict="Inconclusive", message=wording.NO_HISTORY, dry_run=dry_run
        )
    tests, confidence = memory.recall(kept), Confidence(analysis.false_alarm_rate, analysis.wrong_pass_rate)
    verdict = tests.verdict(confidence, signals.KINDS[metric.name].minimum, deciding)
    return Analysis(
        metric=metric.name,
        verdict=verdict,
        message=wording.sentence(kept, tests, verdict, tests.missing(confidence), evidence.canary_rate),
        dry_run=dry_run,
        source="selfReported" if metric.name in signals.SELF_REPORTED else evidence.source,
        stable=wording.percent(tests.stable),
        canary=wording.percent(tests.canary),
        samples=Samples(stable=kept.stable[1], canary=kept.canary[1]),
    )


def _overall(looks: list[Analysis]) -> Verdict:
    verdicts = {look.verdict for look in looks if not look.dry_run}
    order: tuple[Verdict, ...] = ("Fail", "Error", "Inconclusive")
    return next((verdict for verdict in order if verdict in verdicts), "Pass")


def _unread(metric: Metric, readings: Readings) -> Analysis | None:
    """No check: tell why. The last readings stay, so that the next check covers this time as well."""
    if not (readings.absent or readings.error):
        return None
    verdict: Verdict = "Inconclusive" if readings.absent else "Error"
    message = wording.NO_COUNTERS if readings.absent else f"the counters could not be read: {readings.error}"
    return Analysis(
        metric=metric.name, verdict=verdict, message=message, dry_run=signals.is_dry(metric) or None
    )


def _stable(turn: Turn) -> str:
    return turn.status.stable.revision if turn.status.stable else ""
