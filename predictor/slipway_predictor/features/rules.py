"""One input's rules from the contract, compiled once into checks of a whole column.

A value that breaks a rule is named by its row, its input and the rule, and by nothing else of the request.
"""

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_contract import Input, ValueType
from slipway_contract.dtypes import CATEGORY, ORDERED, without_zone
from slipway_predictor.features.table import Categories, Zone
from slipway_predictor.protocol import DATATYPES, Rejected, Tensor

# Which kinds of tensor may stand for which type. Whole numbers sent as FP64 are common (data frames turn integers
# into floats), so they are taken where they lose nothing.
_TEXT = ("O", "BYTES")
_ACCEPTED: dict[ValueType, tuple[str, str]] = {
    ValueType.FLOAT: ("fiub", "FP64, FP32, FP16, BOOL or an integer type"),
    ValueType.INT: ("iuf", "an integer type, or a float type holding whole numbers"),
    ValueType.BOOL: ("biuf", "BOOL, or a number type holding 0 and 1"),
    ValueType.STRING: _TEXT,
    ValueType.CATEGORY: _TEXT,
    ValueType.TIMESTAMP: _TEXT,
}
_DTYPES: dict[ValueType, Any] = {
    ValueType.FLOAT: np.dtype(np.float64),
    ValueType.INT: np.dtype(np.int64),
    ValueType.BOOL: np.dtype(np.bool_),
    ValueType.STRING: np.dtype(np.object_),
    ValueType.CATEGORY: np.dtype(np.object_),
    ValueType.TIMESTAMP: np.dtype("datetime64[us]"),
}
_INT64_END = 2.0**63
_NANOSECONDS = np.dtype("datetime64[ns]")
_NANOSECONDS_END = np.timedelta64(2**63 // 1000, "us")  # from 1970 on, either way
_SHOWN = 5  # allowed values in a message
_LONGEST = 60  # characters of a value in a message

Mask = NDArray[np.bool_]
Column = tuple[NDArray[Any], int]
"""Values [n, width] as the pipeline's type, and for how many of them the contract's default stands in."""


class Rule:
    """The compiled rules of one input."""

    def __init__(self, entry: Input) -> None:
        self.name = entry.name
        self.type = entry.type
        self.width = entry.width
        self.required = entry.required
        self._missing = entry.missing
        self._unknown = entry.unknown
        self._default = _plain(entry.type, entry.default)
        self._gap = _gap(entry)
        self._infinite = entry.infinite
        self.kind = _kind(entry)
        self._dtype = _dtype(entry)
        low, high = entry.reach
        self._low = None if math.isinf(low) else low
        self._high = None if math.isinf(high) else high
        self._values = None
        if entry.values is not None and entry.unknown != "allow":
            self._values = frozenset(_plain(entry.type, value) for value in entry.values)

    @property
    def plain(self) -> bool:
        """Whether any finite float within bounds passes as it is: then one check does for many columns at once."""
        return self._dtype == _DTYPES[ValueType.FLOAT] and not self._values and self.kind is None

    @property
    def fills(self) -> bool:
        """Whether its default may stand in for what a request does not say, or says wrongly."""
        return "default" in (self._missing, self._unknown)

    @property
    def bounds(self) -> tuple[float, float]:
        """The enforced bounds of a number; infinite where there are none."""
        low = -math.inf if self._low is None else float(self._low)
        return low, math.inf if self._high is None else float(self._high)

    def absent(self, rows: int) -> NDArray[Any]:
        """Return a column [rows, width] of missing values, for an input the request leaves out."""
        if self.type in (ValueType.FLOAT, ValueType.INT, ValueType.BOOL):
            return np.full((rows, self.width), np.nan)
        return np.full((rows, self.width), None, dtype=object)

    def apply(self, tensor: Tensor | None, values: NDArray[Any]) -> Column:
        """Return `values` ([n, width], a part of `tensor` or a column of `absent`) as the pipeline wants them.

        Raises Rejected naming the first row that breaks a rule.
        """
        kinds, wanted = _ACCEPTED[self.type]
        if tensor is not None and DATATYPES[tensor.datatype].kind not in kinds:
            raise Rejected(f"input '{self.name}' takes {wanted}, not {tensor.datatype}", self.name)
        if values.dtype.kind == "O":
            return self._texts(values)
        if values.dtype.kind != "f":
            return self._numbers(values)
        with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN
            values = values.astype(np.float64, copy=False)  # bounds are compared in full width
        gaps = np.isnan(values)
        if not gaps.any():
            return self._numbers(values)
        if self._missing == "reject":
            self._require(~gaps, values, "is missing (null or NaN), a value is needed")
        stand_in = self._default if self._missing == "default" else self._neutral()
        answer, filled = self._numbers(np.where(gaps, stand_in, values))
        if self._missing == "nan":
            answer[gaps] = np.nan
        return answer, filled + (int(gaps.sum()) if self._missing == "default" else 0)

    def _neutral(self) -> float:
        """Return a number that passes the rules, to stand in a gap while the others are checked."""
        if self._values:
            return float(next(iter(self._values)))
        return float(min(max(0.0, self.bounds[0]), self.bounds[1]))

    def _numbers(self, values: NDArray[Any]) -> Column:
        if values.dtype.kind == "f" and not self._infinite:
            self._require(np.isfinite(values), values, "must be a finite number")
        if self.type is ValueType.INT:
            self._require_int64(values)
        elif self.type is ValueType.BOOL:
            self._require((values == 0) | (values == 1), values, "must be 0 or 1")
        if self._low is not None:
            self._require(values >= self._low, values, f"must be at least {self._low}")
        if self._high is not None:
            self._require(values <= self._high, values, f"must be at most {self._high}")
        converted, filled = values.astype(_DTYPES[self.type], copy=False), 0
        if self._values is not None:
            converted, filled = self._known(converted, np.isin(converted, list(self._values)))
        return converted.astype(self._dtype, copy=False), filled

    def _require_int64(self, values: NDArray[Any]) -> None:
        if values.dtype.kind == "f":
            fits = (values == np.trunc(values)) & (values >= -_INT64_END) & (values < _INT64_END)
            self._require(fits, values, "must be a whole number of 64 bits")
        elif values.dtype == np.uint64:
            self._require(values < np.uint64(2**63), values, "must be a whole number of 64 bits")

    def _texts(self, values: NDArray[Any]) -> Column:
        gaps = np.array([value is None for value in values.flat], dtype=bool).reshape(values.shape)
        if gaps.any() and self._missing == "reject":
            self._require(~gaps, values, "is missing (null), a value is needed")
        answer = self._timestamps(values, gaps) if self.type is ValueType.TIMESTAMP else values.copy()
        filled = int(gaps.sum()) if self._missing == "default" else 0
        if self._values is not None:
            known = [value in self._values for value in answer.flat]
            answer, unknown = self._known(answer, np.array(known, dtype=bool).reshape(values.shape) | gaps)
            filled += unknown
        answer = answer.astype(self._dtype, copy=False)
        if gaps.any():
            answer[gaps] = self._gap
        return answer, filled

    def _timestamps(self, values: NDArray[Any], gaps: Mask) -> NDArray[Any]:
        answer = np.zeros(values.shape, dtype=_DTYPES[ValueType.TIMESTAMP])
        for place in zip(*np.nonzero(~gaps), strict=True):
            try:
                answer[place] = _timestamp(values[place])
            except (ValueError, OverflowError):  # the latter: its zone takes it out of the calendar
                self._require_at(place, values, "must be a time like 2026-05-01T12:30:00Z")
        if self._dtype == _NANOSECONDS:
            near = np.abs(answer - np.datetime64(0, "us")) < _NANOSECONDS_END
            self._require(near, values, "must be a time between 1677-09-22 and 2262-04-11")
        return answer

    def _known(self, values: NDArray[Any], known: Mask) -> Column:
        """Return values with the unknown ones replaced by the default, if the rule says so."""
        if self._unknown == "default":
            filled = np.where(known, values, np.array(self._default, dtype=values.dtype))
            return filled, int((~known).sum())
        self._require(known, values, f"must be one of {self._listed()}")
        return values, 0

    def _listed(self) -> str:
        names = sorted(map(str, self._values or ()))
        shown = ", ".join(names[:_SHOWN])
        return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"

    def _require(self, fits: Mask, values: NDArray[Any], rule: str) -> None:
        if not fits.all():
            self._require_at(tuple(np.argwhere(~fits)[0]), values, rule)

    def _require_at(self, place: tuple[Any, ...], values: NDArray[Any], rule: str) -> None:
        where = f"row {place[0]}" if values.shape[1] == 1 else f"row {place[0]}, column {place[1]}"
        value = values[place]
        shown = "null" if value is None else str(value)
        if len(shown) > _LONGEST:
            shown = f"{shown[:_LONGEST]}…"
        raise Rejected(f"input '{self.name}', {where}: {shown} {rule}", self.name)


def _kind(entry: Input) -> Categories | Zone | None:
    """Return what the pipeline's column is beyond numpy's types."""
    if entry.dtype in (CATEGORY, ORDERED):
        return Categories(tuple(entry.values or ()), ordered=entry.dtype == ORDERED)
    zone = without_zone(entry.dtype or "")[1]
    return None if zone is None else Zone(zone)


def _dtype(entry: Input) -> np.dtype[Any]:
    """Return the type of the pipeline's column, as far as numpy has one."""
    dtype: np.dtype[Any] = _DTYPES[entry.type]
    if entry.dtype is None or entry.dtype in (CATEGORY, ORDERED):
        return dtype
    return np.dtype(without_zone(entry.dtype)[0])


def _plain(kind: ValueType, value: Any) -> Any:
    """Return a contract's scalar as the column holds it."""
    return _timestamp(value) if kind is ValueType.TIMESTAMP and value is not None else value


def _gap(entry: Input) -> Any:
    """Return what a missing text becomes in the pipeline's column."""
    if entry.missing == "default":
        return _plain(entry.type, entry.default)
    if entry.type is ValueType.TIMESTAMP:
        return np.datetime64("NaT")
    return np.nan if entry.missing == "nan" else None


def _timestamp(text: str) -> np.datetime64:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(moment, "us")
