"""Compressed bodies: read up to the limit, whatever they unpack to."""

import gzip
import zlib

import pytest

from slipway_predictor.protocol import BadRequest, TooLarge
from slipway_predictor.serving.bodies import inflate


def test_both_encodings_are_read() -> None:
    assert inflate(gzip.compress(b"hello"), "gzip", 10) == b"hello"
    assert inflate(zlib.compress(b"hello"), "deflate", 10) == b"hello"


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
    ],
)
def test_damaged_data_is_a_bad_request(body: bytes, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        inflate(body, "gzip", 1000)
