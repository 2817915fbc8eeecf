"""The work queue."""

import asyncio

import pytest

from slipway_standin.objects import Key
from slipway_standin.queue import WorkQueue, pause_after

A, B = Key("ns", "a"), Key("ns", "b")


async def worked(queue: WorkQueue, look: object, count: int, seen: list, workers: int = 2) -> None:
    """Run workers until ``count`` looks have been taken."""
    tasks = [asyncio.create_task(queue.work(look)) for _ in range(workers)]  # type: ignore[arg-type]
    async with asyncio.timeout(5):
        while len(seen) < count:  # noqa: ASYNC110  # every turn of the loop is a turn of the queue
            await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_key_added_twice_is_looked_at_once() -> None:
    queue, seen = WorkQueue(), []

    async def look(key: Key) -> None:
        seen.append(key)

    for key in (A, A, B):
        queue.add(key)
    await worked(queue, look, 2, seen)
    assert seen == [A, B]


async def test_a_key_added_meanwhile_is_looked_at_again_and_never_by_two_at_once() -> None:
    queue, seen, busy = WorkQueue(), [], set()

    async def look(key: Key) -> None:
        assert key not in busy
        busy.add(key)
        if not seen:
            queue.add(key)
        await asyncio.sleep(0)
        busy.discard(key)
        seen.append(key)

    queue.add(A)
    await worked(queue, look, 2, seen)
    assert seen == [A, A]


async def test_a_failure_is_tried_again_and_does_not_hold_up_others(caplog: pytest.LogCaptureFixture) -> None:
    queue, seen = WorkQueue(), []

    async def look(key: Key) -> None:
        seen.append(key)
        if key == A and seen.count(A) == 1:
            raise ValueError("not yet")

    queue.add(A)
    queue.add(B)
    await worked(queue, look, 3, seen, workers=1)
    assert seen == [A, B, A]
    assert "ns/a: not yet: trying again in 0.05 s" in caplog.text


async def test_a_look_may_ask_for_another_and_a_change_comes_sooner() -> None:
    queue, seen = WorkQueue(), []

    async def look(key: Key) -> float | None:
        seen.append(key)
        return 60.0 if len(seen) == 1 else None

    queue.add(A)
    await worked(queue, look, 1, seen)
    queue.add(A)
    await worked(queue, look, 2, seen)
    assert seen == [A, A]
    queue.add_later(A, 0.0)
    await worked(queue, look, 3, seen)


def test_the_pause_grows_and_ends_growing() -> None:
    pauses = [pause_after(failures) for failures in range(1, 40)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.05, 30.0)
