"""Fisher's exact test against values worked out by scipy, and its own symmetries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from slipway_operator.rollout.fisher import p_greater

shares = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(shares, shares)
def test_agrees_with_scipy(canary, stable):
    (errors, requests), (other_errors, other_requests) = canary, stable
    table = [[errors, requests - errors], [other_errors, other_requests - other_errors]]
    expected = fisher_exact(table, alternative="greater").pvalue
    assert p_greater(errors, requests, other_errors, other_requests) == pytest.approx(
        expected, rel=1e-6, abs=1e-12
    )


def test_large_counts_stay_finite():
    assert p_greater(500, 1_000_000, 480, 1_000_000) == pytest.approx(0.27, abs=0.05)


@pytest.mark.parametrize("counts", [(2, 1, 0, 1), (0, 1, -1, 1), (0, -1, 0, 1)])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(ValueError, match="errors of"):
        p_greater(*counts)
