"""What a look at a metric shows, in one sentence with the numbers in it."""

from datetime import timedelta
from math import exp

from slipway_operator.api.duration import format_duration
from slipway_operator.api.evidence import ShareEvidence, SignalEvidence
from slipway_operator.rollout.analysis.signals import FALLBACKS, REJECTED, SCORE, SLOWER
from slipway_operator.rollout.sequential.evalue import Share
from slipway_operator.rollout.sequential.signal import Evidence, Verdict

_WORDS = {
    REJECTED: "requests break its contract",
    FALLBACKS: "requests were answered with a default for a value",
}
NO_COUNTERS = "the runtime offers no counters; only restarts and readiness are watched"
NO_HISTORY = "stable has answered too few requests to say what is usual of it"


def sentence(
    kept: SignalEvidence, evidence: Evidence, verdict: Verdict, missing: int, rate: float | None
) -> str:
    """The verdict's reason."""
    numbers = _numbers(kept, evidence)
    if verdict == "Fail":
        worst = _worst(kept, evidence)
        odds = min(exp(min(evidence.log_worse, 20.0)), 1e6)
        return f"{numbers} over the same checks{worst}; tolerated are {_points(kept)} more (evidence {odds:,.0f} to 1)"
    if verdict == "Pass":
        return numbers
    return f"{numbers}; {needed(missing, rate)}"


def needed(missing: int, rate: float | None) -> str:
    """How much evidence is missing, and how long that takes."""
    text = f"about {missing} more canary requests are needed"
    if not rate:
        return f"{text}, and it gets none at present"
    return f"{text} ({format_duration(timedelta(seconds=max(1, round(missing / rate))))} at the present rate)"


def percent(share: Share) -> str | None:
    """``share`` in percent; None where there were no requests."""
    return f"{share.hits / share.of:.1%}" if share.of else None


def _numbers(kept: SignalEvidence, evidence: Evidence) -> str:
    canary, stable = evidence.canary, evidence.stable
    if not canary.of or not stable.of:
        return f"{canary.of:.0f} canary and {stable.of:.0f} stable requests so far"
    return f"{_share(canary)} of the canary's {_what(kept.shares[0])}, {_share(stable)} of stable's"


def _what(share: ShareEvidence) -> str:
    if share.key.startswith(SLOWER):
        return f"requests took longer than {_milliseconds(share.key.removeprefix(SLOWER))}"
    if share.key.startswith(SCORE):
        return f"scores are at or below {share.key.removeprefix(SCORE)}"
    return _WORDS.get(share.key, "requests failed")


def _worst(kept: SignalEvidence, evidence: Evidence) -> str:
    """Which of several shares convicts, where that is not the one whose numbers are told."""
    of = max(range(len(kept.shares)), key=lambda index: evidence.processes[index].worse.total)
    if of == 0:
        return ""
    share = kept.shares[of]
    way = "fewer" if share.complement else "more"
    return f", and {way} {_what(share)}"


def _points(kept: SignalEvidence) -> str:
    return f"{100 * kept.shares[0].tolerated:g} points"


def _milliseconds(seconds: str) -> str:
    return f"{1000 * float(seconds):g} ms"


def _share(share: Share) -> str:
    return f"{percent(share)} ({share.hits:.0f} of {share.of:.0f})"
