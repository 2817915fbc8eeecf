"""The protocol's gRPC messages: what is wrong with one is a bad request, however much it holds."""

from typing import Any

import pytest

from slipway_predictor.protocol import BadRequest
from slipway_predictor.protocol.bounds import MOST_INPUTS
from slipway_predictor.serving.messages import from_message, parse
from slipway_predictor.serving.protobuf import pb


def message(*names: str, shape: tuple[int, ...] = (0,), datatype: str = "BYTES") -> Any:
    request = pb.ModelInferRequest(model_name="churn")
    for name in names:
        request.inputs.add(name=name, datatype=datatype, shape=shape)
    return request


def test_a_name_given_twice_is_named() -> None:
    with pytest.raises(BadRequest, match="input 'b' is given twice"):
        from_message(message("a", "b", "c", "b"))


def test_as_many_inputs_as_any_model_needs_are_read_and_no_more() -> None:
    names = [f"n{number}" for number in range(MOST_INPUTS)]
    assert len(from_message(message(*names)).inputs) == MOST_INPUTS
    with pytest.raises(BadRequest, match="holds 10001 inputs, more than 10000: send all columns as one"):
        from_message(message(*names, "more"))


@pytest.mark.parametrize("datatype", ["FP64", "FP16", "BOOL", "BYTES"])
@pytest.mark.parametrize("raw", [False, True])
def test_a_shape_without_values_whose_other_sizes_are_huge_is_refused(datatype: str, raw: bool) -> None:
    request = message("x", shape=(0, 2**31 - 1, 2**31 - 1, 2**31 - 1), datatype=datatype)
    if raw:
        request.raw_input_contents.append(b"")
    with pytest.raises(BadRequest, match=r"input 'x': shape .* too large for any array"):
        from_message(request)


@pytest.mark.parametrize("data", [b"\xff\xff\xff", b"\x0a\x02\xff\xfe", b"\x0a\x05a"])
def test_bytes_that_are_no_message_are_a_bad_request(data: bytes) -> None:
    with pytest.raises(BadRequest, match="no ModelInferRequest: they are broken protobuf, or a text"):
        parse(pb.ModelInferRequest, data)
