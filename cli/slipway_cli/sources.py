"""Where a bundle's model comes from: a file, an MLflow model's folder, or an estimator in memory."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from slipway_contract import BundleError, Input
from slipway_predictor.bundle import Artifact, Format, decode, format_of, skops_file

if TYPE_CHECKING:
    import pandas as pd

Kept = Literal["joblib", "skops"]
"""How an estimator can be kept; an ONNX file stays what it is."""

_FORMATS: dict[Kept, Format] = {"joblib": "sklearn", "skops": "skops"}


@dataclass(frozen=True)
class Source:
    """A model's bytes, not yet loaded."""

    data: bytes
    shown: str
    """What messages call it."""
    format: Format
    trusted: list[str] = field(default_factory=list)
    """Types of a skops file that it comes with somebody's word for."""
    inputs: list[Input] | None = None
    """The inputs, where something beside the model tells them."""
    rows: "pd.DataFrame | None" = None
    """A few typical rows, where it comes with some."""


@dataclass(frozen=True)
class Model:
    """A loaded model, and the bytes that it is kept as."""

    artifact: Artifact
    data: bytes
    format: Format
    trusted: list[str]


def read_source(pipeline: Any) -> Source:
    """Return the model of a path or an estimator. Raises BundleError when it cannot be read, or pickled."""
    if not isinstance(pipeline, str | PathLike):
        return Source(dumped(pipeline), "the pipeline", "sklearn")
    path = Path(pipeline)
    if path.is_dir():
        from slipway_cli.mlflow_model import read_mlflow

        return read_mlflow(path)
    try:
        return Source(path.read_bytes(), str(path), format_of(path))
    except OSError as error:
        raise BundleError(f"the pipeline '{path}' cannot be read: {error.strerror or error}") from None


def load_source(source: Source, keep: Kept | None, trust: Sequence[str]) -> Model:
    """Load a source and, where `keep` asks for it, keep its estimator in another format. Raises BundleError.

    `trust`: types of a skops file, or packages, that the user vouches for.
    """
    words = [*trust, *source.trusted]
    trusted = skops_file.require_trust(source.data, source.shown, words) if source.format == "skops" else []
    artifact = decode(source.data, source.shown, source.format, trusted)
    if keep is None or _FORMATS[keep] == source.format:
        return Model(artifact, source.data, source.format, trusted)
    if source.format == "onnx":
        raise BundleError(f"'{source.shown}' is an ONNX file, which stays one: leave out --format")
    if keep == "joblib":
        return Model(artifact, dumped(artifact.estimator), "sklearn", [])
    data = skops_file.dump(artifact.estimator)
    trusted = skops_file.require_trust(data, source.shown, words)
    # Loaded once more: what will be served is what the file gives, not what it was made of.
    return Model(decode(data, source.shown, "skops", trusted), data, "skops", trusted)


def dumped(estimator: Any) -> bytes:
    """Return an estimator as a joblib file's bytes. Raises BundleError."""
    import joblib

    buffer = io.BytesIO()
    try:
        joblib.dump(estimator, buffer)
    except Exception as error:
        raise BundleError(
            f"the pipeline cannot be pickled ({type(error).__name__}: {error}): replace lambdas and local functions in it "
            "by functions of an installed module"
        ) from error
    return buffer.getvalue()


def read_wheels(paths: Sequence[str | PathLike[str]]) -> dict[str, bytes]:
    """Return wheels by their file names. Raises BundleError."""
    wheels = {}
    for path in map(Path, paths):
        if path.suffix != ".whl":
            raise BundleError(f"'{path}' is no wheel: build one with `pip wheel --no-deps FOLDER`")
        try:
            wheels[path.name] = path.read_bytes()
        except OSError as error:
            raise BundleError(f"the wheel '{path}' cannot be read: {error.strerror or error}") from None
    return wheels
