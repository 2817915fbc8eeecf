"""The relay, in one network namespace: both directions, ends of streams, a target that is not there."""

import asyncio
import contextlib

import pytest

from slipway_lab.loopback import free_port
from slipway_lab.relay import listen, relay


@contextlib.asynccontextmanager
async def relayed(target_port):
    port = free_port()
    task = asyncio.create_task(relay([listen(port)], "127.0.0.1", target_port))
    await asyncio.sleep(0)
    try:
        yield port
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def upper_server():
    """Answers the whole input in capitals, after its end: so an end must be passed on without closing the way back."""

    async def answer(reader, writer):
        writer.write((await reader.read()).upper())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def ask(port, data):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_half_closed_connection_still_brings_the_answer():
    async with upper_server() as target, relayed(target) as port:
        assert await ask(port, b"hello") == b"HELLO"


async def test_many_connections_and_large_ones():
    async with upper_server() as target, relayed(target) as port:
        answers = await asyncio.gather(*(ask(port, bytes([97 + n]) * 300_000) for n in range(20)))
    assert [answer[:1] for answer in answers] == [bytes([65 + n]) for n in range(20)]
    assert {len(answer) for answer in answers} == {300_000}


async def test_a_target_that_does_not_answer_is_a_reset():
    async with relayed(free_port()) as port:
        with pytest.raises(ConnectionResetError):
            await ask(port, b"hello")
