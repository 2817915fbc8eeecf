"""Turning an artifact's bytes into an object. Unpickling runs code: callers verify the bytes first.

A failure is told in one sentence with what to do, because it ends up in the pod's termination message.
"""

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slipway_contract import BundleError
from slipway_predictor.bundle.versions import installed


@dataclass(frozen=True, slots=True)
class Unpickled:
    """An artifact's object, and the scikit-learn version it was made with where that is not the installed one."""

    estimator: Any
    made_with: str | None


def unpickle(data: bytes, name: str, libraries: Mapping[str, str]) -> Unpickled:
    """Load a joblib or pickle artifact.

    `name` is what messages call it, `libraries` the versions it is said to be made with (may be empty).
    Raises BundleError naming the cause: truncated, not a pickle, a module that is missing, another library version.
    """
    import joblib
    from sklearn.exceptions import InconsistentVersionWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            estimator = joblib.load(io.BytesIO(data))
        except ModuleNotFoundError as error:
            raise BundleError(
                f"'{name}' cannot be loaded: it needs the Python module '{error.name}', which is not installed here; "
                f"add its package to the predictor's image, or build the pipeline without it{_differences(libraries)}"
            ) from None
        except Exception as error:
            raise BundleError(
                f"'{name}' cannot be loaded: {_reason(error, data)}{_differences(libraries)}"
            ) from error
    versions = {
        entry.message.original_sklearn_version
        for entry in caught
        if isinstance(entry.message, InconsistentVersionWarning)
    }
    return Unpickled(estimator, made_with=min(versions, default=None))


def _reason(error: Exception, data: bytes) -> str:
    if not data:
        return "the file is empty"
    text = " ".join(str(error).split())
    if isinstance(error, EOFError) or "truncated" in text or "end of the file" in text:
        return f"the file is cut short ({len(data)} bytes): save or copy the pipeline again"
    if isinstance(error, AttributeError) and "attribute" in text:
        return f"{text}; a class or function it was saved with is not there under that name"
    return f"it is no pickle of a pipeline, or a damaged one ({type(error).__name__}: {text})"


def _differences(libraries: Mapping[str, str]) -> str:
    """Return a note on libraries whose version differs from the one the artifact was made with, or nothing."""
    notes = [
        f"{name} {made} (here {here})"
        for name, made in libraries.items()
        if (here := installed(name)) != made
    ]
    return f"; it was made with {', '.join(notes)}" if notes else ""
