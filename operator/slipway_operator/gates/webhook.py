"""The gate ``webhook/NAME``: a POST to a program of the user's, whose HTTP status decides."""

import aiohttp

from slipway_operator.api import names
from slipway_operator.api.gates import EffectiveGate
from slipway_operator.api.status import Revision
from slipway_operator.calls.addresses import Guard, RefusedError
from slipway_operator.calls.http import NoAnswerError, ask, plain
from slipway_operator.gates.scene import Answer, Json, Scene


def payload(gate: EffectiveGate, scene: Scene, attempt: int) -> Json:
    """What is posted; documented in docs/gates.md."""
    return {
        "apiVersion": names.API_VERSION,
        "kind": "GateReview",
        "gate": gate.name.partition("/")[2],
        "attempt": attempt,
        "namespace": scene.namespace,
        "name": scene.name,
        "model": scene.model,
        "canary": _revision(scene.canary.revision),
        "stable": _revision(scene.stable.revision) if scene.stable else None,
        "gates": scene.passed,
    }


async def call(
    session: aiohttp.ClientSession, guard: Guard, gate: EffectiveGate, scene: Scene, attempt: int
) -> Answer:
    """Call it once. Raises NoAnswerError. ``session`` must resolve names by ``guard``."""
    url = str(gate.url)
    try:
        await guard.check(url)
    except RefusedError as error:
        return Answer("Failed", plain(str(error)))
    except OSError as error:
        raise NoAnswerError(plain(f"{url}: {error}")) from None
    reply = await ask(session, "POST", url, float(gate.call_seconds or 1), payload(gate, scene, attempt))
    words = f": {reply.words()}" if reply.body else ""
    if 200 <= reply.status < 300:
        return Answer("Passed", f"answered {reply.status}{words}", reply.status)
    if 300 <= reply.status < 400:
        words = ", a redirect, which is not followed: give the URL it leads to"
    return Answer("Refused", f"answered {reply.status}{words}", reply.status)


def _revision(revision: Revision) -> Json:
    return {
        "revision": revision.revision,
        "version": revision.version,
        "uri": revision.uri,
        "digest": revision.digest,
    }
