"""Serving a model file that is no bundle: a contract is inferred from the model, loosely, and a bundle made of both.

That bundle lies in a temporary folder while the predictor runs, so that everything after this, workers included, is as
with any other. The safety is the same, too: a pickle in a cluster needs the file's own digest, or to be allowed.
"""

import hashlib
import logging
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from slipway_contract import MANIFEST_NAME, Bundle, BundleError, Input, Manifest, checksums, write_bundle
from slipway_predictor.errors import CannotServe
from slipway_predictor.monitoring import logs
from slipway_predictor.settings import Settings

if TYPE_CHECKING:
    from slipway_predictor.bundle import Artifact, Format

SUFFIXES = (".joblib", ".pkl", ".pickle", ".skops", ".onnx")
_VERSION = "0"

_log = logging.getLogger(logs.LOGGER)


def model_file(path: Path) -> Path | None:
    """Return the model file that is to be served bare: `path` itself, or the only one in a folder without model.yaml."""
    if path.is_file():
        return path
    if not path.is_dir() or (path / MANIFEST_NAME).exists():
        return None
    files = [
        entry for entry in sorted(path.iterdir()) if entry.suffix.lower() in SUFFIXES and entry.is_file()
    ]
    return files[0] if len(files) == 1 else None


@contextmanager
def as_bundle(settings: Settings) -> Iterator[Settings]:
    """Give settings that serve a bundle: the given ones, or those of a bundle made of a bare file.

    Raises BundleError when no contract can be inferred, CannotServe when the file must not be loaded.
    """
    path = model_file(settings.folder)
    if path is None:
        yield settings
        return
    logs.configure()
    with tempfile.TemporaryDirectory(prefix="slipway-") as scratch:
        bundle = wrap(path, Path(scratch) / "bundle", settings)
        yield replace(settings, folder=bundle.root, digest=bundle.digest)


def wrap(path: Path, out: Path, settings: Settings) -> Bundle:
    """Make a bundle of a bare model file in `out`. Raises as `as_bundle` does."""
    from slipway_predictor.bundle import decode, format_of, skops_file

    try:
        data = path.read_bytes()
    except OSError as error:
        raise BundleError(f"'{path}' cannot be read: {error.strerror or error}") from None
    kind = format_of(path)
    types = skops_file.untrusted(data, path.name) if kind == "skops" else []
    _require_trust(path, data, settings, risky=kind == "sklearn" or bool(types))
    if types:
        _log.warning("taking %s of types that skops does not vouch for: %s", path, skops_file.listed(types))
    return _made(path, out, data, kind, types, decode(data, path.name, kind, types))


def _require_trust(path: Path, data: bytes, settings: Settings, *, risky: bool) -> None:
    """Refuse a file that is not the one with the given digest or, in a cluster, may run code and has none."""
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    if settings.digest is not None:
        if settings.digest != digest:
            raise BundleError(
                f"'{path}' is not the file that was asked for: its digest is {digest}, expected {settings.digest}"
            )
        return
    if not risky:
        return
    if settings.in_cluster and not settings.allow_unverified:
        raise CannotServe(
            f"'{path}' runs code when it is loaded, and no digest was given to trust it by: set the deployment's "
            f"spec.model.digest to {digest} if this is the file you made, or allowUnverified"
        )
    _log.warning("loading %s, which runs the code in it; to pin this very file: --digest %s", path, digest)


def _made(
    path: Path, out: Path, data: bytes, kind: "Format", types: list[str], artifact: "Artifact"
) -> Bundle:
    from slipway_predictor.bundle.infer import inferred_inputs, loosened, outputs_of
    from slipway_predictor.bundle.versions import SCIKIT
    from slipway_predictor.engines import reference_engine

    engine = reference_engine(artifact.estimator)
    try:
        inputs = inferred_inputs(artifact.estimator)
        outputs = outputs_of(engine, inputs)
    except BundleError:
        raise
    except Exception as error:
        raise BundleError(
            f"no contract can be inferred for '{path}': on a row of zeros it raised {type(error).__name__}: "
            f"{' '.join(str(error).split())}; {_PROPER}"
        ) from error
    inputs = loosened(engine, inputs)
    _say(inputs)
    name = f"model{path.suffix.lower()}"
    manifest = Manifest(
        name=_segment(path.stem),
        version=_VERSION,
        format=kind,
        artifact=name,
        trusted=types or None,
        inputs=inputs,
        outputs=outputs,
        libraries={} if artifact.made_with is None else {SCIKIT: artifact.made_with},
        files=checksums({name: data}),
    )
    return write_bundle(out, manifest, {name: data})


_PROPER = "make a bundle with `slipway bundle create --pipeline FILE --data FRAME`"


def _say(inputs: Sequence[Input]) -> None:
    columns = sum(entry.width for entry in inputs)
    gaps = " or missing" if any(entry.missing == "nan" for entry in inputs) else ""
    _log.warning(
        "no model.yaml: the contract is inferred from the model, loosely: %d column(s), numbers of any size%s, no ranges, "
        "no categories, no golden rows; %s",
        columns,
        gaps,
        _PROPER,
    )


def _segment(stem: str) -> str:
    """Return a model's name for a file's."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:100] or "model"
