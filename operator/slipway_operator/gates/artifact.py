"""The gate ``artifact``: does every pod of the canary serve just what the spec pins?"""

import asyncio

import aiohttp

from slipway_operator.calls.http import NoAnswerError
from slipway_operator.gates.admin import look_up, pods_of
from slipway_operator.gates.scene import Answer, Scene, foreign

SECONDS = 5.0


async def check(session: aiohttp.ClientSession, scene: Scene) -> Answer:
    """Compare digests. Raises NoAnswerError."""
    canary, digest = scene.canary, scene.canary.revision.digest
    if digest is None:
        return Answer("Skipped", "spec.model.digest is not set: nothing says which artifact it should be")
    if skipped := foreign(canary):
        return skipped
    pods = pods_of(canary)
    served = await asyncio.gather(*(_served(session, url) for url in pods))
    for url, digests in zip(pods, served, strict=True):
        if digests is None:
            return Answer(
                "Skipped", f"the predictor of version {canary.revision.version} is too old to tell its digest"
            )
        if digest not in digests:
            return Answer("Failed", f"the pod at {url} serves {digests[0]}, spec.model.digest is {digest}")
    return Answer("Passed", f"{len(served)} pod(s) serve {digest}")


async def _served(session: aiohttp.ClientSession, url: str) -> tuple[str, str] | None:
    """The digests that pin what a pod serves: the bundle's, and for a bare file the file's."""
    reply = await look_up(session, url, "contract", SECONDS)
    if reply.status == 404:
        return None
    document = reply.json()
    if not isinstance(document, dict) or "digest" not in document:
        raise NoAnswerError(f"{url}/contract answers {reply.status}: {reply.words()}")
    return str(document["digest"]), str(document.get("artifactDigest"))
