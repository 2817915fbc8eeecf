"""The queue in front of an engine: who is asked together, where, and who gets which answer."""

import asyncio
import threading
import time
from collections.abc import Collection
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway_predictor.engines import Batcher, Cost, answers
from slipway_predictor.features import Columns, Table

SHORT, LONG = Cost(1e-4, 1e-7), Cost(1.0, 0.001)


class Doubling:
    """Answers twice the first column; raises for rows that are negative. Notes who called it with how many rows."""

    name = "doubling"

    def __init__(self, cost: Cost | None = SHORT) -> None:
        self.cost = cost
        self.calls: list[int] = []
        self.threads: list[int] = []
        self.called = threading.Event()
        self.gate: threading.Event | None = None

    def predict(self, table: Table, outputs: Collection[str]) -> dict[str, Any]:
        self.calls.append(len(table))
        self.called.set()
        self.threads.append(threading.get_ident())
        if self.gate is not None:
            assert self.gate.wait(10)
        first = table.arrays[0] if isinstance(table, Columns) else table[:, 0]
        if (first < 0).any():
            raise ValueError(f"negative: {first[first < 0].tolist()}")
        return dict.fromkeys(outputs, first * 2)


def rows(*values: float) -> Any:
    return np.array(values, dtype=float).reshape(-1, 1)


async def asked(batcher: Batcher, table: Table, outputs: Collection[str] = ("value",)) -> Any:
    future = asyncio.get_running_loop().create_future()
    batcher.submit(table, outputs, future.set_result)
    result = await future
    if isinstance(result, Exception):
        raise result
    return result


async def test_a_turn_s_requests_are_one_call() -> None:
    engine = Doubling()
    seen: list[tuple[int, int, float]] = []
    batcher = Batcher(engine, asyncio.get_running_loop(), observe=lambda *call: seen.append(call))
    got = await asyncio.gather(*(asked(batcher, rows(i, i + 0.5)) for i in range(10)))
    assert engine.calls == [20]
    assert [call[:2] for call in seen] == [(10, 20)]
    assert [one["value"].tolist() for one in got] == [[2.0 * i, 2 * i + 1.0] for i in range(10)]
    assert batcher.waiting_rows == 0


@pytest.mark.parametrize(("cost", "calls"), [(SHORT, [2, 1]), (Cost(1e-5, 1e-7), [1, 1, 1])])
async def test_a_dear_call_takes_along_what_the_next_look_at_the_sockets_brings(
    cost: Cost, calls: list[int]
) -> None:
    engine = Doubling(cost)
    batcher = Batcher(engine, asyncio.get_running_loop())
    tasks = [asyncio.create_task(asked(batcher, rows(0)))]
    for turns in (1, 3):  # the second comes one turn after the first, the third after a turn without any
        for _ in range(turns):
            await asyncio.sleep(0)
        tasks.append(asyncio.create_task(asked(batcher, rows(1))))
    await asyncio.gather(*tasks)
    assert engine.calls == calls


async def test_a_dear_call_does_not_wait_for_ever_while_more_comes_at_every_look() -> None:
    engine = Doubling()
    batcher = Batcher(engine, asyncio.get_running_loop(), max_rows=10**9)
    first = asyncio.create_task(asked(batcher, rows(0)))
    others = []
    while not first.done():
        others.append(asyncio.create_task(asked(batcher, rows(1))))
        await asyncio.sleep(0)
        assert len(others) < 100_000, "the first request is still waiting"
    await asyncio.gather(*others)
    assert engine.calls[0] > 1


async def test_columns_are_batched_too() -> None:
    engine = Doubling()
    batcher = Batcher(engine, asyncio.get_running_loop())
    tables = [Columns((np.array([i]), np.array(["x"], dtype=object))) for i in range(3)]
    got = await asyncio.gather(*(asked(batcher, table) for table in tables))
    assert engine.calls == [3]
    assert [one["value"].tolist() for one in got] == [[0], [2], [4]]


async def test_other_outputs_are_another_call_and_the_order_is_kept() -> None:
    engine = Doubling()
    batcher = Batcher(engine, asyncio.get_running_loop())
    wanted = [["a"], ["a"], ["b"], ["a"]]
    got = await asyncio.gather(*(asked(batcher, rows(i), names) for i, names in enumerate(wanted)))
    assert engine.calls == [2, 1, 1]
    assert [list(one) for one in got] == wanted


@pytest.mark.parametrize(("cost", "own_thread"), [(SHORT, True), (LONG, False), (None, False)])
async def test_long_and_unknown_calls_are_made_in_a_thread(cost: Cost | None, own_thread: bool) -> None:
    engine = Doubling(cost)
    batcher = Batcher(engine, asyncio.get_running_loop())
    await asked(batcher, rows(1))
    assert (engine.threads == [threading.get_ident()]) is own_thread


async def test_a_call_that_is_long_for_its_many_rows_is_made_in_a_thread() -> None:
    engine = Doubling(Cost(1e-6, 1e-5))
    batcher = Batcher(engine, asyncio.get_running_loop())
    await asked(batcher, rows(*range(5000)))
    assert engine.threads != [threading.get_ident()]


async def test_a_call_that_turns_out_long_moves_to_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Doubling(SHORT)
    batcher = Batcher(engine, asyncio.get_running_loop())
    moments = iter(range(10**6))
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(moments)))
    await asked(batcher, rows(1))
    await asked(batcher, rows(2))
    here = threading.get_ident()
    assert [thread == here for thread in engine.threads] == [True, False]


async def test_a_short_call_that_others_held_up_stays_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Doubling(SHORT)
    batcher = Batcher(engine, asyncio.get_running_loop())
    moments = iter(np.cumsum([0, 0.0001, 0, 0.015, 0, 0.0001, 0, 0.0001]).tolist())
    monkeypatch.setattr(time, "perf_counter", lambda: next(moments))
    for _ in range(4):
        await asked(batcher, rows(1))
    assert engine.threads == [threading.get_ident()] * 4


async def test_the_loop_goes_on_during_a_call_and_what_comes_meanwhile_is_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("slipway_predictor.engines.batch.cpus", lambda: 1)
    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)  # calls that take long would be asked fewer rows
    engine = Doubling(None)
    engine.gate = threading.Event()
    batcher = Batcher(engine, asyncio.get_running_loop())
    first = asyncio.create_task(asked(batcher, rows(0)))
    assert await asyncio.to_thread(engine.called.wait, 10)
    others = [asyncio.create_task(asked(batcher, rows(i))) for i in (1, 2, 3)]
    await asyncio.sleep(0)
    assert batcher.waiting_rows == 3
    assert batcher.delay() > 0
    engine.gate.set()
    await asyncio.gather(first, *others)
    assert engine.calls == [1, 3]
    batcher.close()


async def test_calls_are_bounded_in_rows() -> None:
    engine = Doubling()
    batcher = Batcher(engine, asyncio.get_running_loop(), max_rows=4)
    await asyncio.gather(*(asked(batcher, rows(*range(n))) for n in (3, 2, 2, 9, 1)))
    assert engine.calls == [3, 4, 9, 1]


async def test_calls_are_bounded_in_time() -> None:
    engine = Doubling(Cost(0.0, 0.005))
    batcher = Batcher(engine, asyncio.get_running_loop())
    await asyncio.gather(*(asked(batcher, rows(i)) for i in range(9)))
    assert max(engine.calls) <= 4


async def test_the_delay_is_the_work_ahead() -> None:
    engine = Doubling(Cost(0.002, 0.0001))
    batcher = Batcher(engine, asyncio.get_running_loop(), max_rows=10)
    assert batcher.delay() == 0.0
    tasks = [asyncio.create_task(asked(batcher, rows(*range(5)))) for _ in range(5)]
    await asyncio.sleep(0)
    workers = batcher._workers
    assert batcher.delay() == pytest.approx((3 * 0.002 + 25 * 0.0001) / workers)
    await asyncio.gather(*tasks)
    assert batcher.delay() == 0.0


@pytest.mark.parametrize(
    ("fixed", "per_row", "least", "most"), [(0.0, 0.005, 3, 5), (0.005, 0.0, 1024, 1024), (0.0, 0.1, 1, 1)]
)
async def test_what_cannot_be_told_is_learned(
    fixed: float, per_row: float, least: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slipway_predictor.engines.batch.cpus", lambda: 1)
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    class Slow(Doubling):
        def predict(self, table: Table, outputs: Collection[str]) -> dict[str, Any]:
            now[0] += fixed + per_row * len(table)
            return super().predict(table, outputs)

    engine = Slow(None)
    batcher = Batcher(engine, asyncio.get_running_loop())
    for _ in range(4):
        await asyncio.gather(*(asked(batcher, rows(i)) for i in range(2000)))
    assert least <= max(engine.calls[-3:-1]) <= most
    assert threading.get_ident() not in engine.threads


async def test_one_bad_row_is_its_own_affair() -> None:
    engine = Doubling()
    batcher = Batcher(engine, asyncio.get_running_loop())
    values = [*range(1, 40), -5, *range(40, 64)]
    got = await asyncio.gather(*(asked(batcher, rows(v)) for v in values), return_exceptions=True)
    for value, one in zip(values, got, strict=True):
        if value < 0:
            assert str(one) == "negative: [-5.0]"
        else:
            assert one["value"].tolist() == [2.0 * value]
    assert len(engine.calls) == 13  # 64 rows halved six times, both halves asked each time


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(-3, 50), min_size=1, max_size=4), min_size=1, max_size=20))
def test_everyone_gets_what_it_would_get_alone(requests: list[list[int]]) -> None:
    tables = [rows(*request) for request in requests]
    together = answers(Doubling(), tables, ["value"])
    for table, got in zip(tables, together, strict=True):
        (alone,) = answers(Doubling(), [table], ["value"])
        if isinstance(alone, Exception):
            assert repr(got) == repr(alone)
        else:
            assert isinstance(got, dict)
            assert got["value"].tolist() == alone["value"].tolist()


@pytest.mark.parametrize(("sizes", "own"), [((1, 1000), True), ((1,) * 64, False), ((8, 8), False)])
def test_a_small_answer_does_not_keep_large_ones_in_memory(sizes: tuple[int, ...], own: bool) -> None:
    got = answers(Doubling(), [rows(*range(size)) for size in sizes], ["value"])
    assert isinstance(got[0], dict)
    assert (got[0]["value"].base is None) == own


def test_an_answer_of_the_wrong_length_is_not_shared_out() -> None:
    class Short(Doubling):
        def predict(self, table: Table, outputs: Collection[str]) -> dict[str, Any]:
            answer = super().predict(table, outputs)
            return answer if len(table) == 1 else {"value": answer["value"][:1]}

    got = answers(Short(), [rows(1), rows(2)], ["value"])
    assert [one["value"].tolist() for one in got if isinstance(one, dict)] == [[2.0], [4.0]]
