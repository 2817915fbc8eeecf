"""The client: held-out rows through the gateway at a steady rate, open loop, every answer kept.

Open loop: requests leave by the clock, whether earlier ones have come back or not, as from many users who know
nothing of each other. Used by the demo and by the end-to-end tests.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import aiohttp

REVISION_HEADER = "x-slipway-revision"
TIMEOUT = 10.0  # seconds; a request that takes longer has failed


@dataclass(frozen=True, slots=True)
class Answer:
    """One request and what came of it."""

    at: float
    """Seconds since the client's start, when the request left."""
    row: int
    status: int
    """HTTP status; 0 where no answer came."""
    revision: str
    """The revision that the gateway says answered; empty where it does not say."""
    label: Any
    seconds: float
    error: str = ""

    @property
    def failed(self) -> bool:
        """Whether the client did not get what it asked for."""
        return self.status != 200


@dataclass
class Client:
    """Sends rows to one model at a steady rate."""

    url: str
    """Where to connect, for example http://127.0.0.1:8080."""
    host: str
    """The Host header: the model's host name."""
    model: str
    rows: Sequence[Sequence[float]]
    rate: float
    """Requests a second."""
    output: str = "label"
    """The output that is kept as an answer's label."""
    answers: list[Answer] = field(default_factory=list)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Client"]:
        """Send as long as the block lasts, and wait for the last answers at its end."""
        stop = asyncio.Event()
        task = asyncio.create_task(self._run(stop))
        try:
            yield self
        finally:
            stop.set()
            await task

    async def _run(self, stop: asyncio.Event) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        begin = perf_counter()
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            asyncio.TaskGroup() as group,
        ):
            number = 0
            while not stop.is_set():
                behind = perf_counter() - begin - number / self.rate
                if behind < 0:
                    await asyncio.sleep(min(-behind, 0.05))
                    continue
                group.create_task(self._one(session, number % len(self.rows), begin))
                number += 1

    async def _one(self, session: aiohttp.ClientSession, row: int, begin: float) -> None:
        left = perf_counter()
        status, revision, label, error = 0, "", None, ""
        try:
            async with session.post(
                f"{self.url}/v2/models/{self.model}/infer",
                data=body(self.rows[row]),
                headers={"Host": self.host, "Content-Type": "application/json"},
            ) as response:
                status, revision = response.status, response.headers.get(REVISION_HEADER, "")
                text = await response.text()
                label, error = (label_of(text, self.output), "") if status == 200 else (None, text[:200])
        except (aiohttp.ClientError, TimeoutError, ValueError) as failure:
            status, error = 0, f"{type(failure).__name__}: {failure}"
        now = perf_counter()
        self.answers.append(Answer(left - begin, row, status, revision, label, now - left, error))


def body(row: Sequence[float]) -> bytes:
    """A V2 inference request for one row."""
    tensor = {"name": "rows", "shape": [1, len(row)], "datatype": "FP64", "data": list(row)}
    return json.dumps({"inputs": [tensor]}).encode()


def label_of(text: str, output: str = "label") -> Any:
    """The label in a V2 answer, its output of that name; raises ValueError where there is none."""
    outputs = {part["name"]: part["data"] for part in json.loads(text)["outputs"]}
    if output not in outputs:
        raise ValueError(f"no output named {output} among {sorted(outputs)}")
    return outputs[output][0]
