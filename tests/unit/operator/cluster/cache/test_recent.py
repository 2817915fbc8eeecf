"""Answers that may be a few seconds old."""

import asyncio

import pytest

from slipway_operator.cluster.cache.recent import Recent


async def test_all_who_ask_within_its_time_share_one_answer():
    asked = []
    recent = Recent(60)

    async def ask():
        asked.append(1)
        await asyncio.sleep(0)
        return len(asked)

    assert await asyncio.gather(*(recent.get("a", ask) for _ in range(5))) == [1] * 5
    assert await recent.get("a", ask) == 1
    assert await recent.get("b", ask) == 2


async def test_it_is_asked_anew_when_the_time_is_over():
    answers = iter([1, 2])

    async def ask():
        return next(answers)

    recent = Recent(0)
    assert [await recent.get("a", ask), await recent.get("a", ask)] == [1, 2]


async def test_a_failure_is_everybodys_and_is_not_kept():
    answers = iter([OSError("away"), "there"])

    async def ask():
        answer = next(answers)
        await asyncio.sleep(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    recent = Recent(60)
    both = await asyncio.gather(recent.get("a", ask), recent.get("a", ask), return_exceptions=True)
    assert [str(part) for part in both] == ["away", "away"]
    assert await recent.get("a", ask) == "there"


async def test_who_gives_up_waiting_takes_the_answer_away_from_nobody():
    gate = asyncio.Event()

    async def ask():
        await gate.wait()
        return "there"

    recent = Recent(60)
    first, second = (asyncio.create_task(recent.get("a", ask)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    gate.set()
    assert await second == "there"
