"""ONNX files through onnxruntime: one thread, many rows a call.

A file is its own reference: it has nothing else to be equal to. Files of the usual converters answer as scikit-learn
does (`label` and `probability`, or `value`); others keep the names of their outputs.
"""

import math
from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slipway_contract import BundleError, Input, Output, ValueType
from slipway_predictor.engines.base import Cost, output_of
from slipway_predictor.features import Table

_KINDS: dict[str, tuple[ValueType, Any]] = {
    "tensor(float)": (ValueType.FLOAT, np.float32),
    "tensor(double)": (ValueType.FLOAT, np.float64),
    "tensor(float16)": (ValueType.FLOAT, np.float16),
    "tensor(int64)": (ValueType.INT, np.int64),
    "tensor(int32)": (ValueType.INT, np.int32),
    "tensor(int16)": (ValueType.INT, np.int16),
    "tensor(int8)": (ValueType.INT, np.int8),
    "tensor(bool)": (ValueType.BOOL, np.bool_),
    "tensor(string)": (ValueType.STRING, object),
}
_REAL = ("tensor(float)", "tensor(double)")


class _Taken(NamedTuple):
    """One of the file's inputs: so many columns of the table, in the shape and type it takes."""

    name: str
    type: ValueType
    dtype: Any
    width: int
    shape: tuple[int, ...]


class OnnxEngine:
    """A model in an ONNX file's bytes. Raises BundleError when it cannot be run, or takes what no request can hold."""

    name = "onnx"
    framed = False
    steady = True

    def __init__(self, data: bytes, shown: str) -> None:
        self.cost: Cost | None = None
        self._session = _session(data, shown)
        self._taken = [_taken(entry, shown) for entry in self._session.get_inputs()]
        self._named = _named(self._session.get_outputs())
        self.n_features_in_ = sum(one.width for one in self._taken)
        # Inputs of one column each are columns by name, as a pipeline's are: data must have them, in this order.
        named = len(self._taken) > 1 and all(one.width == 1 for one in self._taken)
        self.feature_names_in_ = [one.name for one in self._taken] if named else None

    @property
    def inputs(self) -> list[Input]:
        """The contract's inputs as far as the file tells them."""
        return [
            Input(name=one.name, type=one.type, columns=one.width if one.width > 1 else None)
            for one in self._taken
        ]

    def predict(self, table: Table, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
        """Return the named outputs, as the Engine interface says."""
        names = [self._named[output] for output in outputs]
        answers = self._session.run(names, self._feed(table))
        return {output: _column(output, answer) for output, answer in zip(outputs, answers, strict=True)}

    def describe(self, table: Table) -> list[Output]:
        """Return the outputs, as the Reference interface says."""
        answers = self._session.run(list(self._named.values()), self._feed(table))
        described = []
        for name, answer in zip(self._named, answers, strict=True):
            array = _column(name, answer)
            if len(array) != len(table):
                raise BundleError(
                    f"the model's output '{name}' has {len(array)} rows for {len(table)}: it must have a row each"
                )
            described.append(output_of(name, array))
        return described

    def _feed(self, table: Table) -> dict[str, NDArray[Any]]:
        feed, start = {}, 0
        with np.errstate(over="ignore"):  # what is too large for a float32 becomes infinity
            for one in self._taken:
                part = np.asarray(table)[:, start : start + one.width]
                feed[one.name] = part.astype(one.dtype).reshape(len(part), *one.shape)
                start += one.width
        return feed


def _session(data: bytes, shown: str) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise BundleError(
            f"'{shown}' is an ONNX file, and onnxruntime is not installed here: pip install onnxruntime"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own exceptions have no common base
        raise BundleError(
            f"'{shown}' cannot be loaded as ONNX: {' '.join(str(error).split())[:500]}; it must be one file, with its "
            "weights inside, of operators that this onnxruntime has"
        ) from None


def _taken(entry: Any, shown: str) -> _Taken:
    if entry.type not in _KINDS:
        raise BundleError(
            f"'{shown}' takes input '{entry.name}' of type {entry.type}, which a request cannot carry: use one of "
            f"{', '.join(_KINDS)}"
        )
    rows, *rest = entry.shape or [1]
    if isinstance(rows, int):
        raise BundleError(
            f"'{shown}' takes exactly {rows} row(s) a call in input '{entry.name}': export it with a free first dimension"
        )
    if not all(isinstance(size, int) and size > 0 for size in rest):
        raise BundleError(
            f"'{shown}' does not say how many columns input '{entry.name}' has ({entry.shape}): export it with all "
            "dimensions but the first one fixed"
        )
    return _Taken(entry.name, *_KINDS[entry.type], math.prod(rest), tuple(rest))


def _named(outputs: list[Any]) -> dict[str, str]:
    """Return the file's output behind each of ours."""
    kinds = [(output.type, output.shape) for output in outputs]
    if len(kinds) == 2 and _is_label(*kinds[0]) and _is_probability(*kinds[1]):
        return {"label": outputs[0].name, "probability": outputs[1].name}
    if len(kinds) == 1 and kinds[0][0] in _REAL and list(kinds[0][1])[1:] in ([], [1]):
        return {"value": outputs[0].name}
    return {output.name: output.name for output in outputs}


def _is_label(kind: str, shape: list[Any]) -> bool:
    return kind in ("tensor(int64)", "tensor(string)") and list(shape)[1:] in ([], [1])


def _is_probability(kind: str, shape: list[Any]) -> bool:
    return kind.startswith("seq(map(") or (kind in _REAL and len(shape) == 2)


def _column(name: str, answer: Any) -> NDArray[Any]:
    """Return an answer as [n] or [n, k]: maps from class to probability by their keys' order, a row flat."""
    if isinstance(answer, list):
        return np.array([list(row.values()) for row in answer])
    array = np.atleast_1d(np.asarray(answer))
    if name in ("label", "value"):
        return array.reshape(-1)
    return array if array.ndim < 3 else array.reshape(len(array), -1)
