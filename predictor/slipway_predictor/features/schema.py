"""The contract's inputs as JSON Schema, for the OpenAPI document: one schema for each tensor of the example request."""

import math
from typing import Any

from slipway_contract import Input, ValueType
from slipway_predictor.features.finite import LARGEST

_TYPES = {
    ValueType.FLOAT: "number",
    ValueType.INT: "integer",
    ValueType.BOOL: "boolean",
    ValueType.STRING: "string",
    ValueType.CATEGORY: "string",
    ValueType.TIMESTAMP: "string",
}
_INT64: dict[str, Any] = {"minimum": -(2**63), "maximum": 2**63 - 1}
# No rule, since many a model computes with any number; see serving.blame.
_REAL: dict[str, Any] = {
    "description": f"A model may refuse a number beyond ±{LARGEST:g} that it cannot compute with."
}


def data_schemas(inputs: list[Input]) -> list[dict[str, Any]]:
    """Return the schema of each tensor's `data`, in the form in which `example_request` gives it: one row."""
    if all(entry.type is ValueType.FLOAT for entry in inputs):
        return [_row([_value(entry) for entry in inputs for _ in range(entry.width)])]
    return [_row([_value(entry)] * entry.width) for entry in inputs]


def _row(values: list[dict[str, Any]]) -> dict[str, Any]:
    if all(value == values[0] for value in values):
        return {"type": "array", "items": values[0], "minItems": len(values), "maxItems": len(values)}
    return {"type": "array", "prefixItems": values, "minItems": len(values), "maxItems": len(values)}


def _value(entry: Input) -> dict[str, Any]:
    """Return the schema of one value that the rules let pass."""
    kinds = [_TYPES[entry.type]]
    schema: dict[str, Any] = dict({ValueType.INT: _INT64, ValueType.FLOAT: _REAL}.get(entry.type, {}))
    bounds = zip(("minimum", "maximum"), entry.reach, strict=True)
    schema |= {word: bound for word, bound in bounds if math.isfinite(bound)}
    if entry.type is ValueType.TIMESTAMP:
        schema["format"] = "date-time"
        if (entry.dtype or "").startswith("datetime64[ns"):
            schema["description"] = "A time between 1677-09-22 and 2262-04-11, which nanoseconds can tell."
    if entry.missing != "reject":
        kinds.append("null")
    if entry.values is not None and entry.unknown == "reject":
        schema["enum"] = [*entry.values, *([None] if "null" in kinds else [])]
    schema["type"] = kinds[0] if len(kinds) == 1 else kinds
    return schema
