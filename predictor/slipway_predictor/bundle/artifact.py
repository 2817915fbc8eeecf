"""From an artifact's verified bytes to a model, by the format its manifest gives."""

import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from slipway_contract import Manifest
from slipway_predictor.bundle import skops_file
from slipway_predictor.bundle.unpickle import unpickle
from slipway_predictor.bundle.versions import SCIKIT, Other, others
from slipway_predictor.engines import OnnxEngine

Format = Literal["sklearn", "skops", "onnx"]


@dataclass(frozen=True, slots=True)
class Artifact:
    """A loaded model."""

    estimator: Any
    """A fitted estimator, or an OnnxEngine."""
    made_with: str | None
    """The scikit-learn version it says it was made with, where that is not the one here."""
    others: tuple[Other, ...] = ()
    """Decisive libraries that are here in another version; their answers must be compared."""


def format_of(path: PurePath) -> Format:
    """Return the format a file's name tells; joblib or pickle if none."""
    suffixes: dict[str, Format] = {".skops": "skops", ".onnx": "onnx"}
    return suffixes.get(path.suffix.lower(), "sklearn")


def read_artifact(data: bytes, manifest: Manifest) -> Artifact:
    """Load the manifest's artifact from its verified bytes. Raises BundleError."""
    return decode(data, manifest.artifact, manifest.format, manifest.trusted or (), manifest.libraries)


def decode(
    data: bytes,
    shown: str,
    kind: Format,
    trusted: Collection[str] = (),
    libraries: Mapping[str, str] | None = None,
) -> Artifact:
    """Load an artifact that messages call `shown`. Unpickling runs code: verify the bytes first. Raises BundleError.

    `trusted`: types of a skops file to make objects of. `libraries`: the versions it is said to be made with.
    """
    libraries = libraries or {}
    if kind == "onnx":
        return Artifact(OnnxEngine(data, shown), None)
    with _versions() as seen:
        if kind == "skops":
            estimator = skops_file.load(data, shown, trusted)
        else:
            estimator = unpickle(data, shown, libraries)
    made_with = min(seen, default=None)
    told = dict(libraries) | ({SCIKIT: made_with} if made_with is not None else {})
    if made_with is None:  # scikit-learn would have said so
        told.pop(SCIKIT, None)
    return Artifact(estimator, made_with, tuple(others(told)))


@contextmanager
def _versions() -> Iterator[set[str]]:
    """Collect the scikit-learn versions that are not the one here, of what is loaded meanwhile."""
    from sklearn.exceptions import InconsistentVersionWarning

    seen: set[str] = set()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield seen
        seen |= {
            entry.message.original_sklearn_version
            for entry in caught
            if isinstance(entry.message, InconsistentVersionWarning)
        }
