"""The guarantee itself: no pair of shares in the null has an expectation above 1. Counted out, not sampled."""

from math import comb, exp, isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_operator.rollout.sequential.evalue import Alternative, Share, log_e_value

GUESSES = [(0.001, 0.0085), (0.01, 0.03), (0.2, 0.5), (0.999, 0.999), (0.98, 0.975), (0.3, 0.8)]


def binomial(n, p):
    return [comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]


def expectation(margin, guess, stable, canary):
    (n_s, x), (n_c, y) = stable, canary
    return sum(
        p * q * exp(log_e_value(margin, Alternative(*guess), Share(k, n_s), Share(m, n_c)))
        for k, p in enumerate(binomial(n_s, x))
        for m, q in enumerate(binomial(n_c, y))
    )


@pytest.mark.parametrize("guess", GUESSES)
@pytest.mark.parametrize("margin", [0.005, 0.05, 0.3, -0.02])
@pytest.mark.parametrize("sizes", [(5, 3), (20, 2), (3, 20), (12, 12)])
def test_expectation_is_at_most_one_wherever_the_canary_is_not_worse(guess, margin, sizes):
    for x in (0.0001, 0.005, 0.02, 0.1, 0.5, 0.95):
        for y in (x + margin, (x + margin) * 0.9, (x + margin) / 2):
            if 0 < y <= min(1, x + margin):
                value = expectation(margin, guess, (sizes[0], x), (sizes[1], y))
                assert value <= 1 + 1e-9, f"{value} with shares {x} and {y}"


def test_expectation_is_larger_than_one_where_the_guess_is_right():
    assert expectation(0.005, (0.01, 0.2), (20, 0.01), (20, 0.2)) > 2


@pytest.mark.parametrize("canary", [Share(0, 0), Share(0, 20)])
def test_nothing_to_see_is_no_evidence(canary):
    assert log_e_value(0.005, Alternative(0.01, 0.0149), Share(1, 100), canary) == 0.0
    assert log_e_value(0.005, Alternative(0.01, 0.2), Share(1, 100), Share(0, 0)) == 0.0


def test_more_failures_of_the_canary_are_more_evidence():
    values = [log_e_value(0.005, Alternative(0.01, 0.1), Share(3, 300), Share(k, 50)) for k in range(51)]
    assert values == sorted(values)
    assert values[0] < 0 < values[10]


@given(
    margin=st.sampled_from([0.005, 0.05, -0.02, -0.15]),
    guess=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    n=st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)),
    part=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_any_counts_give_a_number(margin, guess, n, part):
    stable, canary = (Share(round(of * share), of) for of, share in zip(n, part, strict=True))
    assert isfinite(log_e_value(margin, Alternative(*guess), stable, canary))
