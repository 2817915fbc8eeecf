"""No server at all: a constant answer to whatever arrives, on the same event loop. What this machine itself allows."""

import asyncio
import sys

import uvloop

_BODY = b'{"model_name":"bench","outputs":[]}'
_ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(_BODY) + _BODY
)


class Floor(asyncio.Protocol):
    """Takes each read for a request: those of one row arrive in one piece."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to write."""
        self._write = transport.write  # type: ignore[attr-defined]  # uvloop's transports are no subclass of asyncio's

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 (asyncio's signature)
        """Answer."""
        self._write(_ANSWER)


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Floor, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
