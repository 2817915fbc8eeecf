"""An engine held to the outputs that the contract promises: their shape, their type, and numbers that are numbers.

Looked at once a call, for all the requests that are answered by it; where a call gives something else, the queue asks
again in parts, until only the requests that it was for are left.
"""

from collections.abc import Collection, Sequence
from typing import Any

from numpy.typing import NDArray

from slipway_contract import Output, ValueType
from slipway_predictor.engines import Engine
from slipway_predictor.features import DATATYPE_OF, Table
from slipway_predictor.features.finite import all_finite
from slipway_predictor.protocol import DATATYPES, ModelFailed
from slipway_predictor.protocol.messages import strings


class HeldEngine:
    """An engine whose answers are what the contract promises; else it raises ModelFailed."""

    def __init__(self, engine: Engine, outputs: Sequence[Output]) -> None:
        self.name = engine.name
        self.cost = engine.cost
        self._engine = engine
        self._forms = {output.name: _Form(output) for output in outputs}

    def predict(self, table: Table, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
        """Return the named outputs, as the Engine interface says. Raises ModelFailed as well."""
        answers, rows = self._engine.predict(table, outputs), len(table)
        return {name: self._forms[name].held(answers[name], rows) for name in outputs}


class _Form:
    """One output as the contract promises it."""

    def __init__(self, output: Output) -> None:
        self._name = output.name
        self._dtype = DATATYPES[DATATYPE_OF[output.type]].dtype
        self._columns = output.columns
        self._real = output.type is ValueType.FLOAT

    def held(self, answer: NDArray[Any], rows: int) -> NDArray[Any]:
        """Return an answer as the promised array. Raises ModelFailed when it is none."""
        expected = (rows,) if self._columns is None else (rows, self._columns)
        if answer.shape != expected:
            raise ModelFailed(
                f"the model's {self._name} has shape {list(answer.shape)}, expected {list(expected)}"
            )
        if self._dtype.kind == "O":
            return strings([str(v) for v in answer.flat]).reshape(expected)
        array = answer if answer.dtype == self._dtype else answer.astype(self._dtype)
        if self._real and not all_finite(array):
            raise ModelFailed(f"the model's {self._name} holds NaN or infinity, which is no answer")
        return array
