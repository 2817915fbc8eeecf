"""The types of a data frame's columns that a contract keeps beside its own, because a pipeline may go by them.

By pandas' names for them. A request has no place for them: `slipway_predictor.features` gives each column its own back.
"""

import math
import re

CATEGORY = "category"
ORDERED = "ordered category"

_WHOLE: dict[str, tuple[float, float]] = {
    f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32)
} | {f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32)}
_LARGEST = {"float16": 65504.0, "float32": (2 - 2**-23) * 2.0**127}
_TIME = re.compile(r"datetime64\[(s|ms|us|ns)(?:, ([A-Za-z0-9_+:/-]+))?\]")
_BY_TYPE = {
    "float": frozenset(_LARGEST),
    "int": frozenset({*_WHOLE, "uint64"}),
}


def fits(dtype: str, kind: str) -> bool:
    """Return whether a column of a contract's type may be kept as this one; categories are of any that has values."""
    if kind == "timestamp":
        return _TIME.fullmatch(dtype) is not None and dtype != "datetime64[us]"
    return dtype in _BY_TYPE.get(kind, ()) or dtype in (CATEGORY, ORDERED)


def without_zone(dtype: str) -> tuple[str, str | None]:
    """Return the type without its zone, as numpy has it, and the zone, if it is one of times in a zone."""
    if (found := _TIME.fullmatch(dtype)) is None:
        return dtype, None
    return f"datetime64[{found[1]}]", found[2]


def reach_of(dtype: str | None) -> tuple[float, float]:
    """Return the smallest and the largest number that such a column holds; infinite where every number fits."""
    if dtype is not None and dtype in _WHOLE:
        return _WHOLE[dtype]
    if dtype == "uint64":
        return 0, math.inf  # a request's whole numbers end at 63 bits
    largest = _LARGEST.get(dtype or "", math.inf)
    return -largest, largest
