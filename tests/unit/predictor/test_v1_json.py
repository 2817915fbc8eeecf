"""V1's bodies: rows as lists, as objects, as plain values; and every wrong one."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_predictor.protocol import BadRequest, InferenceAnswer, Tensor, v1_json

NAMES = ["a", "b"]


def read(instances: Any) -> dict[str, tuple[str, list[Any]]]:
    request = v1_json.decode(json.dumps({"instances": instances}).encode(), NAMES)
    return {tensor.name: (tensor.datatype, tensor.array.tolist()) for tensor in request.inputs}


@pytest.mark.parametrize(
    ("instances", "expected"),
    [
        ([[1, 2.5], [3, 4]], {"instances": ("FP64", [[1.0, 2.5], [3.0, 4.0]])}),
        ([1, 2], {"instances": ("FP64", [[1.0], [2.0]])}),
        ([[1, "x"], [2, "y"]], {"a": ("INT64", [1, 2]), "b": ("BYTES", ["x", "y"])}),
        ([{"a": 1.5, "b": True}], {"a": ("FP64", [1.5]), "b": ("BOOL", [True])}),
        ([{"a": "x"}, {"a": None}], {"a": ("BYTES", ["x", None])}),
    ],
)
def test_rows_become_tensors(instances: Any, expected: dict[str, Any]) -> None:
    assert read(instances) == expected


def test_null_among_numbers_is_nan() -> None:
    ((datatype, values),) = read([{"a": 1}, {"a": None}]).values()
    assert datatype == "FP64"
    assert np.isnan(values[1])


def test_null_in_a_row_of_a_matrix_is_nan() -> None:
    (tensor,) = v1_json.decode(b'{"instances": [[1, 2.5, null], [4, 5, 6]]}', ["matrix"]).inputs
    np.testing.assert_array_equal(tensor.array, [[1, 2.5, np.nan], [4, 5, 6]])


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{", "not JSON"),
        (b"[]", "'instances'"),
        (b'{"instances": []}', "at least one row"),
        (b'{"instances": [[1, 2], [3]]}', r"instances\[1\] must be a list of 2 values"),
        (b'{"instances": [[1, 2], {}]}', r"instances\[1\] must be a list of 2 values"),
        (b'{"instances": [{"a": 1}, {"b": 1}]}', r"instances\[1\] must be an object with the same names"),
        (b'{"instances": [{}]}', "names no input"),
        (b'{"instances": [["x", 1, 2]]}', "has 3 values: give 2, one for each input, or numbers alone"),
        (b'{"instances": [{"a": 1}, {"a": "x"}]}', "'a' holds a string and an integer"),
        (b'{"instances": [{"a": [1]}]}', "'a' holds a list"),
        (b'{"instances": [{"a": 18446744073709551615}]}', "too large"),
    ],
)
def test_a_wrong_body_is_named(body: bytes, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        v1_json.decode(body, NAMES)


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=2),
    max_leaves=12,
)


@given(anything | st.fixed_dictionaries({"instances": st.lists(anything, max_size=4)}))
def test_any_json_is_read_or_refused(document: Any) -> None:
    try:
        v1_json.decode(json.dumps(document).encode(), NAMES)
    except BadRequest:
        return


def test_predictions_are_the_first_output() -> None:
    answer = InferenceAnswer("1", "m", "1", (Tensor("label", "INT64", np.array([1, 0])),))
    assert json.loads(v1_json.encode(answer)) == {"predictions": [1, 0]}
