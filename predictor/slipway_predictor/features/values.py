"""Whole-array checks of one input's values against its type in the contract."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_contract import ValueType
from slipway_predictor.protocol import BadRequest, Tensor

# Which kinds of tensor may stand for which type. Whole numbers sent as FP64 are common (data frames turn integers
# into floats), so they are taken where they lose nothing.
_ACCEPTED: dict[ValueType, tuple[str, str]] = {
    ValueType.FLOAT: ("fiu", "FP64, FP32, FP16 or an integer type"),
    ValueType.INT: ("iuf", "an integer type, or a float type holding whole numbers"),
    ValueType.BOOL: ("biuf", "BOOL, or a number type holding 0 and 1"),
    ValueType.STRING: ("O", "BYTES"),
}
_DTYPES: dict[ValueType, Any] = {
    ValueType.FLOAT: np.float64,
    ValueType.INT: np.int64,
    ValueType.BOOL: np.bool_,
    ValueType.STRING: np.object_,
}
_INT64_END = 2.0**63


def convert(name: str, kind: ValueType, tensor: Tensor, values: NDArray[Any]) -> NDArray[Any]:
    """Return `values` (a part of `tensor`, shape [n, k]) as the numpy type of `kind`.

    Raises BadRequest naming the input and the first row that does not fit.
    """
    kinds, wanted = _ACCEPTED[kind]
    if values.dtype.kind not in kinds:
        raise BadRequest(f"input '{name}' takes {wanted}, not {tensor.datatype}")
    if values.dtype.kind == "f":
        _require(np.isfinite(values), name, values, "must be a finite number")
    if kind is ValueType.INT:
        _require_int64(name, values)
    elif kind is ValueType.BOOL:
        _require((values == 0) | (values == 1), name, values, "must be 0 or 1")
    return values.astype(_DTYPES[kind], copy=False)


def _require_int64(name: str, values: NDArray[Any]) -> None:
    if values.dtype.kind == "f":
        fits = (values == np.trunc(values)) & (values >= -_INT64_END) & (values < _INT64_END)
        _require(fits, name, values, "must be a whole number of 64 bits")
    elif values.dtype == np.uint64:
        _require(values < np.uint64(2**63), name, values, "must be a whole number of 64 bits")


def _require(fits: NDArray[np.bool_], name: str, values: NDArray[Any], rule: str) -> None:
    if fits.all():
        return
    row, column = np.argwhere(~fits)[0]
    place = f"row {row}" if values.shape[1] == 1 else f"row {row}, column {column}"
    raise BadRequest(f"input '{name}', {place}: {values[row, column]} {rule}")
