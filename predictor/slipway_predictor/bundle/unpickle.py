"""Turning an artifact's bytes into an object. Unpickling runs code: callers verify the bytes first.

A failure is told in one sentence with what to do, because it ends up in the pod's termination message.
"""

import io
from collections.abc import Mapping
from typing import Any

from slipway_contract import BundleError
from slipway_predictor.bundle.versions import installed


def unpickle(data: bytes, name: str, libraries: Mapping[str, str]) -> Any:
    """Load a joblib or pickle artifact.

    `name` is what messages call it, `libraries` the versions it is said to be made with (may be empty).
    Raises BundleError naming the cause: truncated, not a pickle, a module or a class that is missing.
    """
    import joblib

    try:
        return joblib.load(io.BytesIO(data))
    except ModuleNotFoundError as error:
        raise BundleError(
            f"'{name}' cannot be loaded: it needs the Python module '{error.name}', which is not installed here; "
            f"{_remedy(error.name)}{_differences(libraries)}"
        ) from None
    except Exception as error:
        raise BundleError(
            f"'{name}' cannot be loaded: {_reason(error, data)}{_differences(libraries)}"
        ) from error


def _remedy(module: str | None) -> str:
    if module == "cloudpickle":
        return "it was saved by cloudpickle with functions inside: add cloudpickle to the predictor's image"
    return (
        "give its wheel to `slipway bundle create --code`, add its package to the predictor's image, or build the pipeline "
        "without it"
    )


def _reason(error: Exception, data: bytes) -> str:
    if not data:
        return "the file is empty"
    text = " ".join(str(error).split())
    if isinstance(error, EOFError) or "truncated" in text or "end of the file" in text:
        return f"the file is cut short ({len(data)} bytes): save or copy the pipeline again"
    if isinstance(error, AttributeError) and "attribute" in text:
        if "__main__" in text:
            return (
                f"{text}; its class or function was defined in a script or notebook: move it into a module, make a wheel of "
                "it, fit again, and give the wheel to `slipway bundle create --code`"
            )
        return (
            f"{text}; a class or function it was saved with is not there under that name: install the version it was made "
            "with, or give that one's wheel to `slipway bundle create --code`"
        )
    return f"it is no pickle of a pipeline, or a damaged one ({type(error).__name__}: {text})"


def _differences(libraries: Mapping[str, str]) -> str:
    """Return a note on libraries whose version differs from the one the artifact was made with, or nothing."""
    notes = [
        f"{name} {made} (here {here})"
        for name, made in libraries.items()
        if (here := installed(name)) != made
    ]
    return f"; it was made with {', '.join(notes)}" if notes else ""
