"""What fields of the API are made of: durations, free-form parts, and CEL rules in a schema."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from slipway_operator.api.duration import PATTERN, parse_duration


def cel(*rules: tuple[str, str]) -> dict[str, Any]:
    """Schema extra: CEL rules as (expression, message)."""
    return {"x-kubernetes-validations": [{"rule": rule, "message": message} for rule, message in rules]}


def _check_duration(text: str) -> str:
    parse_duration(text)
    return text


Duration = Annotated[
    str,
    AfterValidator(_check_duration),
    Field(
        min_length=2,
        max_length=32,
        json_schema_extra=cel(
            (f"self.matches('{PATTERN}')", "must be a duration such as 90s, 5m or 1h30m"),
        ),
    ),
]
FreeForm = Annotated[
    dict[str, Any],
    Field(json_schema_extra={"x-kubernetes-preserve-unknown-fields": True, "additionalProperties": None}),
]
Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=40,
        json_schema_extra=cel(
            (
                "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
                "must be lower-case letters, digits and '-'",
            ),
        ),
    ),
]
Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2048,
        json_schema_extra=cel(("self.matches('^https?://[^/]+')", "must be an http:// or https:// URL")),
    ),
]


def few_of_a_name(message: str) -> Any:
    """A field's bounds: one to eight parts, each of another name, or else this message."""
    unique = "self.all(w, self.exists_one(v, v.name == w.name))"
    return Field(min_length=1, max_length=8, json_schema_extra=cel((unique, message)))
