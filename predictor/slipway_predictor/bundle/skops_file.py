"""Artifacts kept by skops: estimators as data, loaded without running code.

skops makes objects of the types it knows to be harmless; of others only if they are named. Those names are the bundle's
`trusted`, which counts for as much as the bundle itself is trusted.
"""

import io
import json
import zipfile
from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from slipway_contract import BundleError

_SHOWN = 8
_SCHEMA = "schema.json"
_DAY = (1980, 1, 1, 0, 0, 0)  # the first that a zip file knows


def dump(estimator: Any) -> bytes:
    """Return a fitted estimator as a skops file's bytes, the same ones each time. Raises BundleError."""
    try:
        return _canonical(_skops("the pipeline").dumps(estimator))
    except Exception as error:
        raise BundleError(
            f"the pipeline cannot be kept by skops ({type(error).__name__}: {' '.join(str(error).split())}): use "
            "--format joblib"
        ) from error


def _canonical(data: bytes) -> bytes:
    """Return the file without what is of this process and moment alone: addresses, padding, the time."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        schema = json.loads(archive.read(_SCHEMA))
        names: dict[str, str] = {}
        _number(schema, {}, names)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as out:
            for old, new in names.items():
                out.writestr(zipfile.ZipInfo(new, _DAY), _padded(old, archive.read(old)))
            out.writestr(zipfile.ZipInfo(_SCHEMA, _DAY), json.dumps(schema, indent=2))
    return buffer.getvalue()


def _padded(name: str, data: bytes) -> bytes:
    """Return an array's file with zeros between the fields of its records, where memory has whatever was there."""
    if not name.endswith(".npy"):
        return data
    array = np.load(io.BytesIO(data), allow_pickle=False)
    if not array.dtype.names:
        return data
    clean = np.zeros(array.shape, array.dtype)  # zeros_like leaves the padding as it is
    for field in array.dtype.names:
        clean[field] = array[field]
    buffer = io.BytesIO()
    np.save(buffer, clean)
    return buffer.getvalue()


def _number(node: Any, ids: dict[Any, int], names: dict[str, str]) -> None:
    """Number in their order, in place, the objects of a schema and the files it names."""
    if isinstance(node, list):
        for one in node:
            _number(one, ids, names)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "__id__":
            node[key] = ids.setdefault(value, len(ids) + 1)
        elif key == "file" and isinstance(value, str):
            node[key] = names.setdefault(value, f"{len(names) + 1}{PurePosixPath(value).suffix}")
        else:
            _number(value, ids, names)


def untrusted(data: bytes, shown: str) -> list[str]:
    """Return the types in a file that skops does not vouch for. Raises BundleError when it is no such file."""
    try:
        return sorted(_skops(shown).get_untrusted_types(data=data))
    except Exception as error:
        raise _unreadable(shown, error) from None


def require_trust(data: bytes, shown: str, trusted: Collection[str]) -> list[str]:
    """Return the types of a file that only `trusted` vouches for: by their name, or their package's.

    Raises BundleError naming those that nobody vouches for.
    """
    types = untrusted(data, shown)
    if unknown := [name for name in types if not {name, name.split(".")[0]} & set(trusted)]:
        flags = " ".join(f"--trust {name}" for name in unknown[:_SHOWN])
        raise BundleError(
            f"'{shown}' holds types that skops does not vouch for: {listed(unknown)}; a file made by somebody else could "
            f"do harm with them. If you made it, or trust who did, say so: {flags}"
        )
    return types


def load(data: bytes, shown: str, trusted: Collection[str]) -> Any:
    """Return the estimator in a file, all of whose types skops or `trusted` must vouch for. Raises BundleError."""
    if unknown := [name for name in untrusted(data, shown) if name not in trusted]:
        raise BundleError(
            f"'{shown}' holds types that neither skops nor model.yaml's `trusted` vouches for: {listed(unknown)}; make the "
            "bundle anew with `slipway bundle create --format skops`, which asks about them"
        )
    try:
        return _skops(shown).loads(data, trusted=list(trusted))
    except ModuleNotFoundError as error:
        raise BundleError(
            f"'{shown}' cannot be loaded: it needs the Python module '{error.name}', which is not installed here; give its "
            "wheel to `slipway bundle create --code`, or add its package to the predictor's image"
        ) from None
    except Exception as error:
        raise _unreadable(shown, error) from error


def listed(names: list[str]) -> str:
    """Return some of the names for a sentence."""
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def _skops(shown: str) -> Any:
    try:
        import skops.io
    except ImportError:
        raise BundleError(f"{shown} needs skops, which is not installed here: pip install skops") from None
    return skops.io


def _unreadable(shown: str, error: Exception) -> BundleError:
    if isinstance(error, BundleError):
        return error
    return BundleError(
        f"'{shown}' is no skops file, or a damaged one ({type(error).__name__}: {' '.join(str(error).split())})"
    )
