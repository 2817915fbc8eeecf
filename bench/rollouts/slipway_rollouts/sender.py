"""The client's own program: ``python -m slipway_rollouts.sender URL HOST MODEL RATE``, the rows on the first line of its input.

It sends until its input ends, says every second how many requests were sent and how many of them failed, and at last
gives all answers, their times on the machine's monotonic clock.
"""

import asyncio
import json
import sys
import time
from dataclasses import astuple, replace

from slipway_demo.traffic import Client


async def send(url: str, host: str, model: str, rate: float) -> None:
    """All of it."""
    client = Client(url, host, model, json.loads(sys.stdin.readline()), rate)
    ends = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    begin = time.perf_counter()
    async with client.running():
        while not (await asyncio.wait([ends], timeout=1.0))[0]:
            _say([len(client.answers), sum(answer.failed for answer in client.answers)])
    _say([astuple(replace(answer, at=answer.at + begin)) for answer in client.answers])


def _say(what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    to, name, asked, each_second = sys.argv[1:]
    asyncio.run(send(to, name, asked, float(each_second)))
