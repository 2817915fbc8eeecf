"""An offered rate of evenly spaced requests for an overload, where any number of them may be under way at once.

A request goes out when its time has come, over any idle connection or a new one, whatever became of those before it;
its latency counts from that time.
"""

import asyncio
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from slipway_bench.load import Burst

_HEAD = "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"


class _Connections:
    """Connections that are kept for the next request."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, request: bytes) -> int:
        """Send a request and return the status of its answer, 0 where there was none."""
        reader, writer = (
            self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self._port)
        )
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
        except (OSError, EOFError, ValueError):
            writer.close()
            return 0
        if b"connection: close" in head:
            writer.close()
        else:
            self._idle.append((reader, writer))
        return int(head.split(b" ", 2)[1])

    def close(self) -> None:
        """Close all."""
        for _, writer in self._idle:
            writer.close()


def offered(url: str, body: Path, rate: float, seconds: float) -> Burst:
    """Send one body so many times a second, evenly spaced."""
    to, content = urlsplit(url), body.read_bytes()
    request = _HEAD.format(path=to.path, length=len(content)).encode() + content
    return asyncio.run(_offered(_Connections(to.port or 80), request, rate, seconds))


async def _offered(connections: _Connections, request: bytes, rate: float, seconds: float) -> Burst:
    outcomes: list[tuple[int, float]] = []

    async def one(due: float) -> None:
        status = await connections.ask(request)
        outcomes.append((status, time.perf_counter() - due))

    begin = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            due = begin + number / rate
            if (ahead := due - time.perf_counter()) > 0:
                await asyncio.sleep(ahead)
            tasks.create_task(one(due))
    connections.close()
    status = np.array([outcome[0] for outcome in outcomes])
    took = np.array([outcome[1] for outcome in outcomes])[status == 200] * 1e3
    refused = int((status == 503).sum())
    p50, p99, worst = np.percentile(took, [50, 99, 100]) if len(took) else (0.0, 0.0, 0.0)
    failed = len(status) - len(took) - refused
    return Burst(len(took) / seconds, float(p50), float(p99), float(worst), failed, refused)
