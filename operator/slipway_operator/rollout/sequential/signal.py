"""A signal is one or several shares judged together, and its verdict.

Errors are one share; a latency is several (slower than each of a few bounds); a distribution of scores is many (at
or below each cut, in both directions). Against the canary the mean over the shares counts, itself an e-process; for
it, the weakest of them.
"""

from collections.abc import Sequence
from math import ceil, log
from typing import Literal, NamedTuple

from slipway_operator.rollout.sequential.evalue import Share
from slipway_operator.rollout.sequential.forecast import Forecast
from slipway_operator.rollout.sequential.process import Margins, Process, begin, log_mean_exp, observe

Verdict = Literal["Pass", "Fail", "Inconclusive"]


DOUBT = 2.0
"""Evidence against a canary above which it does not pass."""


class Confidence(NamedTuple):
    """What the user puts up with: chances that a verdict is wrong, over the whole rollout."""

    false_alarm: float = 0.01
    """Of rolling back a canary that is within the tolerated margins, all deciding signals together."""
    wrong_pass: float = 0.05
    """Of passing, by one signal, a canary that is worse by the excluded margin."""


class Minimum(NamedTuple):
    """Evidence below which nothing is failed, whatever the numbers say."""

    requests: int
    hits: int = 0


class Check(NamedTuple):
    """What one share counted between two looks."""

    stable: Share
    canary: Share


class Evidence(NamedTuple):
    """Everything known of one signal."""

    processes: tuple[Process, ...]
    margins: tuple[Margins, ...]
    canary: Share = Share(0, 0)
    """Of the first share, over all checks."""
    stable: Share = Share(0, 0)

    def after(self, checks: Sequence[Check]) -> "Evidence":
        """The evidence after a look; one check for each share. A look without requests of either changes nothing."""
        processes = tuple(
            observe(process, margins, *check)
            for process, margins, check in zip(self.processes, self.margins, checks, strict=True)
        )
        return Evidence(
            processes, self.margins, self.canary + checks[0].canary, self.stable + checks[0].stable
        )

    @property
    def log_worse(self) -> float:
        """The logarithm of the evidence that the canary is worse than tolerated."""
        return log_mean_exp(tuple(process.worse.total for process in self.processes))

    @property
    def log_alike(self) -> float:
        """The logarithm of the evidence that it is better than the excluded margin, for the weakest share."""
        return min(process.alike.total for process in self.processes)

    def verdict(self, confidence: Confidence, minimum: Minimum, deciding: int = 1) -> Verdict:
        """Fail, Pass, or not enough evidence for either. ``deciding``: how many signals share the false-alarm rate."""
        enough = self.canary.of >= minimum.requests and self.canary.hits >= minimum.hits
        if enough and self.log_worse >= log(deciding / confidence.false_alarm):
            return "Fail"
        if self.log_worse >= log(DOUBT):
            return "Inconclusive"  # it may be about to fail: no time to promote it, whatever was good before
        return "Pass" if self.log_alike >= -log(confidence.wrong_pass) else "Inconclusive"

    def missing(self, confidence: Confidence) -> int:
        """About how many more canary requests a Pass needs, if the canary is as good as stable.

        A lower bound: without any hit, each request multiplies the evidence by about exp(excluded margin).
        """
        short = -log(confidence.wrong_pass) - self.log_alike
        narrowest = min(margins.excluded for margins in self.margins)
        return max(0, ceil(short / narrowest))


def no_evidence(margins: Sequence[Margins], alternatives: int, history: Sequence[Forecast]) -> Evidence:
    """Where a rollout starts: what stable's share was before, for each share."""
    return Evidence(tuple(begin(forecast, alternatives) for forecast in history), tuple(margins))
