"""Histograms: what they count, one at a time or many."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from slipway_predictor.monitoring.tally import Tally


@given(st.lists(st.floats(-1, 3) | st.lists(st.floats(-1, 3), max_size=4), max_size=30))
def test_it_counts_as_prometheus_does(values: list[float | list[float]]) -> None:
    tally = Tally([0.0, 1.0, 2.0])
    for value in values:
        if isinstance(value, list):
            tally.add_all(np.array(value, dtype=float))
        else:
            tally.add(value)
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    buckets, total = tally.read()
    assert buckets == [
        *((str(bound), sum(one <= bound for one in flat)) for bound in (0.0, 1.0, 2.0)),
        ("+Inf", len(flat)),
    ]
    assert np.isclose(total, sum(flat))


def test_what_is_no_number_is_above_all_bounds() -> None:
    tally = Tally([1.0])
    tally.add(float("nan"))
    tally.add_all(np.array([np.nan, 0.5]))
    assert tally.read()[0] == [("1.0", 1), ("+Inf", 3)], "NaN is at most nothing"
