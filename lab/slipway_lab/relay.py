"""A small TCP relay into the lab: listens on 127.0.0.1 of the host *and* of the lab, connects inside the lab.

``python -m slipway_lab.relay NETWORK PORT HOST:PORT``: the host's socket is opened first, then the process joins the
lab's network namespace for good, where it opens a second one; so a kubeconfig with 127.0.0.1 works on both sides.
"""

import asyncio
import contextlib
import ctypes
import os
import socket
import struct
import sys

CLONE_NEWNET = 0x40000000
CHUNK = 1 << 16


def listen(port: int) -> socket.socket:
    """A listening socket on the loopback address of the namespace this process is in now."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(512)
    listener.setblocking(False)
    return listener


def join(network: str) -> None:
    """Move this thread, the only one, into a network namespace; raises ``OSError`` if that is refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(network, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(descriptor, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot join {network}")
    finally:
        os.close(descriptor)


async def relay(listeners: list[socket.socket], host: str, port: int) -> None:
    """Carry every connection to ``host:port`` until cancelled."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await asyncio.open_connection(host, port)
        except OSError:
            _reset(writer)
            return
        await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))
        for end in (writer, there_writer):
            end.close()

    servers = [await asyncio.start_server(carry, sock=listener) for listener in listeners]
    await asyncio.gather(*(server.serve_forever() for server in servers))


def _reset(writer: asyncio.StreamWriter) -> None:
    """Refuse a connection that was accepted already: a reset, where an end would look like an empty answer."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Carry one direction to its end and pass the end on; a broken connection ends both."""
    try:
        while chunk := await source.read(CHUNK):
            sink.write(chunk)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()
    except OSError:
        _reset(sink)


def main(arguments: list[str]) -> None:
    """See the module's text."""
    network, port, target = arguments
    host, _, target_port = target.rpartition(":")
    outside = listen(int(port))
    join(network)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(relay([outside, listen(int(port))], host, int(target_port)))


if __name__ == "__main__":
    main(sys.argv[1:])
