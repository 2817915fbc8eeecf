"""The supervisor's parts: pauses, the words about a worker's end, and the lines, over real sockets."""

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

import pytest

from slipway_predictor.monitoring.snapshot import Snapshot
from slipway_predictor.workers import command, wire
from slipway_predictor.workers.command import Ended
from slipway_predictor.workers.hub import Hub
from slipway_predictor.workers.link import Link
from slipway_predictor.workers.supervisor import next_pause


def test_the_pause_doubles_and_a_steady_worker_is_replaced_at_once() -> None:
    pauses = [0.0]
    for _ in range(7):
        pauses.append(next_pause(pauses[-1], lived=1.0))
    assert pauses == [0, 1, 2, 4, 8, 16, 30, 30]
    assert next_pause(30.0, lived=60.0) == 0


@pytest.mark.parametrize(
    ("status", "failure", "sentence"),
    [
        (1, "the bundle is not there", "the bundle is not there"),
        (3, None, "worker 1 (process 42) ended with status 3; the lines above may show why"),
        (-9, None, "was killed, perhaps for want of memory: give it more, or use fewer --workers"),
        (-11, None, "was ended by SIGSEGV: the model's libraries crashed"),
    ],
)
def test_a_worker_s_end_is_explained(status: int, failure: str | None, sentence: str) -> None:
    assert sentence in Ended(1, 42, status, failure).sentence()


def test_a_worker_imports_from_where_the_supervisor_does_and_keeps_to_its_share() -> None:
    found = command.environment({"HOME": "/", "MKL_NUM_THREADS": "7"}, workers=1000)
    assert found["PYTHONPATH"].split(os.pathsep)[-1] == os.path.abspath(sys.path[-1])
    assert (found["OMP_NUM_THREADS"], found["MKL_NUM_THREADS"], found["HOME"]) == ("1", "7", "/")


class Told:
    """What a worker would tell."""

    def __init__(self, requests: int) -> None:
        self.about: dict[str, Any] = {}
        self._requests = requests

    def tell(self, what: str, limit: int) -> Any:
        if what == "metrics":
            return self.snapshot().to_json()
        return [what, limit, self.about["worker"]]

    def snapshot(self) -> Snapshot:
        return Snapshot(requests={"v2 200": self._requests})


class Group:
    """A hub with workers that are not processes."""

    def __init__(self, workers: int) -> None:
        self.told: list[bool] = []
        self.heard: dict[int, list[bool]] = {}
        self.gone: list[int] = []
        self.hub = Hub(workers, self.told.append)

    async def add(self, index: int, requests: int) -> tuple[Link, Any]:
        ours, theirs = socket.socketpair()
        line, _ = self.hub.add(index, ours)
        link = Link(theirs, index)
        heard = self.heard[index] = []
        await link.join(Told(requests), heard.append, lambda: self.gone.append(index))  # type: ignore[arg-type]
        return link, line


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.001)


async def leave(link: Link) -> None:
    """End a worker's side."""
    for task in link._tasks:
        task.cancel()
    assert link._writer is not None
    link._writer.close()
    link._end.close()
    await link._writer.wait_closed()


async def test_all_are_ready_only_when_each_is_and_not_while_one_is_replaced() -> None:
    group = Group(2)
    first, _ = await group.add(0, 1)
    second, line = await group.add(1, 1)
    first.loaded()
    await until(lambda: group.heard[0] == [False])
    second.loaded()
    await until(lambda: group.heard[0][-1] and group.heard[1][-1])
    assert group.told == [True]
    group.hub.remove(line, replaced=True)
    await until(lambda: not group.heard[0][-1])
    third, _ = await group.add(1, 1)
    third.loaded()
    await until(lambda: group.heard[0][-1])
    assert group.told == [True, False, True]
    for link in (first, second, third):
        await leave(link)


async def test_what_is_gathered_comes_from_all_and_from_those_that_ended() -> None:
    group = Group(2)
    first, line = await group.add(0, 5)
    second, _ = await group.add(1, 7)
    assert sorted(await second.gather("answers", 3)) == [["answers", 3, 0], ["answers", 3, 1]]
    await until(lambda: line.figures is not None)
    await leave(first)
    group.hub.remove(line, replaced=True)
    found = await second.gather("metrics")
    assert sum(one["requests"].get("v2 200", 0) for one in found) == 12
    assert sum(one["restarts"] for one in found) == 1
    assert sum(one["workers"] for one in found) == 1
    await leave(second)


async def test_a_worker_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slipway_predictor.workers.hub._PATIENCE", 0.05)
    group = Group(2)
    first, _ = await group.add(0, 5)
    ours, theirs = socket.socketpair()
    line, _ = group.hub.add(1, ours)
    assert await first.gather("answers", 1) == [["answers", 1, 0]]
    line.figures = Snapshot(requests={"v2 200": 2})
    found = await first.gather("metrics")
    assert sum(one["requests"].get("v2 200", 0) for one in found) == 7
    theirs.close()
    await leave(first)


async def test_the_reason_of_a_failure_comes_over_the_line_and_a_lost_supervisor_is_noticed() -> None:
    group = Group(1)
    link, line = await group.add(0, 0)
    link.failed("no bundle there")
    await until(lambda: line.failure == "no bundle there")
    line._writer.close()
    await until(lambda: group.gone == [0])
    assert await link.gather("answers") == []
    await leave(link)


async def test_a_line_that_is_cut_or_too_long_is_the_end() -> None:
    for text in (b'{"ready": tr', b"x" * 100):
        reader = asyncio.StreamReader(limit=50)
        reader.feed_data(text)
        reader.feed_eof()
        assert await wire.read(reader) is None
