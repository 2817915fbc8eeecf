"""The V2 JSON bodies: every wrong one is a BadRequest that names the place; right ones keep their values."""

import json
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from slipway_predictor.protocol import DATATYPES, BadRequest, InferenceAnswer, Tensor, v2_json
from slipway_predictor.protocol.bounds import MOST_INPUTS
from slipway_predictor.protocol.messages import strings

HUGE = [0, 2**31 - 1, 2**31 - 1, 2**31 - 1]


def tensor(**changes: Any) -> dict[str, Any]:
    return {"name": "x", "datatype": "FP64", "shape": [2, 2], "data": [1, 2.5, 3, 4]} | changes


def body(*inputs: Any, **more: Any) -> bytes:
    return json.dumps({"inputs": list(inputs), **more}).encode()


@pytest.mark.parametrize("data", [[1, 2.5, 3, 4], [[1, 2.5], [3, 4]]])
def test_flat_and_nested_data_are_the_same(data: Any) -> None:
    (entry,) = v2_json.decode(body(tensor(data=data))).inputs
    assert entry.array.dtype == np.float64
    assert entry.array.tolist() == [[1.0, 2.5], [3.0, 4.0]]


def test_id_and_outputs_are_read() -> None:
    request = v2_json.decode(body(tensor(), id="42", outputs=[{"name": "a"}, {"name": "b"}, {"name": "a"}]))
    assert (request.id, request.outputs) == ("42", ("a", "b"))
    assert v2_json.decode(body(tensor(), outputs=[])).outputs is None


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b'{"inputs": [NaN]}', r"inputs\[0\] must be an object, not null"),
        (b'{"inputs": [NaN}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "must be a JSON object with 'inputs', not a list"),
        (b"{}", "'inputs' must be a list"),
        (b'{"inputs": []}', "at least one tensor"),
        (b'{"inputs": {}}', "'inputs' must be a list"),
        (body(tensor(), id=7), "'id' must be a string, not an integer"),
        (body(tensor(), parameters=[]), "'parameters' must be an object"),
        (body(tensor(), outputs="label"), "'outputs' must be a list, not a string"),
        (body(tensor(), outputs=[{}]), r"outputs\[0\] must be an object with a 'name'"),
        (body(7), r"inputs\[0\] must be an object, not an integer"),
        (body(tensor(name=None)), r"inputs\[0\] has no 'name'"),
        (body(tensor(), tensor()), "'x' is given twice"),
        (body(tensor(datatype="FP99")), r"inputs\[0\] 'x': 'datatype' must be one of BOOL"),
        (body(tensor(datatype=None)), "'datatype' must be one of"),
        (body(tensor(datatype=["FP64"])), "'datatype' must be one of"),
        (body(tensor(shape=None)), "'shape' must be a list of sizes"),
        (body(tensor(shape=[])), "'shape' must be a list of sizes"),
        (body(tensor(shape=[-1, 2])), "whole numbers from 0 up"),
        (body(tensor(shape=[True, 4])), "whole numbers from 0 up"),
        (body(tensor(shape=[2.0, 2])), "whole numbers from 0 up"),
        (body(tensor(shape=[3, 2])), r"shape \[3, 2\] needs 6 values, 'data' holds 4"),
        (body(tensor(shape=[10**9, 10**9])), "'data' holds 4"),
        (body(tensor(shape=[10**18, 0], data=[])), "whole numbers from 0 up to 2"),
        (body(tensor(shape=HUGE, data=[])), "too large for any array"),
        (body(tensor(shape=HUGE, data=[], datatype="BYTES")), "too large for any array"),
        (body(tensor(shape=HUGE[::-1], data=[], datatype="INT8")), "too large for any array"),
        (body(tensor(shape=[1] * 9, data=[1])), "'shape' must be a list of sizes"),
        (body({k: v for k, v in tensor().items() if k != "data"}), "has no 'data'"),
        (body(tensor(data="abcd")), "'data' must be a list, not a string"),
        (body(tensor(data=[1, 2, 3, "4"])), "value 3 is a string, which is no FP64"),
        (body(tensor(data=[True, 2, 3, 4])), "value 0 is true or false, which is no FP64"),
        (body(tensor(data=[1, [2], 3, 4])), "value 1 is a list"),
        (body(tensor(data=[[1, 2], [3]])), "part 1 does not have 2 values"),
        (body(tensor(data=[[1, 2], 3])), "part 1 does not have 2 values"),
        (body(tensor(data=[[1, 2, 3, 4]])), r"says 2 rows, 'data' holds 1"),
        (body(tensor(data=[[[1], [2]], [[3], [4]]])), "value 0 is a list"),
        (body(tensor(datatype="INT32", data=[1, 2, 3, 1.5])), "value 3 is a number with a fraction"),
        (body(tensor(datatype="INT32", data=[1.0, 2.0, 3.5, "x"])), "value 2 is a number with a fraction"),
        (body(tensor(datatype="INT32", data=[1.0, 2.0, "x", 3.5])), "value 2 is a string"),
        (body(tensor(datatype="BOOL", data=[1.0, 0.0, 1.0, 0.0])), "value 0 is a number with a fraction"),
        (body(tensor(datatype="INT8", data=[1, 2, 3, 128])), "too large for INT8"),
        (body(tensor(datatype="INT8", data=[1, 2, 3, 128.0])), "too large for INT8"),
        (body(tensor(datatype="INT64", data=[1, 2, 3, 2.0**63])), "too large for INT64"),
        (body(tensor(datatype="INT64", data=[1, 2, 3, -(2**63) - 1])), "too large for INT64, or negative"),
        (body(tensor(datatype="INT64", data=[1, 2, None, -(2**63) - 1])), "too large for INT64, or negative"),
        (body(tensor(datatype="UINT64", data=[1, 2, 3, 1e300])), "too large for UINT64"),
        (body(tensor(datatype="UINT8", data=[1, 2, 3, -1])), "too large for UINT8, or negative"),
        (body(tensor(datatype="BOOL", data=[1, 0, 1, 0])), "value 0 is an integer, which is no BOOL"),
        (body(tensor(datatype="BYTES", data=["a", "b", "c", 4])), "value 3 is an integer, which is no BYTES"),
    ],
)
def test_a_wrong_body_is_a_bad_request_that_names_the_place(document: bytes, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        v2_json.decode(document)


@pytest.mark.parametrize("name", [name for name in DATATYPES if name not in ("BYTES", "BOOL")])
def test_numbers_get_their_datatype_s_numpy_type(name: str) -> None:
    (entry,) = v2_json.decode(body(tensor(datatype=name, data=[1, 2, 3, 4]))).inputs
    assert entry.array.dtype == DATATYPES[name].dtype
    assert entry.array.tolist() == [[1, 2], [3, 4]]


def test_the_ends_of_64_bits_are_integers() -> None:
    (entry,) = v2_json.decode(body(tensor(datatype="INT64", data=[-(2**63), 2**63 - 1, 1.0, 2]))).inputs
    assert entry.array.tolist() == [[-(2**63), 2**63 - 1], [1, 2]]


@pytest.mark.parametrize("name", [name for name in DATATYPES if "INT" in name])
@pytest.mark.parametrize("data", [[1.0, 2.0, 3.0, 4.0], [1, 2.0, 3, 4.0], [[1.0, 2], [3, 4]]])
def test_a_float_without_a_fraction_is_an_integer(name: str, data: list[Any]) -> None:
    (entry,) = v2_json.decode(body(tensor(datatype=name, data=data))).inputs
    assert entry.array.dtype == DATATYPES[name].dtype
    assert entry.array.tolist() == [[1, 2], [3, 4]]


def test_as_many_inputs_as_any_model_needs_are_read_and_no_more() -> None:
    inputs = [tensor(name=str(number)) for number in range(MOST_INPUTS + 1)]
    assert len(v2_json.decode(body(*inputs[1:])).inputs) == MOST_INPUTS
    with pytest.raises(BadRequest, match="holds 10001 inputs, more than 10000: send all columns as one"):
        v2_json.decode(body(*inputs))


def test_text_stays_text() -> None:
    (entry,) = v2_json.decode(body(tensor(datatype="BYTES", data=["a", "", "ü\0", "longer"]))).inputs
    assert entry.array.tolist() == [["a", ""], ["ü\0", "longer"]]


def test_no_rows_are_data_too() -> None:
    for data in ([], [[]]):
        shape = [0, 2] if data == [] else [1, 0]
        (entry,) = v2_json.decode(body(tensor(shape=shape, data=data))).inputs
        assert entry.shape == shape


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4),
        elements=st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_doubles_survive_flat_and_nested(array: np.ndarray) -> None:
    for data in (array.tolist(), array.reshape(-1).tolist()):
        (entry,) = v2_json.decode(
            orjson.dumps({"inputs": [tensor(shape=list(array.shape), data=data)]})
        ).inputs
        assert np.array_equal(entry.array, array)


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "data", "shape"]), inner, max_size=3)
    ),
    max_leaves=10,
)
almost = st.fixed_dictionaries(
    {},
    optional={
        "name": anything | st.just("x"),
        "datatype": st.sampled_from([*DATATYPES, "FP8"]) | anything,
        "shape": st.lists(st.integers(-1, 4), max_size=3) | anything,
        "data": anything | st.lists(anything, max_size=5),
        "parameters": anything,
    },
)


@given(
    st.fixed_dictionaries(
        {}, optional={"inputs": st.lists(almost, max_size=3) | anything, "outputs": anything, "id": anything}
    )
)
def test_any_json_is_read_or_refused_and_never_breaks(document: Any) -> None:
    try:
        request = v2_json.decode(json.dumps(document).encode())
    except BadRequest:
        return
    for entry in request.inputs:
        assert entry.array.dtype in (DATATYPES[entry.datatype].dtype, np.float64)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(document: bytes) -> None:
    with pytest.raises(BadRequest):
        v2_json.decode(document)


def test_an_answer_is_written_flat_with_its_parameters() -> None:
    label = Tensor("label", "BYTES", strings(["go", "stay"]))
    probability = Tensor("probability", "FP64", np.array([[0.1, 0.9], [0.8, 0.2]], order="F"))
    answer = InferenceAnswer("7", "churn", "2", (label, probability), {"revision": "churn-abc"})
    assert json.loads(v2_json.encode(answer)) == {
        "model_name": "churn",
        "model_version": "2",
        "id": "7",
        "parameters": {"revision": "churn-abc"},
        "outputs": [
            {"name": "label", "datatype": "BYTES", "shape": [2], "data": ["go", "stay"]},
            {"name": "probability", "datatype": "FP64", "shape": [2, 2], "data": [0.1, 0.9, 0.8, 0.2]},
        ],
    }


def test_null_is_a_missing_value() -> None:
    (entry,) = v2_json.decode(body(tensor(data=[1, None, 3, 4]))).inputs
    assert np.isnan(entry.array[0, 1])
    for datatype, data in (
        ("INT64", [1, None, 3, 4]),
        ("INT64", [1.0, None, 3.0, 4]),
        ("BOOL", [True, None, False, True]),
    ):
        (entry,) = v2_json.decode(body(tensor(datatype=datatype, data=data))).inputs
        assert entry.array.dtype == np.float64
        assert np.isnan(entry.array).tolist() == [[False, True], [False, False]]
    (entry,) = v2_json.decode(body(tensor(datatype="BYTES", data=["a", None, "c", "d"]))).inputs
    assert entry.array.tolist() == [["a", None], ["c", "d"]]
