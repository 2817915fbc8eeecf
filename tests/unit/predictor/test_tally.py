"""Histograms counted late: the same as counted at once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from slipway_predictor.monitoring.tally import Tally


@given(st.lists(st.floats(-1, 3) | st.lists(st.floats(-1, 3), max_size=4), max_size=30))
def test_it_counts_as_prometheus_does(values: list[float | list[float]]) -> None:
    tally = Tally([0.0, 1.0, 2.0])
    for value in values:
        if isinstance(value, list):
            tally.add_all(value)
        else:
            tally.add(value)
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    buckets, total = tally.read()
    assert buckets == [
        *((str(bound), sum(one <= bound for one in flat)) for bound in (0.0, 1.0, 2.0)),
        ("+Inf", len(flat)),
    ]
    assert np.isclose(total, sum(flat))


def test_what_is_kept_is_counted_before_it_is_much() -> None:
    tally = Tally([1.0])
    for _ in range(10_000):
        tally.add(0.5)
    assert len(tally._kept) < 512
    assert tally.read() == ([("1.0", 10_000), ("+Inf", 10_000)], 5000.0)
