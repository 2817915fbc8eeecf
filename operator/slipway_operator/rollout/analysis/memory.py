"""The sequential tests, to and from what status keeps of them."""

from slipway_operator.api.evidence import MixtureEvidence, ShareEvidence, SignalEvidence
from slipway_operator.rollout.analysis.counting import Totals
from slipway_operator.rollout.sequential.evalue import Share
from slipway_operator.rollout.sequential.forecast import Forecast
from slipway_operator.rollout.sequential.process import Margins, Mixture, Process
from slipway_operator.rollout.sequential.signal import Check, Evidence

_DIGITS = 4


def recall(kept: SignalEvidence) -> Evidence:
    """The tests as they stood."""
    return Evidence(
        processes=tuple(
            Process(Forecast(*share.forecast), _mixture(share.worse), _mixture(share.alike))
            for share in kept.shares
        ),
        margins=tuple(Margins(share.tolerated, share.excluded) for share in kept.shares),
        canary=Share(*kept.canary),
        stable=Share(*kept.stable),
    )


def keep(kept: SignalEvidence, evidence: Evidence) -> SignalEvidence:
    """``kept`` with the tests as they stand now."""
    shares = [
        share.model_copy(
            update={
                "forecast": [round(value, _DIGITS) for value in process.forecast],
                "worse": _kept(process.worse),
                "alike": _kept(process.alike),
            }
        )
        for share, process in zip(kept.shares, evidence.processes, strict=True)
    ]
    update = {"shares": shares, "stable": _whole(evidence.stable), "canary": _whole(evidence.canary)}
    return kept.model_copy(update=update)


def checks(kept: SignalEvidence, stable: Totals, canary: Totals) -> list[Check] | None:
    """What each share of a signal counted; None where one of the revisions does not report it."""
    if not all(
        key in part for share in kept.shares for key in (share.key, share.of) for part in (stable, canary)
    ):
        return None
    return [Check(_seen(share, stable), _seen(share, canary)) for share in kept.shares]


def learn(kept: SignalEvidence, stable: Totals) -> SignalEvidence:
    """``kept`` after a time that is no check: only what to expect of stable is learnt from it."""
    shares = [
        share.model_copy(update={"forecast": list(Forecast(*share.forecast).after(_seen(share, stable)))})
        if share.key in stable and share.of in stable
        else share
        for share in kept.shares
    ]
    return kept.model_copy(update={"shares": shares})


def _seen(share: ShareEvidence, counts: Totals) -> Share:
    seen = Share(min(counts[share.key], counts[share.of]), counts[share.of])
    return seen.complement() if share.complement else seen


def _mixture(kept: MixtureEvidence) -> Mixture:
    return Mixture(tuple(kept.weights), kept.total, kept.asleep, kept.checks)


def _kept(mixture: Mixture) -> MixtureEvidence:
    weights = [round(weight, _DIGITS) for weight in mixture.weights]
    return MixtureEvidence(
        total=round(mixture.total, _DIGITS),
        weights=weights,
        asleep=None if mixture.asleep is None else round(mixture.asleep, _DIGITS),
        checks=mixture.checks,
    )


def _whole(share: Share) -> list[int]:
    return [round(share.hits), round(share.of)]
