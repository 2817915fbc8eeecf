"""A real HTTP server that answers one text."""

import pytest
from aiohttp import web


@pytest.fixture
async def serve_text():
    """Serve a text at a path; gives the port and the list of the queries that come."""
    runners = []

    async def serve(path, text):
        queries = []

        async def answer(request):
            queries.append(dict(request.query))
            return web.Response(text=text)

        app = web.Application()
        app.router.add_get(path, answer)
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return site._server.sockets[0].getsockname()[1], queries

    yield serve
    for runner in runners:
        await runner.cleanup()
