"""JSON as Python writes it: NaN and infinity are read, and nothing else is that a strict parser refuses."""

import json
import math
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_contract import Input
from slipway_predictor.features import Intake
from slipway_predictor.protocol import BadRequest, Rejected, v1_json, v2_json
from slipway_predictor.protocol.lenient import parse

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_beside_nan_all_is_read_as_without_it(value: Any) -> None:
    strict = parse(json.dumps([value, None]).encode())
    assert parse(json.dumps([value, math.nan]).encode()) == strict
    assert parse(json.dumps([value, math.inf], ensure_ascii=False).encode()) == [strict[0], math.inf]


@pytest.mark.parametrize(
    "text",
    [
        b"[1e999, NaN]", b"[-1e999, Infinity]", b"[" + b"9" * 400 + b", NaN]", b"[" + b"9" * 5000 + b", NaN]",
        b'["\\ud800", NaN]', b'{"\\ud800": NaN}', b'["\xff", NaN]', b"\xef\xbb\xbf[NaN]", b"[NaN", b"[NaN,]", b"[01, NaN]",
        b"[.5, NaN]", b"[1., NaN]", b"['a', NaN]", b'["\n", NaN]', b"[-NaN]", b"[+Infinity]", b"[nan]", b"[Inf]",
        b"[NaN]" + b"[" * 100_000, b"[" * 100_000 + b"NaN", "[NaN]".encode("utf-16"), b"[\xd9\xa3, NaN]",
    ],
)  # fmt: skip
def test_what_is_wrong_besides_stays_wrong(text: bytes) -> None:
    with pytest.raises(BadRequest, match="the body is not JSON"):
        parse(text)


def test_words_in_text_are_text() -> None:
    assert parse(b'["NaN", "Infinity"]') == ["NaN", "Infinity"]
    assert parse(b'["\\u004eaN", "-Infinity", NaN, "\\ud83d\\ude00"]') == [
        "NaN",
        "-Infinity",
        None,
        "\U0001f600",
    ]


def body(*row: float) -> bytes:
    entry = {"name": "x", "datatype": "FP64", "shape": [1, len(row)], "data": list(row)}
    return json.dumps({"inputs": [entry]}).encode()


def table(data: bytes, **rules: Any) -> Any:
    intake = Intake([Input(name="x", type="float", columns=2, **rules)], framed=False)
    return np.asarray(intake.table(v2_json.decode(data).inputs)).tolist()[0]


def test_the_contract_takes_or_refuses_them() -> None:
    one, gap = table(body(1, math.nan), missing="nan")
    assert (one, math.isnan(gap)) == (1, True)
    assert table(body(-math.inf, math.inf), infinite=True) == [-math.inf, math.inf]
    with pytest.raises(
        Rejected, match=r"'x', row 0, column 1: nan is missing \(null or NaN\), a value is needed"
    ):
        table(body(1, math.nan))
    with pytest.raises(Rejected, match="'x', row 0, column 0: -inf must be a finite number"):
        table(body(-math.inf, 1), missing="nan")


@pytest.mark.parametrize("datatype", ["FP32", "FP16", "INT64"])
def test_every_datatype_of_numbers_may_have_gaps(datatype: str) -> None:
    data = body(1, math.nan).replace(b"FP64", datatype.encode()).replace(b"1.0", b"1")
    assert np.isnan(v2_json.decode(data).inputs[0].array).tolist() == [[False, True]]


def test_the_older_protocol_takes_them_too() -> None:
    (tensor,) = v1_json.decode(b'{"instances": [{"a": 1.5}, {"a": NaN}]}', ["a"]).inputs
    assert np.isnan(tensor.array).tolist() == [False, True]


def test_a_strict_body_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json, "loads", lambda *_, **__: pytest.fail("read again"))
    assert parse(orjson.dumps({"a": "NaN"})) == {"a": "NaN"}
