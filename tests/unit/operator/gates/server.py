"""Real HTTP servers for the gates to talk to, and scenes that lead there."""

from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

from slipway_operator.api.status import Revision
from slipway_operator.gates.scene import Scene, Side

DIGEST = "sha256:" + "1" * 64
CONTRACT = {
    "digest": DIGEST,
    "artifactDigest": "sha256:" + "2" * 64,
    "inputs": [{"name": "age", "type": "float"}],
    "outputs": [{"name": "label", "type": "int"}],
}
GOLDEN = {"request": {"inputs": []}, "outputs": {"label": [0, 1]}}
ANSWER = {"outputs": [{"name": "label", "datatype": "INT64", "shape": [2], "data": [0, 1]}]}


@asynccontextmanager
async def serving(answers):
    """A server with, for each path, (status, document) or a handler; yields its URL and the requests it got."""
    asked = []

    async def handle(request):
        body = await request.json() if request.can_read_body else None
        asked.append((request.method, request.path, body))
        found = answers.get(request.path, (404, {"error": "no such path"}))
        if callable(found):
            return await found(request)
        return web.json_response(found[1], status=found[0])

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/"), asked


def side(version, *admin, digest=DIGEST, foreign=False):
    revision = Revision(
        revision=f"rev{version}", version=version, uri=f"pvc://models/{version}", digest=digest
    )
    return Side(revision, "ClusterServingRuntime/some", None if foreign else tuple(admin))


def scene(canary, stable=None, entries=(), passed=(), fronts=()):
    return Scene("ml", "churn", "churn", canary, stable, tuple(entries), tuple(fronts), list(passed))
