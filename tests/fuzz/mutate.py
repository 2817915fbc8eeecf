"""Inputs that are nearly right: seeded, so that a number gives the same input again.

Random bytes never get past the first check. These begin with an input that is right and change it a little, as a
document or as bytes, so that each check behind the first is reached as well.
"""

import copy
import json
import random
import struct
from collections.abc import Callable
from typing import Any

Mutation = Callable[[random.Random], bytes]

ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 8, 29, 31, 2**31 - 1, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1,
    2**64, 10**400, 0.5, -0.0, 1e308, 5e-324, 1e-400, float("nan"), float("inf"), -float("inf"), "", " ", "a", "FP64",
    "FP32", "FP16", "INT64", "UINT8", "BOOL", "BYTES", "BF16", "é\u2028\U0001f600", "\x00", "x" * 300, "2026-01-01",
    "2026-01-01T00:00:00Z", "0001-01-01", "9999-12-31T23:59:59+23:59",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", [], {}, [[]], [{}], [None], [1, [2]], [[1], [2]],
    [0] * 64, {"": 0}, {"binary_data_size": 8}, {"binary_data_size": -1}, {"binary_data": True},
    {"binary_data_output": True}, {"content_type": "pd"},
)  # fmt: skip
TEXTS: tuple[tuple[bytes, bytes], ...] = (
    (b"1", b"1e999"), (b"1", b"NaN"), (b"1", b"-Infinity"), (b"1", b"01"), (b"1", b"9" * 400), (b"1", b"0x1"),
    (b'"', b"'"), (b'"', b'"\\ud800'), (b'"', b'"\\u0000'), (b'"', b'"\xff'), (b'"', b'"\xc0\xaf'), (b"{", b"[" * 2000),
    (b"{", b'{"a":' * 2000), (b"}", b""), (b"]", b",]"), (b":", b"::"), (b",", b",,"), (b"[", b"[[[["),
    (b"{", b'{"inputs":[],'), (b"{", b'{"name":"y",'), (b"{", b"\xef\xbb\xbf{"),
)  # fmt: skip


def document(seed: Any, rng: random.Random) -> bytes:
    """Return a JSON document, changed at some places, sometimes in ways that only its text can be."""
    changed = copy.deepcopy(seed)
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        changed = _at_some_place(changed, rng)
    text = json.dumps(changed, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    if rng.random() < 0.3:
        old, new = rng.choice(TEXTS)
        text = text.replace(old, new, rng.choice((1, 1, 3)))
    return raw(text, rng) if rng.random() < 0.2 else text


def empty_shape(rng: random.Random) -> list[int]:
    """Return the shape of a tensor without values, whose other sizes may be any."""
    shape = [rng.choice((0, 1, 2, 3, 2**16, 2**31 - 1)) for _ in range(rng.randrange(8))]
    shape.insert(rng.randrange(len(shape) + 1), 0)
    return shape


def raw(data: bytes, rng: random.Random) -> bytes:
    """Return bytes with a few changed, taken out, doubled or put in."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(out) + 1)
        length = rng.choice((1, 1, 2, 4, 16))
        match rng.randrange(5):
            case 0:
                out[at : at + length] = rng.randbytes(length)
            case 1:
                del out[at : at + length]
            case 2:
                out[at:at] = rng.randbytes(length)
            case 3:
                out[at:at] = out[at : at + 64]
            case _:
                number = rng.choice((0, 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1))
                out[at : at + 8] = struct.pack("<Q", number)[: rng.choice((4, 8))]
    return bytes(out[: rng.randrange(len(out) + 1)]) if rng.random() < 0.1 else bytes(out)


def _at_some_place(value: Any, rng: random.Random) -> Any:
    """Return `value` with one place in it, however deep, changed."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice(list(value))
        match rng.randrange(8):
            case 0:
                del value[key]
            case 1:
                value[rng.choice(("name", "id", "outputs", "parameters", "data", "more", ""))] = _odd(rng)
            case 2:
                value[f"{key} "] = value.pop(key)
            case _:
                value[key] = _at_some_place(value[key], rng)
        return value
    if isinstance(value, list) and value and rng.random() < 0.85:
        at = rng.randrange(len(value))
        match rng.randrange(8):
            case 0:
                del value[at]
            case 1:
                value.insert(at, copy.deepcopy(value[at]))
            case 2:
                value.insert(at, _odd(rng))
            case 3:
                return [value]
            case _:
                value[at] = _at_some_place(value[at], rng)
        return value
    return _odd(rng)


def _odd(rng: random.Random) -> Any:
    return copy.deepcopy(rng.choice(ODD))
