"""Every number that is none is found, however large the others are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from slipway_predictor.features.finite import all_finite


@given(
    arrays.arrays(
        np.float64,
        arrays.array_shapes(min_dims=1, max_dims=2, max_side=9),
        elements=st.floats() | st.sampled_from([np.inf, -np.inf, np.nan, 1e308, -1e200, 1e-308]),
    )
)
def test_it_is_what_numpy_says_value_by_value(array: np.ndarray) -> None:
    assert all_finite(array) is bool(np.isfinite(array).all())


@pytest.mark.parametrize("size", [1, 16, 1024, 1025, 5000])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.filterwarnings("ignore:overflow")
def test_one_among_many_is_found(size: int, value: float, dtype: type) -> None:
    array = np.ones((size, 1), dtype)
    array[size // 2] = value
    assert all_finite(array) is bool(np.isfinite(array).all())
    assert all_finite(array[::-1]) is bool(np.isfinite(array).all())
