"""Binary tensor data both ways: values survive, and lying lengths and truncated parts are bad requests."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from slipway_predictor.protocol import DATATYPES, BadRequest, InferenceAnswer, Tensor, v2_json
from slipway_predictor.protocol.binary import from_bytes, to_bytes
from slipway_predictor.protocol.messages import strings


def entry(size: Any, **changes: Any) -> dict[str, Any]:
    return {
        "name": "x",
        "datatype": "FP64",
        "shape": [2, 2],
        "parameters": {"binary_data_size": size},
    } | changes


def request(*inputs: Any, raw: bytes = b"", **more: Any) -> tuple[bytes, int]:
    head = json.dumps({"inputs": list(inputs), **more}).encode()
    return head + raw, len(head)


shapes = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)
numeric = st.sampled_from([datatype for datatype in DATATYPES.values() if datatype.kind != "O"])


@given(st.data())
def test_numbers_survive_in_every_datatype(data: st.DataObject) -> None:
    datatype = data.draw(numeric)
    array = data.draw(hnp.arrays(datatype.dtype, shapes))
    raw = to_bytes(array)
    again = from_bytes(memoryview(raw), array.shape, datatype, "x")
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    assert again.tobytes() == array.tobytes()


@given(st.lists(st.text(max_size=5), max_size=6))
def test_texts_survive(values: list[str]) -> None:
    raw = to_bytes(strings(values))
    assert from_bytes(memoryview(raw), [len(values)], DATATYPES["BYTES"], "x").tolist() == values


def test_tensors_take_their_bytes_in_order_beside_json_ones() -> None:
    numbers = np.arange(4.0).reshape(2, 2)
    text = to_bytes(strings(["a", "bc"]))
    body, length = request(
        entry(32),
        {"name": "y", "datatype": "INT8", "shape": [2], "data": [1, 2]},
        entry(len(text), name="z", datatype="BYTES", shape=[2]),
        raw=numbers.tobytes() + text,
    )
    x, y, z = v2_json.decode(body, length).inputs
    assert (x.array.tolist(), y.array.tolist(), z.array.tolist()) == (numbers.tolist(), [1, 2], ["a", "bc"])


RAW = np.arange(4.0).tobytes()
HUGE = [2**31 - 1, 0, 2**31 - 1, 2**31 - 1]


@pytest.mark.parametrize(
    ("body", "length", "sentence"),
    [
        (*request(entry(32), raw=RAW[:-1]), "says 32 bytes, 31 are left"),
        (*request(entry(24), raw=RAW[:24]), r"shape \[2, 2\] of FP64 needs 32 bytes, its binary data has 24"),
        (*request(entry(32), raw=RAW + b"x"), "1 bytes follow the last tensor"),
        (*request(entry(-1), raw=RAW), "'binary_data_size' must be a whole number"),
        (*request(entry(True), raw=RAW), "'binary_data_size' must be a whole number"),
        (*request(entry(2**40), raw=RAW), "bytes, 32 are left"),
        (*request(entry(32, data=[1, 2, 3, 4]), raw=RAW), "has both 'data' and a 'binary_data_size'"),
        (*request(entry(2, datatype="BOOL", shape=[2]), raw=b"\1\2"), "BOOL holds bytes of 0 and 1"),
        (
            *request(entry(4, datatype="BYTES", shape=[1]), raw=b"\xff\xff\xff\xff"),
            "says it has 4294967295 bytes",
        ),
        (*request(entry(5, datatype="BYTES", shape=[1]), raw=b"\1\0\0\0\xff"), "not UTF-8"),
        (*request(entry(5, datatype="BYTES", shape=[2]), raw=b"\1\0\0\0a"), "asks for 2 elements"),
        (*request(entry(3, datatype="BYTES", shape=[1]), raw=b"\1\0\0"), "asks for 1 elements"),
        (*request(entry(10, datatype="BYTES", shape=[1]), raw=b"\1\0\0\0a" * 2), "asks for 1 elements"),
        (*request(entry(0, shape=HUGE)), "too large for any array"),
        (*request(entry(0, shape=HUGE, datatype="BYTES")), "too large for any array"),
        (b"{}", 3, "says 3 bytes of JSON, the body has 2"),
        (b"{}", 0, "not JSON"),
    ],
)
def test_lengths_that_lie_are_bad_requests(body: bytes, length: int, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        v2_json.decode(body, length)


def test_binary_data_without_the_header_is_named() -> None:
    body, _ = request(entry(32), raw=b"")
    with pytest.raises(BadRequest, match="no Inference-Header-Content-Length header"):
        v2_json.decode(body)


@pytest.mark.parametrize("text", ["", "-1", "1.0", "٣", "9" * 30, "0x10", " 1"])
def test_a_header_length_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="must be a number of bytes"):
        v2_json.parse_header_length(text)


@pytest.mark.parametrize(
    ("more", "binary"),
    [
        ({}, []),
        ({"parameters": {"binary_data_output": True}}, ["label", "probability"]),
        (
            {
                "parameters": {"binary_data_output": True},
                "outputs": [{"name": "label", "parameters": {"binary_data": False}}, {"name": "probability"}],
            },
            ["probability"],
        ),
        ({"outputs": [{"name": "label", "parameters": {"binary_data": True}}]}, ["label"]),
    ],
)
def test_outputs_are_binary_where_the_request_asks_for_it(more: dict[str, Any], binary: list[str]) -> None:
    asked = v2_json.decode(request({"name": "x", "datatype": "FP64", "shape": [1], "data": [1]}, **more)[0])
    label = Tensor("label", "BYTES", strings(["go", "stay"]))
    probability = Tensor("probability", "FP64", np.array([[0.1, 0.9], [0.8, 0.2]], order="F"))
    body, length = v2_json.encode_for(asked, InferenceAnswer("7", "m", "1", (label, probability)))
    assert (length is None) == (not binary)
    head, rest = json.loads(body[:length]), body[length or len(body) :]
    for output in head["outputs"]:
        assert ("data" in output) == (output["name"] not in binary)
        if output["name"] in binary:
            size = output["parameters"]["binary_data_size"]
            array = from_bytes(memoryview(rest[:size]), output["shape"], DATATYPES[output["datatype"]], "x")
            assert (
                array.tolist()
                == {"label": ["go", "stay"], "probability": [[0.1, 0.9], [0.8, 0.2]]}[output["name"]]
            )
            rest = rest[size:]
    assert rest == b""


@given(st.binary(max_size=80), st.integers(0, 90), st.sampled_from(list(DATATYPES)), st.integers(0, 40))
def test_any_bytes_are_read_or_refused(raw: bytes, cut: int, datatype: str, size: int) -> None:
    body, length = request(entry(size, datatype=datatype, shape=[size % 5]), raw=raw)
    for at in (length, cut):
        try:
            v2_json.decode(body, at)
        except BadRequest:
            continue
