"""Compressed bodies: read up to the limit, whatever they unpack to."""

import gzip
import random
import zlib

import pytest

from slipway_predictor.protocol import BadRequest, TooLarge
from slipway_predictor.serving.bodies import inflate


def test_both_encodings_are_read() -> None:
    assert inflate(gzip.compress(b"hello"), "gzip", 10) == b"hello"
    assert inflate(zlib.compress(b"hello"), "deflate", 10) == b"hello"


def test_members_one_after_the_other_are_one_content() -> None:
    body = gzip.compress(b"hel") + gzip.compress(b"") + gzip.compress(b"lo")
    assert inflate(body, "gzip", 5) == b"hello"
    with pytest.raises(TooLarge):
        inflate(body, "gzip", 4)
    large = bytes(range(256)) * 4096
    parts = [random.Random(1).randbytes(200_000), large]
    assert inflate(b"".join(map(gzip.compress, parts)), "x-gzip", 2_000_000) == b"".join(parts)


def test_many_members_are_refused_before_they_cost_much() -> None:
    member = gzip.compress(b"")
    assert inflate(member * 1000, "gzip", 10) == b""
    with pytest.raises(BadRequest, match=f"{len(member)} bytes follow the end"):
        inflate(member * 1001, "gzip", 10)


def test_a_small_body_that_unpacks_to_a_huge_one_is_too_large() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    assert len(bomb) < 10_000
    with pytest.raises(TooLarge, match="larger than 1000 bytes"):
        inflate(bomb, "gzip", 1000)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"plain", "no gzip data"),
        (gzip.compress(b"hello")[:-3], "cut short"),
        (b"", "cut short"),
        (gzip.compress(b"hello")[:-8] + b"\0" * 8, "no gzip data"),
        (gzip.compress(b"hello") + b"rubbish", "7 bytes follow the end of the body's gzip data"),
        (gzip.compress(b"hello") + b"\x1f", "1 bytes follow the end"),
        (gzip.compress(b"hello") + gzip.compress(b"you")[:-3], "cut short"),
        (gzip.compress(b"hello") + b"\x1f\x8b rubbish", "no gzip data"),
    ],
)
def test_damaged_data_is_a_bad_request(body: bytes, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        inflate(body, "gzip", 1000)


def test_deflate_has_one_part() -> None:
    with pytest.raises(BadRequest, match="bytes follow the end of the body's deflate data"):
        inflate(zlib.compress(b"hello") * 2, "deflate", 100)
