"""A request that this model can answer, made from the contract's examples: for the warm-up and for the user's shell."""

from typing import Any

from slipway_contract import Input, ValueType

DATATYPE_OF = {
    ValueType.FLOAT: "FP64",
    ValueType.INT: "INT64",
    ValueType.BOOL: "BOOL",
    ValueType.STRING: "BYTES",
    ValueType.CATEGORY: "BYTES",
    ValueType.TIMESTAMP: "BYTES",
}
"""The protocol's datatype for each type of the contract."""

_TYPICAL: dict[ValueType, Any] = {
    ValueType.FLOAT: 0.0,
    ValueType.INT: 0,
    ValueType.BOOL: False,
    ValueType.STRING: "",
    ValueType.TIMESTAMP: "2026-01-01T00:00:00Z",
}


def example_request(inputs: list[Input]) -> dict[str, Any]:
    """Return a V2 infer request of one row as a JSON document: a single matrix if all inputs are floats."""
    return rows_request(inputs, [example_row(inputs)])


def example_row(inputs: list[Input]) -> list[Any]:
    """Return a value for every column of the inputs."""
    return [value for entry in inputs for value in _values(entry)]


def rows_request(inputs: list[Input], rows: list[list[Any]]) -> dict[str, Any]:
    """Return a V2 infer request of these rows, each with a value for every column of the inputs; None is missing."""
    if all(entry.type is ValueType.FLOAT for entry in inputs):
        name = inputs[0].name if len(inputs) == 1 else "input"
        return {"inputs": [_tensor(name, "FP64", rows)]}
    tensors = []
    start = 0
    for entry in inputs:
        part = [row[start : start + entry.width] for row in rows]
        tensors.append(_tensor(entry.name, DATATYPE_OF[entry.type], part))
        start += entry.width
    return {"inputs": tensors}


def _tensor(name: str, datatype: str, rows: list[list[Any]]) -> dict[str, Any]:
    data = [value for row in rows for value in row]
    return {"name": name, "datatype": datatype, "shape": [len(rows), len(rows[0])], "data": data}


def _values(entry: Input) -> list[Any]:
    values = entry.example if isinstance(entry.example, list) else [_one(entry)] * entry.width
    # A whole number of a float may be larger than JSON's are here.
    return [float(value) for value in values] if entry.type is ValueType.FLOAT else values


def _one(entry: Input) -> Any:
    """Return the example, else a value that the input's rules allow."""
    if entry.example is not None:
        return entry.example
    if entry.default is not None:
        return entry.default
    if entry.values is not None:
        return entry.values[0]
    low, high = entry.reach
    if low > 0:
        return low
    if high < 0:
        return high
    return _TYPICAL[entry.type]
