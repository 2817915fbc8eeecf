"""The report on rollouts under traffic."""

import pytest

from slipway_demo.traffic import Answer
from slipway_rollouts.report import failures, summary, table


def answers(*moments, seconds=0.01, status=200):
    return [Answer(at, 0, status, "a", 0, seconds) for at in moments]


def test_windows_around_a_change_are_told_from_the_others():
    quiet = answers(*[at / 10 for at in range(400) if not 180 <= at < 220])
    slow = answers(*[at / 10 for at in range(180, 220)], seconds=0.03)
    seen = summary(["promote", "promote", "abort"], [*slow, *quiet], [20.0], [])
    assert (seen.requests, seen.failed, seen.changes) == (400, 0, 1)
    assert seen.with_change == pytest.approx(0.03)
    assert seen.without == pytest.approx(0.01)
    text = table(seen)
    assert "| 30 | 3: 2 promote, 1 abort |" in text
    assert "30.0 ms / 10.0 ms (3.00 ×)" in text


@pytest.mark.parametrize(("start", "calm"), [(15.0, 0.01), (5.0, 0.02), (21.0, 0.02)])
def test_changes_while_pods_start_are_told_apart(start, calm):
    slow = answers(*[at / 10 for at in range(180, 220)], seconds=0.03)
    other = answers(*[at / 10 for at in range(400) if not 180 <= at < 220])
    seen = summary([], [*slow, *other], [20.0, 35.0], [start, 100.0])
    assert seen.with_change == pytest.approx(0.02)
    assert seen.calm_change == pytest.approx(calm)


def test_failures_are_counted():
    seen = summary([], [*answers(1.0), *answers(2.0, status=503)], [], [])
    assert (seen.requests, seen.failed) == (2, 1)
    assert failures(seen) == "  1 × 503 by a: \n"
