"""Numbers read by our own C are those that a JSON parser gives, to the last bit."""

import json
import random
import struct

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_predictor.protocol import BadRequest, numbers, v2_json

SPACE = st.text(" \t\n\r", max_size=2)


@pytest.fixture(autouse=True)
def compiled():
    """The checkout's own library: `make venv` compiles it."""
    assert numbers._reader() is not None, f"{numbers.LIBRARY} is missing or old: run `make venv` anew"


def body(data: str, rows=1, width=None, **more: str) -> bytes:
    width = data.count(",") + 1 if width is None else width
    fields = {"name": '"x"', "datatype": '"FP64"', "shape": f"[{rows},{width}]", "data": data, **more}
    inner = ",".join(f'"{key}":{value}' for key, value in fields.items())
    return f'{{"inputs":[{{{inner}}}]}}'.encode()


def same(text: str) -> None:
    """The list is read as orjson and numpy read it, or not at all."""
    found = numbers.cut(body(text))
    if found is not None:
        wanted = np.array(orjson.loads(text), dtype=np.float64)
        assert found.numbers.tobytes() == wanted.tobytes(), text
        assert orjson.loads(found.rest)["inputs"][0]["data"] == []


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), SPACE)
def test_doubles(values, space):
    same("[" + f"{space},{space}".join(map(repr, values)) + "]")


@given(st.lists(st.integers(-(10**22), 10**22), min_size=1))
def test_whole_numbers(values):
    same(json.dumps(values))


@given(st.integers(0, 10**19), st.integers(0, 30), st.integers(0, 10**19))
def test_zeros_before_and_within_a_fraction(whole, zeros, part):
    same(f"[{whole}.{'0' * zeros}{part},0.{'0' * zeros}{part}]")


@given(
    st.lists(
        st.from_regex(r" ?-?(0|[1-9][0-9]{0,16})(\.[0-9]{1,16})?", fullmatch=True), min_size=1, max_size=40
    )
)
def test_numbers_of_few_digits(texts):
    assert numbers.cut(body(f"[{','.join(texts)}]")) is not None or max(map(len, texts)) > len(
        "-0.12345678901234"
    )
    same(f"[{','.join(texts)}]")


@given(st.text("0123456789", min_size=1, max_size=24), st.integers(0, 24), st.integers(0, 0x7F))
def test_what_is_no_digit_is_found_at_every_place(digits, place, other):
    text = f"[{digits[:place]}{chr(other)}{digits[place:]}]"
    found = numbers.cut(body(text))
    try:
        json.loads(text)
    except ValueError:
        if found is not None:  # the list ends earlier, and what follows is left for the parser to refuse
            with pytest.raises(ValueError):
                orjson.loads(found.rest)
    else:
        same(text)


@given(st.integers(0, 10**19), st.integers(0, 10**19), st.integers(-30, 30), st.booleans())
def test_decimals_and_exponents(whole, part, exponent, negative):
    same(f"[{'-' * negative}{whole}.{part}e{exponent}]")


def test_halves_between_two_doubles_are_rounded_to_even():
    chance = random.Random(5)
    for _ in range(3000):
        low = struct.unpack(
            "d", struct.pack("Q", chance.randrange(0x3CB, 0x433) << 52 | chance.getrandbits(52))
        )[0]
        half = (2 * int(low * 2**60) + int(np.spacing(low) * 2**60)) / 2**61
        digits, _, exponent = f"{half:.18e}".partition("e")
        same(f"[{digits.replace('.', '')}e{int(exponent) - 18}]")


@pytest.mark.parametrize(
    "text", ["[0]", "[-0]", "[-0.0]", "[0.0e0]", "[1e19]", "[ 1\n,\t2 ]", "[9007199254740993]"]
)
def test_edges_are_read(text):
    assert numbers.cut(body(text)) is not None
    same(text)


@pytest.mark.parametrize(
    "text",
    [
        "[]", "[01]", "[1.]", "[.5]", "[1e]", "[1e+]", "[+1]", "[1,]", "[1 2]", "[null]", "[[1]]", "[NaN]", "[1",
        "[-]", "[1e400]", "[12345678901234567890]", "[1e-400]", "[true]", '["1"]', "[0x1]", "[1e99999999999]", "[--1]",
        "[1234567/]", "[12345678:]", "[0.1234567é]", "[0.123456789é1]", "[100000000000000000000000000000000000000]",
    ],
)  # fmt: skip
def test_what_is_no_list_of_such_numbers_is_left_alone(text):
    assert numbers.cut(body(text)) is None


LONG = "[" + ",".join(str(value / 7) for value in range(200)) + "]"


@pytest.mark.parametrize(
    "text",
    [
        body(LONG, 2, 100),
        body(LONG, 2, 100).replace(b":", b" :\n ").replace(b",", b", "),
        body(LONG, 2, 99),
        body(LONG, 2, 100, datatype='"FP32"'),
        body(LONG, 2, 100, parameters='{"binary_data":false}'),
        body(LONG, 2, 100, name='"data"'),
        body(LONG, 2, 100).replace(b'"data"', b'"d\\u0061ta"'),
        body(LONG, 2, 100, **{"d\\u0061ta": "[1,2]"}),
        body("[1,2]", 2, 100).replace(b'"data":[1,2]', f'"d\\u0061ta":[1,2],"data":{LONG}'.encode()),
        body(LONG, 2, 100).replace(b'"inputs"', b'"id":"7","inputs"'),
        body("[1]", 1, 1).replace(b'"data":[1]', b'"values":' + LONG.encode()),
        b'{"data":' + LONG.encode() + b',"inputs":[{"name":"x","datatype":"FP64","shape":[1,1]}]}',
        body(LONG, 2, 100) + b"x",
        body(LONG, 2, 100)[:-1],
        body("[", 2, 100, name=f'"{"x" * numbers.WORTH}"')[:-3],
        body("[1,2]", name=f'"{"x" * numbers.WORTH}"', **{"d\\u0061ta": "[]"}),
        body(
            "[3]", 1, 2, name='{"x\\"data":[1,2]}', id=f'"{"x" * numbers.WORTH}"', **{"d\\u0061ta": "[]"}
        ).replace(b'"data":[3],', b""),
    ],
    ids=range(17),
)
def test_a_body_means_what_it_meant(text, monkeypatch):
    assert len(text) > numbers.WORTH
    monkeypatch.setattr(v2_json, "WORTH", len(text))
    quick = _decoded(text)
    monkeypatch.setattr(v2_json, "WORTH", len(text) + 1)
    assert quick == _decoded(text)


def _decoded(text):
    try:
        request = v2_json.decode(text)
    except BadRequest as error:
        return str(error)
    (tensor,) = request.inputs
    return request.id, tensor.name, tensor.datatype, tensor.array.shape, tensor.array.tobytes()


def test_without_the_library_bodies_are_read_as_ever(monkeypatch):
    monkeypatch.setattr(numbers, "_reader", lambda: None)
    assert numbers.cut(body(LONG, 2, 100)) is None
    assert _decoded(body(LONG, 2, 100))[3] == (2, 100)
