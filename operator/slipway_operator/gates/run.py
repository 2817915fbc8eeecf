"""One attempt at one gate."""

import logging

import aiohttp

from slipway_operator.api.gates import EffectiveGate
from slipway_operator.calls.addresses import Guard
from slipway_operator.calls.http import NoAnswerError
from slipway_operator.gates import artifact, contract, golden, shadow, warmup, webhook
from slipway_operator.gates.scene import Answer, Scene

logger = logging.getLogger(__name__)


async def run(
    session: aiohttp.ClientSession,
    guard: Guard,
    gate: EffectiveGate,
    scene: Scene,
    attempt: int,
    tell: shadow.Tell = lambda _: None,
) -> Answer:
    """What the gate says; never raises: what could not be asked is an Error, to be tried again.

    ``tell`` is told how far a long one is.
    """
    try:
        match gate.name:
            case "contract":
                return await contract.check(session, scene)
            case "artifact":
                return await artifact.check(session, scene)
            case "warmup":
                return await warmup.check(session, scene, gate.requests or 1)
            case "golden":
                return await golden.check(session, scene, gate.tolerance or 0.0)
            case "shadow":
                return await shadow.check(session, scene, gate, tell)
            case _:
                return await webhook.call(session, guard, gate, scene, attempt)
    except NoAnswerError as error:
        return Answer("Error", str(error))
    except Exception as error:
        logger.exception("%s/%s: gate %s", scene.namespace, scene.name, gate.name)
        return Answer(
            "Error", f"the gate failed inside the operator ({type(error).__name__}); its log says where"
        )
