"""The HTTP server on its loop: a crowd of new connections is taken in a few turns, however long each of them is."""

import asyncio
import contextlib
import socket
from typing import Any

import pytest
import uvloop

from slipway_predictor.serving.http import HttpServer, Patience
from slipway_predictor.serving.lifecycle import Lifecycle

CROWD, TURNS = 64, 16


async def _application(*_: Any) -> None:
    """Nobody asks anything."""


async def _turns(listener: socket.socket) -> int:
    """Have a crowd connect while the server has no turn; return how many it then takes until all are its own."""
    server = HttpServer(_application, Lifecycle(), listener, 1, None, Patience(60, 60))
    with contextlib.ExitStack() as crowd:
        for _ in range(CROWD):
            crowd.enter_context(socket.create_connection(listener.getsockname()[:2]))
        serving = asyncio.create_task(server.start())
        turns = 0
        while len(server._server.server_state.connections) < CROWD and turns < 2 * CROWD:
            await asyncio.sleep(0)
            turns += 1
        server.stop()
        await serving
    return turns


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_crowd_of_connections_does_not_wait_for_a_turn_each(family: socket.AddressFamily) -> None:
    host = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}[family]
    listener = socket.create_server((host, 0), family=family, backlog=2 * CROWD)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        turns = runner.run(_turns(listener))
    assert turns <= TURNS, f"{CROWD} connections took {turns} turns"
    assert listener.fileno() == -1, "the port is still listened on"
