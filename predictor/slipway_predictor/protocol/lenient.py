"""A body as a JSON document: strict, and where that fails with NaN or Infinity in the text, as Python's own json writes it.

Clients that send numpy arrays write a missing value as NaN. It is read as null, which it is to the contract, too, and
infinity as the number it is: the contract takes it, or refuses it by name. All else stays as strict as it was.
"""

import json
import math
from typing import Any

import orjson

from slipway_predictor.protocol.errors import BadRequest

_CONSTANTS = {"NaN": None, "Infinity": math.inf, "-Infinity": -math.inf}


def parse(body: bytes | memoryview) -> Any:
    """Return what the body holds. Raises BadRequest."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        text = bytes(body)
        if b"NaN" not in text and b"Infinity" not in text:
            raise BadRequest(f"the body is not JSON: {error}") from None
    try:
        return _with_constants(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON: {error}") from None


def _with_constants(text: bytes) -> Any:
    """Read JSON that may hold NaN and Infinity. Raises ValueError and RecursionError."""
    document = json.loads(
        text.decode(), parse_constant=_CONSTANTS.__getitem__, parse_float=_real, parse_int=_whole
    )
    if b"\\u" in text:  # perhaps for half a character, which has no place in any text that is written
        try:
            orjson.dumps(document)
        except TypeError as error:
            raise ValueError(error) from None
    return document


def _real(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("a number is beyond any double")
    return number


def _whole(digits: str) -> int | float:
    """Return a whole number, as a float where it has no place in 64 bits."""
    number = int(digits) if len(digits) < 21 else 2**64
    return number if -(2**63) <= number < 2**64 else _real(digits)
