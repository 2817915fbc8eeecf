"""The due-queue, on a clock of the test's own."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from slipway_operator.queue import DueQueue, Runner


def test_events_only_bring_a_look_forward():
    queue = DueQueue()
    queue.add("a", 10)
    queue.add("a", 20)
    assert queue.next_due() == 10
    queue.add("a", 5)
    assert queue.next_due() == 5


def test_a_busy_key_is_given_to_nobody_else_and_comes_again():
    queue = DueQueue()
    queue.add("a", 0)
    assert queue.take(0) == "a"
    queue.add("a", 0)
    assert queue.take(0) is None
    assert queue.next_due() is None
    queue.done("a")
    assert queue.take(0) == "a"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=20))
def test_longest_overdue_first_and_nothing_is_lost(entries):
    queue = DueQueue()
    for key, when in entries:
        queue.add(key, when)
    due = dict(queue.due)
    taken = []
    while (key := queue.take(9)) is not None:
        taken.append(key)
    assert sorted(taken) == sorted(due)
    assert [due[key] for key in taken] == sorted(due[key] for key in taken)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.sampled_from("abcd"), st.integers(0, 9)),
            st.tuples(st.just("take"), st.just(""), st.integers(0, 9)),
            st.tuples(st.just("done"), st.sampled_from("abcd"), st.just(0)),
        ),
        max_size=60,
    )
)
def test_it_answers_as_a_plain_search_through_all_keys_would(steps):
    queue, due, busy = DueQueue(), {}, set()
    for step, key, when in steps:
        free = {name: at for name, at in due.items() if name not in busy}
        assert queue.next_due() == min(free.values(), default=None)
        if step == "add":
            queue.add(key, when)
            due[key] = min(when, due.get(key, when))
        elif step == "done":
            queue.done(key)
            busy.discard(key)
        else:
            taken = queue.take(when)
            ready = {at for at in free.values() if at <= when}
            assert (taken is None) == (not ready)
            if taken is not None:
                assert taken not in busy
                assert due.pop(taken) == min(ready), "another one was longer overdue"
                busy.add(taken)


def test_ten_thousand_keys_take_as_long_as_their_number_says():
    queue = DueQueue()
    for number in range(10_000):
        queue.add(number, number % 97)
        queue.add(number, number % 89)
    taken = 0
    while (key := queue.take(100)) is not None:
        queue.done(key)
        taken += 1
    assert taken == 10_000  # a search for each would look at fifty million


async def test_runner_works_failures_off_again(caplog):
    calls = []
    finished = asyncio.Event()

    async def work(key):
        calls.append(key)
        if len(calls) == 1:
            raise RuntimeError("first time")
        finished.set()

    runner = Runner(work)
    runner.FIRST_BACKOFF = 0.01
    task = asyncio.create_task(runner.run())
    runner.add("a")
    await asyncio.wait_for(finished.wait(), 5)
    task.cancel()
    assert calls == ["a", "a"]
    assert "first time" in caplog.text


async def test_runner_never_works_twice_on_one_key():
    active, most, seen = 0, 0, 0
    finished = asyncio.Event()

    async def work(key):
        nonlocal active, most, seen
        active += 1
        most = max(most, active)
        await asyncio.sleep(0)
        active -= 1
        seen += 1
        if seen == 5:
            finished.set()
            return None
        return 0.0

    runner = Runner(work)
    task = asyncio.create_task(runner.run())
    for _ in range(3):
        runner.add("a")
    await asyncio.wait_for(finished.wait(), 5)
    task.cancel()
    assert most == 1


async def test_a_runner_that_is_told_to_stop_as_work_comes_in_stops():
    async def work(key):
        await asyncio.sleep(3600)

    runner = Runner(work)
    runner.add("later", delay=3600)  # so that it sleeps with an end
    task = asyncio.create_task(runner.run())
    for _ in range(5):
        await asyncio.sleep(0)
    runner.add("a")  # in the same turn of the loop: neither may hide the other
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=5)
    assert done, "the cancellation was lost"
    assert task.cancelled()
