"""The gate ``contract``: would stable's clients break on the canary?"""

import aiohttp

from slipway_contract import BundleError, Comparison, Interface, compare, parse_interface
from slipway_operator.calls.http import NoAnswerError
from slipway_operator.gates.admin import look_up, pods_of
from slipway_operator.gates.scene import Answer, Scene, Side, foreign

SECONDS = 5.0
_SHOWN = 5  # changes in a message


async def check(session: aiohttp.ClientSession, scene: Scene) -> Answer:
    """Compare the two contracts. Raises NoAnswerError."""
    stable, canary = scene.stable, scene.canary
    if stable is None:
        return Answer("Skipped", "nothing serves yet that clients could rely on")
    if skipped := foreign(stable) or foreign(canary):
        return skipped
    if not stable.admin:
        return Answer(
            "Skipped", f"version {stable.revision.version} has no ready pod: nobody is served by it"
        )
    old = await _interface(session, stable)
    new = await _interface(session, canary)
    if old is None or new is None:
        silent = stable if old is None else canary
        return Answer(
            "Skipped", f"the predictor of version {silent.revision.version} is too old to tell its contract"
        )
    return _answer(stable.revision.version, canary.revision.version, compare(old, new))


async def _interface(session: aiohttp.ClientSession, side: Side) -> Interface | None:
    """What a revision says it takes and answers; None where its predictor knows no such question."""
    reply = await look_up(session, pods_of(side)[0], "contract", SECONDS)
    if reply.status == 404:
        return None
    try:
        return parse_interface(reply.json())
    except BundleError as error:
        raise NoAnswerError(f"version {side.revision.version}: {error}") from None


def _answer(old: str, new: str, comparison: Comparison) -> Answer:
    if comparison.breaks:
        return Answer(
            "Failed", f"clients of version {old} would break on version {new}: {_listed(comparison.breaks)}"
        )
    more = f" ({_listed(comparison.notes)})" if comparison.notes else ""
    return Answer("Passed", f"version {new} takes and answers all that version {old} does{more}")


def _listed(sentences: tuple[str, ...]) -> str:
    shown = "; ".join(sentences[:_SHOWN])
    return shown if len(sentences) <= _SHOWN else f"{shown}; and {len(sentences) - _SHOWN} more"
