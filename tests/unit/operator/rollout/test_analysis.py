"""Counting, and the verdict."""

from datetime import timedelta

import pytest
from tests.unit.operator.world import START, revision, serving, spec

from slipway_operator.api.status import Counts, Evidence
from slipway_operator.rollout.analysis import accumulate, restart
from slipway_operator.rollout.observation import Readings

LATER = START + timedelta(seconds=3)
V1, V2 = revision("1"), revision("2")


def readings(**pods) -> Readings:
    return Readings(pods={name: (name[0], Counts(requests=r, errors=e)) for name, (r, e) in pods.items()})


def begin(**pods) -> Evidence:
    return accumulate(Evidence(since=START), readings(**pods), "c", START)


def test_first_readings_are_only_the_starting_point():
    assert begin(c1=(100, 50), s1=(900, 0)).canary == Counts()


def test_differences_are_added_by_revision():
    evidence = accumulate(begin(c1=(100, 50), s1=(900, 0)), readings(c1=(110, 51), s1=(990, 2)), "c", LATER)
    assert evidence.canary == Counts(requests=10, errors=1)
    assert evidence.stable == Counts(requests=90, errors=2)


def test_a_restarted_counter_starts_from_zero():
    evidence = accumulate(begin(c1=(100, 50)), readings(c1=(7, 1)), "c", LATER)
    assert evidence.canary == Counts(requests=7, errors=1)


def test_a_pod_that_comes_up_counts_from_zero_and_one_that_goes_leaves_its_share():
    evidence = accumulate(begin(c1=(100, 0)), readings(c2=(5, 5)), "c", LATER)
    assert evidence.canary == Counts(requests=5, errors=5)


def test_a_new_step_counts_anew_but_keeps_the_cost():
    evidence = accumulate(begin(c1=(0, 0)), readings(c1=(10, 2)), "c", LATER)
    evidence = restart(evidence, LATER)
    assert evidence.canary == Counts()
    evidence = accumulate(evidence, readings(c1=(15, 3)), "c", LATER)
    assert evidence.canary == Counts(), "what was counted before the first readings fell under another split"
    assert evidence.canary_total == Counts(requests=15, errors=3)


@pytest.mark.parametrize(
    ("stable", "canary", "verdict", "words"),
    [
        (
            (500, 0),
            (49, 49),
            "Inconclusive",
            "49 canary and 500 stable requests so far; 50 of each are needed",
        ),
        ((49, 0), (500, 500), "Inconclusive", "49 stable"),
        ((500, 0), (50, 0), "Pass", "0.0% (0 of 50)"),
        ((500, 5), (50, 1), "Pass", "2.0% (1 of 50)"),
        (
            (500, 0),
            (50, 8),
            "Fail",
            "16.0% (8 of 50) of the canary's requests failed, 0.0% (0 of 500) of stable's",
        ),
        ((500, 80), (50, 8), "Pass", "16.0%"),
    ],
)
def test_verdicts_have_their_numbers_in_the_sentence(stable, canary, verdict, words):
    world = serving("1")
    world.apply(spec("2", steps=((10, "60s"),)))
    world.count(V1, 0)
    world.run(12)
    world.count(V1, *stable)
    world.count(V2, *canary)
    world.run(4)
    assert world.status.verdict == verdict
    assert words in world.status.analysis[0].message
