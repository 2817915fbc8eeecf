"""Waiting for quiet before the end."""

import asyncio
import time

from slipway_predictor.serving.lifecycle import Lifecycle, State


def test_readiness_is_a_matter_of_the_state_alone() -> None:
    lifecycle = Lifecycle()
    seen = []
    for state in (State.LOADING, State.READY, State.DRAINING):
        lifecycle.state = state
        seen.append(lifecycle.ready)
    assert seen == [False, True, False]


async def test_nothing_under_way_ends_at_once_or_after_the_quiet_time() -> None:
    start = time.monotonic()
    assert await Lifecycle().idle(quiet=0, budget=60) == 0
    assert time.monotonic() - start < 1
    assert await Lifecycle().idle(quiet=0.1, budget=60) == 0
    assert time.monotonic() - start >= 0.1


async def test_a_request_under_way_is_waited_for() -> None:
    lifecycle = Lifecycle()
    lifecycle.enter()
    waiting = asyncio.create_task(lifecycle.idle(quiet=0, budget=60))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    lifecycle.leave()
    assert await waiting == 0


async def test_a_request_that_begins_and_ends_within_the_quiet_time_starts_it_anew() -> None:
    lifecycle = Lifecycle()
    lifecycle.state = State.DRAINING
    waiting = asyncio.create_task(lifecycle.idle(quiet=0.3, budget=60))
    await asyncio.sleep(0.2)
    lifecycle.enter()
    lifecycle.leave()
    ended = time.monotonic()
    await waiting
    assert time.monotonic() - ended >= 0.3


async def test_the_budget_is_the_end_whatever_is_under_way() -> None:
    lifecycle = Lifecycle()
    lifecycle.enter()
    assert await lifecycle.idle(quiet=0, budget=0.1) == 1
