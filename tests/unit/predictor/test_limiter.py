"""The bound on what waits: it follows the time that answers take, and refuses what would wait too long."""

import pytest

from slipway_predictor.engines import Cost
from slipway_predictor.serving.limiter import Limiter


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def flood(limiter: Limiter, clock: Clock, *, per_second: float, offered: int, seconds: float) -> list[float]:
    """Offer requests to a model that answers `per_second` one after the other; return the latencies of the admitted."""
    queue: list[tuple[float, bool]] = []
    latencies: list[float] = []
    step = 1 / offered
    free_at = clock.now
    end = clock.now + seconds
    while clock.now < end:
        while queue and max(free_at, queue[0][0]) + 1 / per_second <= clock.now:
            came, alone = queue.pop(0)
            free_at = max(free_at, came) + 1 / per_second
            latencies.append(free_at - came)
            limiter.leave(free_at - came, alone=alone)
        if not limiter.full:
            queue.append((clock.now, limiter.enter()))
        clock.now += step
    return latencies


@pytest.mark.parametrize("times", [2, 5, 20])
def test_what_is_admitted_is_answered_in_time_and_the_model_is_kept_busy(times: int) -> None:
    clock = Clock()
    latencies = flood(Limiter(clock), clock, per_second=200, offered=200 * times, seconds=30)
    settled = sorted(latencies[400:])
    assert settled[len(settled) * 99 // 100] < 0.125, "more than two and a half times the target"
    assert len(latencies) > 0.9 * 200 * 30


def test_a_model_slower_than_the_target_is_not_starved() -> None:
    clock = Clock()
    limiter = Limiter(clock)
    for _ in range(50):
        limiter.leave(2.0, alone=limiter.enter())
        clock.now += 2
    assert limiter.limit == 64
    assert not limiter.full


def test_the_bound_grows_while_answers_are_quick() -> None:
    limiter = Limiter(Clock())
    for _ in range(64):
        limiter.enter()
    assert limiter.full
    limiter.leave(0.001, alone=False)
    limiter.enter()
    assert not limiter.full
    assert limiter.limit == 65


def test_it_begins_with_what_the_model_s_cost_allows() -> None:
    limiter = Limiter(Clock())
    limiter.expect(Cost(0.0, 1e-4))
    assert limiter.limit == 500
    limiter.expect(Cost(0.0, 0.0))
    assert limiter.limit == 4096
    limiter.expect(Cost(0.0, 1.0))
    assert limiter.limit == 64


@pytest.mark.parametrize(
    ("cost", "least"),
    [
        pytest.param(Cost(1e-5, 1e-5), 64, id="quick"),
        pytest.param(Cost(5e-3, 2e-3), 10, id="so many as it works off in a moment"),
        pytest.param(Cost(5e-3, 5e-3), 4, id="slow"),
        pytest.param(Cost(0.5, 1e-5), 4, id="a call alone takes too long"),
        pytest.param(None, 4, id="unknown"),
    ],
)
def test_stalls_do_not_shrink_it_below_what_the_model_works_off_in_a_moment(
    cost: Cost | None, least: int
) -> None:
    clock = Clock()
    limiter = Limiter(clock)
    if cost:
        limiter.expect(cost)
    limiter.leave(0.001, alone=limiter.enter())
    for _ in range(30):  # another process has the processor for half a second, again and again
        for _ in range(4):
            limiter.enter()
        clock.now += 0.6
        for _ in range(4):
            limiter.leave(0.5, alone=False)
    assert limiter.limit == least
