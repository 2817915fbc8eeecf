"""Long lists of numbers in a JSON body, read by our own C where it was compiled; without it everybody's JSON parser does.

One tensor's `data` is cut out of the body and read straight into an array; what is left of the body is small and goes
the ordinary way, with an empty list in its place.
"""

import ctypes
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

LIBRARY = Path(__file__).with_name("_numbers.so")
WORTH = 1024
"""Bytes of a body from which on this is the faster way."""
_LAYOUT = 1  # slipway_numbers_layout() in numbers.c
_KEY, _ESCAPE = b'"data"', b"\\"
_OPENS = re.compile(rb"[ \t\n\r]*:[ \t\n\r]*\[")


class Cut(NamedTuple):
    """A body without its numbers, and the numbers."""

    rest: bytes
    numbers: NDArray[np.float64]


def cut(body: bytes) -> Cut | None:
    """Take the one flat list of numbers out of a body; None where there is none, or not just one, or no library.

    Where nothing is escaped, the key found is a key, and the only one of its name. Whether it is the tensor's own is
    for the caller to see: the empty list stands where the numbers stood.
    """
    read = _reader()
    at = body.find(_KEY)
    if read is None or at < 0:
        return None
    opens = _OPENS.match(body, at + len(_KEY))
    if opens is None:
        return None
    start = opens.end() - 1
    most = (len(body) - start) // 2 + 1  # each has a digit, and a comma or the bracket
    numbers, count = np.empty(most), ctypes.c_int64()
    # The address as ctypes has it: asking numpy for it takes three times as long.
    place = ctypes.addressof(ctypes.c_char.from_buffer(numbers))  # type: ignore[arg-type]  # its stub knows only buffers
    end = read(body, start, len(body), place, most, ctypes.addressof(count))
    if end < 0 or body.find(_KEY, end) >= 0:
        return None
    rest = b"".join((body[:start], b"[]", body[end:]))
    return None if _ESCAPE in rest else Cut(rest, numbers[: count.value])


@cache
def _reader() -> Any:
    try:
        # The interpreter's lock is kept: handing it over costs more than a usual body does.
        library = ctypes.PyDLL(str(LIBRARY))
        if library.slipway_numbers_layout() != _LAYOUT:
            return None
        function = library.slipway_numbers_read
    except (OSError, AttributeError):
        return None
    function.argtypes = (
        *(ctypes.c_char_p, ctypes.c_int64, ctypes.c_int64),
        *(ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p),
    )
    function.restype = ctypes.c_int64
    return function
