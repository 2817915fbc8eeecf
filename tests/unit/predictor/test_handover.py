"""KServe's server is imported once, in a thread, and waited for; the garbage collector is kept from what stays."""

import asyncio
import gc
import sys
import threading
from typing import Any

import pytest

from slipway_predictor.serving.garbage import kept
from slipway_predictor.serving.handover import Handover


async def test_it_is_made_once_in_a_thread_and_all_wait_for_it() -> None:
    made: list[int] = []
    gate = threading.Event()
    plane: Any = object()

    def make() -> Any:
        made.append(threading.get_ident())
        assert gate.wait(10)
        return plane

    usual = sys.getswitchinterval()
    handover = Handover(make)
    assert handover.made is None
    waiting = [asyncio.create_task(handover.dataplane()) for _ in range(3)]
    await asyncio.sleep(0)
    assert handover.made is None
    waiting[0].cancel()  # one client that goes away does not take it from the others
    gate.set()
    assert await waiting[1] is await waiting[2] is await handover.dataplane() is plane
    assert handover.made is plane
    assert len(made) == 1
    assert made[0] != threading.get_ident()
    assert sys.getswitchinterval() == usual


async def test_what_kept_it_from_being_made_is_told_to_all() -> None:
    def make() -> Any:
        raise ImportError("no such SDK")

    handover = Handover(make)
    for _ in range(2):
        with pytest.raises(ImportError, match="no such SDK"):
            await handover.dataplane()


def test_what_is_there_in_the_end_is_looked_at_no_more() -> None:
    gc.unfreeze()
    try:
        with kept():
            assert not gc.isenabled()
            stays = [[] for _ in range(1000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() > len(stays)
    finally:
        gc.unfreeze()
