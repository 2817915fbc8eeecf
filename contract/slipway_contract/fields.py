"""Inputs and outputs of a model as its contract describes them: type, bounds, and what to do with what is not in them.

Nothing here checks requests; `slipway_predictor.features` compiles these descriptions into whole-column checks.
"""

import math
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from slipway_contract.dtypes import CATEGORY, ORDERED, fits, reach_of

Scalar = bool | int | float | str


class ValueType(StrEnum):
    """What one value of an input or output is. Categories and timestamps (ISO 8601, UTC if no zone) travel as text."""

    FLOAT = "float"
    INT = "int"
    BOOL = "bool"
    STRING = "string"
    CATEGORY = "category"
    TIMESTAMP = "timestamp"


NUMBERS = frozenset({ValueType.FLOAT, ValueType.INT})
TEXTS = frozenset({ValueType.STRING, ValueType.CATEGORY, ValueType.TIMESTAMP})


def camel(name: str) -> str:
    """Return a Python name as the documents write it."""
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


class Strict(BaseModel):
    """The base of everything in a manifest: no unknown fields, no silent conversion, immutable."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=camel, populate_by_name=True
    )


Bound = Annotated[int | float, Field(allow_inf_nan=False)]


class Input(Strict):
    """One input of the pipeline: a named feature, or, with `columns`, a whole matrix of unnamed ones."""

    name: str = Field(min_length=1, description="The feature's name, or any name for a matrix.")
    type: ValueType = Field(strict=False)
    columns: int | None = Field(
        default=None, ge=1, description="Width of a matrix input; absent for one feature."
    )
    example: Scalar | list[Scalar] | None = Field(
        default=None,
        description="A typical value (median or most frequent), for the warm-up request and for documentation; "
        "absent means 0, false, the first of `values` or the empty string.",
    )
    minimum: Bound | None = Field(default=None, description="The smallest number, inclusive.")
    maximum: Bound | None = Field(default=None, description="The largest number, inclusive.")
    outside: Literal["reject", "allow"] = Field(
        default="reject",
        description="What becomes of a number outside minimum and maximum: `allow` only documents them.",
    )
    values: list[Scalar] | None = Field(
        default=None, min_length=1, description="The values there are; every category has them."
    )
    unknown: Literal["reject", "default", "allow"] = Field(
        default="reject", description="What becomes of a value that is not among `values`."
    )
    required: bool = Field(
        default=True,
        description="false: a request may leave the input out; then each row has a missing value.",
    )
    missing: Literal["reject", "default", "nan", "none"] = Field(
        default="reject",
        description="What becomes of a missing value (null, or NaN): `default` takes the default, `nan` and `none` hand "
        "it to the pipeline as that.",
    )
    default: Scalar | None = Field(
        default=None, description="The value to take where `missing` or `unknown` says so."
    )
    infinite: bool = Field(default=False, description="true: infinity is a number like any other.")
    dtype: str | None = Field(
        default=None,
        description="What the column is in the data frame that the pipeline gets, where that is not float64, int64, bool, "
        "object or datetime64[us]: a narrower number (int8 … uint64, float16, float32), another unit of time "
        "or a zone (datetime64[ns, Europe/Berlin]), or `category` (`ordered category`), whose categories are `values` in their order.",
    )

    @property
    def reach(self) -> tuple[float, float]:
        """The smallest and the largest number that is taken, by the enforced bounds and by what `dtype` holds."""
        low, high = (-math.inf, math.inf) if self.infinite else reach_of(self.dtype)
        if self.outside == "allow":
            return low, high
        return (
            low if self.minimum is None else max(low, self.minimum),
            high if self.maximum is None else min(high, self.maximum),
        )

    @property
    def width(self) -> int:
        """How many columns of the pipeline's table this input fills."""
        return self.columns or 1

    def with_changes(self, **changes: Any) -> Self:
        """Return the input with other rules. Raises ValueError where they contradict each other."""
        return self.model_validate(self.model_dump() | changes)

    @model_validator(mode="after")
    def _example_fits(self) -> Self:
        if self.example is None:
            return self
        values = self.example if isinstance(self.example, list) else [self.example]
        if isinstance(self.example, list) != (self.columns is not None) or len(values) != self.width:
            raise ValueError(f"example must hold {self.width} value(s), as a list only for a matrix")
        if not all(is_of(self.type, value) for value in values):
            raise ValueError(f"example is not a {self.type} (and finite)")
        if not all(self._allows(value) for value in values):
            raise ValueError("example breaks the input's own rules")
        return self

    @model_validator(mode="after")
    def _rules_fit(self) -> Self:
        if self.type not in NUMBERS and (self.minimum is not None or self.maximum is not None):
            raise ValueError(f"minimum and maximum are for numbers, not for a {self.type}")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("minimum is above maximum")
        bounds = [bound for bound in (self.minimum, self.maximum) if bound is not None]
        if self.type is ValueType.INT and not all(is_of(self.type, bound) for bound in bounds):
            raise ValueError("minimum and maximum of an int are whole numbers of 64 bits")
        if self.type is ValueType.CATEGORY and self.values is None:
            raise ValueError("a category needs its values")
        if self.values is not None and not all(is_of(self.type, value) for value in self.values):
            raise ValueError(f"values must all be of type {self.type}")
        if self.values is not None and not all(self._within(value) for value in self.values):
            raise ValueError("values must all be within minimum and maximum, and what dtype holds")
        if self.infinite and self.type is not ValueType.FLOAT:
            raise ValueError("infinite is for floats")
        return self

    @model_validator(mode="after")
    def _dtype_fits(self) -> Self:
        if self.dtype is None:
            return self
        if not fits(self.dtype, self.type):
            raise ValueError(f"dtype '{self.dtype}' is none that is kept for a {self.type}")
        if self.columns is not None:
            raise ValueError("dtype is for one feature, not for a matrix")
        if self.dtype in (CATEGORY, ORDERED) and self.values is None:
            raise ValueError(f"dtype '{self.dtype}' needs values, which are its categories")
        return self

    @model_validator(mode="after")
    def _gaps_fit(self) -> Self:
        if self.missing in ("nan", "none") and self.type in (ValueType.INT, ValueType.BOOL):
            raise ValueError(
                f"a {self.type} cannot be handed on as missing: make it a float, or give a default"
            )
        if self.missing == "none" and self.type is ValueType.FLOAT:
            raise ValueError("a missing float is handed on as nan")
        if self.default is None:
            if "default" in (self.missing, self.unknown):
                raise ValueError("`default` is named as the value to take, but there is none")
        elif not is_of(self.type, self.default):
            raise ValueError(f"default is not a {self.type} (and finite)")
        elif not self._allows(self.default):
            raise ValueError("default breaks the input's own rules")
        if not self.required and self.missing == "reject":
            raise ValueError("an input that is not required needs to say what a missing value becomes")
        return self

    def _allows(self, value: Scalar) -> bool:
        listed = self.values is None or self.unknown == "allow" or value in self.values
        return listed and self._within(value)

    def _within(self, value: Scalar) -> bool:
        low, high = self.reach
        return isinstance(value, str) or low <= value <= high


def is_of(kind: ValueType, value: Scalar) -> bool:
    """Return whether a plain value is of this type (and finite)."""
    match kind:
        case ValueType.BOOL:
            return isinstance(value, bool)
        case ValueType.STRING | ValueType.CATEGORY:
            return isinstance(value, str)
        case ValueType.TIMESTAMP:
            return isinstance(value, str) and _is_timestamp(value)
        case ValueType.INT:
            return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
        case ValueType.FLOAT:
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_timestamp(text: str) -> bool:
    """Return whether it is a time whose zone, if it has one, leaves it within the calendar."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True


class Output(Strict):
    """One output of the pipeline: `label` and `probability` of a classifier, `value` of a regressor.

    A classifier of several labels has `probability_0`, `probability_1`, … in their order, a detector of outliers `score`.
    """

    name: str = Field(min_length=1)
    type: ValueType = Field(strict=False)
    columns: int | None = Field(
        default=None, ge=1, description="Values a row; absent means one, and shape [n]."
    )
    classes: list[Scalar] | None = Field(
        default=None,
        description="Of a label: its classes, in the order of the probability columns. Of one of several probabilities: "
        "the classes of its label.",
    )
