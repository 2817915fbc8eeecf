"""The evidence over checks: convictions need several, common causes convict nobody."""

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_operator.rollout.sequential.evalue import Share
from slipway_operator.rollout.sequential.forecast import Forecast, seeded
from slipway_operator.rollout.sequential.process import CAP, FLOOR, Margins, begin, log_mean_exp, observe
from slipway_operator.rollout.sequential.signal import Check, Confidence, Minimum, no_evidence

ERRORS = Margins(0.005, 0.02)
CONFIDENCE, MINIMUM = Confidence(), Minimum(10, 3)
USUAL = seeded(Share(2, 400))


def look(*checks, margins=ERRORS, history=USUAL, minimum=MINIMUM, deciding=1):
    evidence = no_evidence([margins], 12, [history])
    for stable, canary in checks:
        evidence = evidence.after([Check(Share(*stable), Share(*canary))])
    return evidence.verdict(CONFIDENCE, minimum, deciding)


@pytest.mark.parametrize(
    ("checks", "verdict"),
    [
        ([((100, 20_000), (0, 0))], "Inconclusive"),
        ([((1, 200), (500, 500))], "Inconclusive"),  # whatever happened: one check is not enough
        ([((1, 200), (200, 500))] * 3, "Fail"),
        ([((5, 1000), (5, 1000))] * 3, "Pass"),
        ([((5, 1000), (0, 20))] * 3, "Inconclusive"),
        ([((1, 200), (20, 200)), ((20, 200), (1, 200))] * 4, "Inconclusive"),  # now the one, now the other
        ([((600, 1000), (610, 1000))] * 6, "Inconclusive"),  # a common outage convicts nobody
        ([((0, 3000), (2, 9))] * 9, "Fail"),
    ],
)
def test_verdicts(checks, verdict):
    assert look(*checks) == verdict


def test_the_minimum_is_needed_for_a_fail():
    checks = [((0, 3000), (1, 2))] * 4
    assert look(*checks) == "Inconclusive"
    assert look(*checks, minimum=Minimum(1, 1)) == "Fail"


def test_signals_share_the_false_alarm_rate():
    checks = [((1, 200), (13, 100))] * 3
    assert look(*checks) == "Fail"
    assert look(*checks, deciding=100_000) == "Inconclusive"


def test_a_check_without_requests_changes_no_evidence():
    process = begin(USUAL, 12)
    assert observe(process, ERRORS, Share(0, 500), Share(0, 0)).worse == process.worse
    assert observe(process, ERRORS, Share(0, 0), Share(7, 7)).worse == process.worse


@given(st.lists(st.tuples(*[st.integers(0, 5000)] * 4), max_size=8))
def test_every_factor_stays_between_floor_and_cap(checks):
    process = begin(USUAL, 12)
    for s, n_s, c, n_c in checks:
        before, process = process, observe(process, ERRORS, Share(min(s, n_s), n_s), Share(min(c, n_c), n_c))
        for old, new in ((before.worse, process.worse), (before.alike, process.alike)):
            assert log(FLOOR) - 1e-9 <= new.total - old.total <= log(CAP) + 1e-9


def test_missing_says_about_how_many_requests_a_pass_needs():
    evidence = no_evidence([ERRORS], 12, [USUAL])
    assert 140 <= evidence.missing(CONFIDENCE) <= 200
    half = evidence.after([Check(Share(0, 1000), Share(0, 80))])
    assert half.missing(CONFIDENCE) < evidence.missing(CONFIDENCE)


def test_a_forecast_forgets_after_checks_or_requests_whichever_is_later():
    old = Forecast(50, 100)
    assert old.after(Share(0, 10)).hits == pytest.approx(50 * 0.5 ** (10 / 200))
    assert old.after(Share(0, 10_000)).hits == pytest.approx(50 * 0.5**0.25)
    assert Forecast().share == 0.5


def test_a_long_history_weighs_no_more_than_what_it_says_about_today():
    assert seeded(Share(10_000, 1_000_000)).of == 400
    assert seeded(Share(10_000, 1_000_000)).hits == 4
    assert seeded(Share(1, 30)) == Forecast(1, 30)


def test_mean_of_exponentials_does_not_overflow():
    assert log_mean_exp((2000.0, 2000.0)) == pytest.approx(2000.0)
    assert log_mean_exp((0.0, -5000.0)) == pytest.approx(log(0.5))


@pytest.mark.parametrize(("good", "most"), [(0, 3), (40, 4), (240, 5), (5000, 8)])
def test_a_good_past_is_no_credit_for_a_canary_that_goes_bad(good, most):
    verdict = look(*[((5, 1000), (5, 1000))] * good, *[((5, 1000), (200, 1000))] * most)
    assert verdict == "Fail"
