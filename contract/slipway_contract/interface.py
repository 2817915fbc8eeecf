"""What clients see of a model: inputs, outputs and the most rows of a request; the part of a manifest that two versions
are compared by.

The predictor offers it as JSON and the operator reads it, each perhaps of another release: fields that are unknown here
are left out of the comparison instead of failing it.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from slipway_contract.errors import BundleError
from slipway_contract.fields import Input, Output, Strict
from slipway_contract.manifest import Manifest

Entry = TypeVar("Entry", bound=Strict)


@dataclass(frozen=True, slots=True)
class Interface:
    """What a model takes and what it answers."""

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    max_rows: int | None = None

    @classmethod
    def of(cls, manifest: Manifest) -> "Interface":
        """Return the interface of a bundle."""
        return cls(tuple(manifest.inputs), tuple(manifest.outputs), manifest.max_rows)

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON document, named as in `model.yaml`; what is at its default is left out."""
        document: dict[str, Any] = {"inputs": _plain(self.inputs), "outputs": _plain(self.outputs)}
        return document if self.max_rows is None else {**document, "maxRows": self.max_rows}


def parse_interface(document: Any) -> Interface:
    """Read what `Interface.to_json` gave. Raises BundleError naming the first part that is wrong."""
    if not isinstance(document, dict):
        raise BundleError("the contract is not a JSON object")
    rows = document.get("maxRows")
    if rows is not None and (type(rows) is not int or rows < 1):
        raise BundleError("the contract is not valid: maxRows must be a whole number above 0")
    return Interface(_read(Input, document, "inputs"), _read(Output, document, "outputs"), rows)


def _plain(entries: tuple[Strict, ...]) -> list[dict[str, Any]]:
    return [entry.model_dump(mode="json", by_alias=True, exclude_defaults=True) for entry in entries]


def _read(kind: type[Entry], document: dict[str, Any], word: str) -> tuple[Entry, ...]:
    entries = document.get(word)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BundleError(f"the contract is not valid: {word} must be a list of objects")
    known = {field.alias or name for name, field in kind.model_fields.items()}
    kept = [{key: value for key, value in entry.items() if key in known} for entry in entries]
    try:
        return tuple(kind.model_validate(entry) for entry in kept)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or word
        raise BundleError(f"the contract is not valid: {word}: {where}: {first['msg']}") from None
