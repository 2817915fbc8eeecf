"""The manifest, `model.yaml`: its types, its reading with errors people can act on, and its canonical bytes.

Canonical means: the same manifest always renders to the same bytes, because the bundle's digest is taken over them.
So nothing in it depends on the day, the machine or the folder.
"""

import posixpath
from collections import Counter
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, StringConstraints, ValidationError, model_validator

from slipway_contract.digest import HEX
from slipway_contract.errors import BundleError
from slipway_contract.fields import Input, Output, Strict

# A name is a path segment of /v2/models/{name} and a version one of /versions/{version}: no slash, nothing to escape.
Segment = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9._]{0,126}[A-Za-z0-9])?$")]
Sha256 = Annotated[str, StringConstraints(pattern=f"^{HEX}$")]


class Manifest(Strict):
    """A whole `model.yaml`."""

    api_version: Literal["slipway.dev/v1alpha1"] = "slipway.dev/v1alpha1"
    kind: Literal["ModelBundle"] = "ModelBundle"
    name: Segment = Field(description="The model's name, as in /v2/models/{name}.")
    version: Segment = Field(description="What people call this version.")
    format: Literal["sklearn", "skops", "onnx"] = Field(
        default="sklearn",
        description="How the artifact is kept: `sklearn` is a joblib file or pickle, which runs code when it is loaded; "
        "skops and onnx run none.",
    )
    artifact: str = Field(min_length=1, description="The fitted pipeline's file, relative to the folder.")
    trusted: list[str] | None = Field(
        default=None,
        min_length=1,
        description="Types in a skops file that skops itself does not vouch for; who made the bundle does.",
    )
    code: list[str] | None = Field(
        default=None,
        min_length=1,
        description="Wheels with classes that the pipeline is made of, below code/; imported from the bundle, never "
        "installed.",
    )
    inputs: list[Input] = Field(min_length=1)
    outputs: list[Output] = Field(min_length=1)
    max_rows: int | None = Field(default=None, ge=1, description="The most rows one request may hold.")
    engine: str | None = Field(
        default=None,
        description="A file with the pipeline as plain numbers, which answers as it does without the artifact and its "
        "libraries being loaded.",
    )
    golden: str | None = Field(
        default=None, description="A file of rows with the pipeline's own answers to them, to compare with."
    )
    reference: str | None = Field(
        default=None,
        description="A file with the distributions of the training data, to measure drift against.",
    )
    libraries: dict[str, str] = Field(
        description="Versions the artifact was made with, by distribution name."
    )
    files: dict[str, Sha256] = Field(description="sha256 of every file but this one, by relative path.")

    @property
    def runs_code(self) -> bool:
        """Whether loading the bundle runs code it brings, or makes objects of types it names: then it must be trusted."""
        return self.format == "sklearn" or bool(self.code or self.trusted)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for path in self.files:
            _require_plain_path(path)
        for word in ("artifact", "engine", "golden", "reference"):
            path = getattr(self, word)
            if path is not None and path not in self.files:
                raise ValueError(f"{word} '{path}' is not listed under files")
        for path in self.code or ():
            if not (path.startswith("code/") and path.endswith(".whl") and path in self.files):
                raise ValueError(f"code '{path}' is not a wheel below code/ that is listed under files")
        if self.trusted and self.format != "skops":
            raise ValueError("trusted is for format skops: the others have no types to trust one by one")
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
    except (OverflowError, UnicodeEncodeError) as error:  # pydantic's own checks stumble over these
        raise BundleError(
            f"model.yaml is not a valid manifest: it holds a number beyond any float, or half a character: {error}"
        ) from None


def render_manifest(manifest: Manifest) -> bytes:
    """Return the canonical bytes of `model.yaml` for this manifest."""
    document = manifest.model_dump(mode="json", by_alias=True, exclude_none=True)
    # Rules at their defaults are left out, so that a contract reads as what is particular about it.
    document["inputs"] = [
        entry.model_dump(mode="json", by_alias=True, exclude_defaults=True) for entry in manifest.inputs
    ]
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
