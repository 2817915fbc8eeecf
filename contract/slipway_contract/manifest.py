"""The manifest, `model.yaml`: its types, its reading with errors people can act on, and its canonical bytes.

Canonical means: the same manifest always renders to the same bytes, because the bundle's digest is taken over them.
So nothing in it depends on the day, the machine or the folder.
"""

import math
import posixpath
from collections import Counter
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from slipway_contract.digest import HEX
from slipway_contract.errors import BundleError

# A name is a path segment of /v2/models/{name} and a version one of /versions/{version}: no slash, nothing to escape.
Segment = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9._]{0,126}[A-Za-z0-9])?$")]
Sha256 = Annotated[str, StringConstraints(pattern=f"^{HEX}$")]
Scalar = bool | int | float | str


class ValueType(StrEnum):
    """What one value of an input or output is."""

    FLOAT = "float"
    INT = "int"
    BOOL = "bool"
    STRING = "string"


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=_camel, populate_by_name=True
    )


class Input(_Strict):
    """One input of the pipeline: a named feature, or, with `columns`, a whole matrix of unnamed ones."""

    name: str = Field(min_length=1, description="The feature's name, or any name for a matrix.")
    type: ValueType = Field(strict=False)
    columns: int | None = Field(
        default=None, ge=1, description="Width of a matrix input; absent for one feature."
    )
    example: Scalar | list[Scalar] | None = Field(
        default=None,
        description="A typical value (median or most frequent), for the warm-up request and for documentation; "
        "absent means 0, false or the empty string.",
    )

    @property
    def width(self) -> int:
        """How many columns of the pipeline's table this input fills."""
        return self.columns or 1

    @model_validator(mode="after")
    def _example_fits(self) -> Self:
        if self.example is None:
            return self
        values = self.example if isinstance(self.example, list) else [self.example]
        if isinstance(self.example, list) != (self.columns is not None) or len(values) != self.width:
            raise ValueError(f"example must hold {self.width} value(s), as a list only for a matrix")
        if not all(_is_of(self.type, value) for value in values):
            raise ValueError(f"example is not a {self.type} (and finite)")
        return self


def _is_of(kind: ValueType, value: Scalar) -> bool:
    match kind:
        case ValueType.BOOL:
            return isinstance(value, bool)
        case ValueType.STRING:
            return isinstance(value, str)
        case ValueType.INT:
            return isinstance(value, int) and not isinstance(value, bool)
        case ValueType.FLOAT:
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


class Output(_Strict):
    """One output of the pipeline: `label` and `probability` of a classifier, `value` of a regressor."""

    name: str = Field(min_length=1)
    type: ValueType = Field(strict=False)
    columns: int | None = Field(
        default=None, ge=1, description="Values a row; absent means one, and shape [n]."
    )
    classes: list[Scalar] | None = Field(
        default=None, description="For a label: its classes, in the order of the probability columns."
    )


class Manifest(_Strict):
    """A whole `model.yaml`."""

    api_version: Literal["slipway.dev/v1alpha1"] = "slipway.dev/v1alpha1"
    kind: Literal["ModelBundle"] = "ModelBundle"
    name: Segment = Field(description="The model's name, as in /v2/models/{name}.")
    version: Segment = Field(description="What people call this version.")
    format: Literal["sklearn"] = "sklearn"
    artifact: str = Field(min_length=1, description="The fitted pipeline's file, relative to the folder.")
    inputs: list[Input] = Field(min_length=1)
    outputs: list[Output] = Field(min_length=1)
    libraries: dict[str, str] = Field(
        description="Versions the artifact was made with, by distribution name."
    )
    files: dict[str, Sha256] = Field(description="sha256 of every file but this one, by relative path.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for path in self.files:
            _require_plain_path(path)
        if self.artifact not in self.files:
            raise ValueError(f"artifact '{self.artifact}' is not listed under files")
        _require_unique("input", [one.name for one in self.inputs])
        _require_unique("output", [one.name for one in self.outputs])
        return self


def _require_unique(word: str, names: list[str]) -> None:
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise ValueError(f"{word} '{name}' is listed {times} times")


def _require_plain_path(path: str) -> None:
    """Refuse everything but a relative path that stays below the folder, written in its shortest form."""
    plain = (
        path == posixpath.normpath(path)
        and not path.startswith("/")
        and path.split("/")[0] not in (".", "..")
    )
    if not plain or "\\" in path or "\0" in path:
        raise ValueError(f"file {path!r} is not a plain path below the bundle's folder")


class _Loader(yaml.SafeLoader):
    """Safe YAML without aliases: a manifest needs none, and they can make a small file stand for a huge one."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not allowed")
        return super().compose_node(parent, index)


def parse_manifest(text: bytes) -> Manifest:
    """Read a manifest from the bytes of `model.yaml`.

    Raises BundleError naming the first field that is wrong.
    """
    try:
        document: Any = yaml.load(text, _Loader)  # noqa: S506 (a SafeLoader, see above)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise BundleError(f"model.yaml is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict):
        raise BundleError(
            "model.yaml is not a manifest: it must be a mapping that starts with apiVersion and kind"
        )
    try:
        return Manifest.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise BundleError(f"model.yaml is not a valid manifest: {where}: {first['msg']}") from None


def render_manifest(manifest: Manifest) -> bytes:
    """Return the canonical bytes of `model.yaml` for this manifest."""
    document = manifest.model_dump(mode="json", by_alias=True, exclude_none=True)
    document["files"] = dict(sorted(document["files"].items()))
    document["libraries"] = dict(sorted(document["libraries"].items()))
    text = _dump(document, allow_unicode=True)
    if (
        yaml.safe_load(text) != document
    ):  # the dumper leaves a few control characters unescaped that the reader folds
        text = _dump(document, allow_unicode=False)
    return text.encode()


def _dump(document: dict[str, Any], *, allow_unicode: bool) -> str:
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=allow_unicode, width=2**31)
    return text
