"""A bundle's model, ready to be put behind its contract: by the engine that came with it, else by its own library."""

import logging
from dataclasses import dataclass
from typing import Literal

import orjson

from slipway_contract import Bundle, BundleError, Manifest
from slipway_predictor.bundle.artifact import read_artifact
from slipway_predictor.bundle.fit import Shape, require_fit
from slipway_predictor.bundle.golden import Golden, differing, read_golden, require_equal
from slipway_predictor.bundle.versions import Other
from slipway_predictor.bundle.wheels import bring_code
from slipway_predictor.engines import (
    Choice,
    Engine,
    Reference,
    Unreadable,
    choose,
    describe,
    open_ahead,
    reference_engine,
    spare_arrays,
    unpack,
)
from slipway_predictor.features import Intake, Table, example_request
from slipway_predictor.monitoring.logs import LOGGER
from slipway_predictor.protocol import RequestError, v2_json

_log = logging.getLogger(LOGGER)

Warned = Literal["engine_file", "engine_parity", "library_version"]
"""What may not be as it should be at load, though the model is served; a metric counts them."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A model that fits its contract."""

    choice: Choice
    intake: Intake
    golden: Golden | None
    """The bundle's golden rows, if it has any."""
    warnings: tuple[Warned, ...] = ()


def prepare(bundle: Bundle, *, compiled: bool) -> Prepared:
    """Load a verified bundle's model; `compiled` false: as its own library alone. Raises BundleError.

    The engine's file is plain numbers. Only where there is none, or it is of no use here, is the artifact loaded, which
    may run code, and its library imported, which takes most of a second.
    """
    if not compiled or bundle.manifest.engine is None:
        return _from_artifact(bundle, compiled=compiled)
    try:
        return _from_engine(bundle, bundle.manifest.engine)
    except _Useless as reason:
        _log.warning(
            "%s in the bundle is not used, the pipeline itself is loaded: %s", bundle.manifest.engine, reason
        )
        found = _from_artifact(bundle, compiled=True)
        return Prepared(found.choice, found.intake, found.golden, (*found.warnings, "engine_file"))


class _Useless(Exception):  # noqa: N818 (named after what the engine is)
    """The bundle's engine cannot be used here."""


def _from_engine(bundle: Bundle, path: str) -> Prepared:
    try:
        compiled = unpack(bundle.read(path))
    except Unreadable as error:
        raise _Useless(error) from None
    choice = open_ahead(compiled)
    if isinstance(choice, str):
        raise _Useless(choice)
    engine, manifest = choice.engine, bundle.manifest
    intake, example = _intake(manifest, framed=compiled.names is not None)
    shape = Shape(compiled.names, compiled.features)
    require_fit(manifest, shape, lambda: describe(compiled, engine, example))
    golden = read_golden(bundle, intake)
    if golden is not None:
        _require_golden(engine, golden)
    return Prepared(choice, intake, golden)


def _require_golden(engine: Engine, golden: Golden) -> None:
    try:
        name = differing(engine, golden)
    except Exception as error:
        raise _Useless(f"it fails on the golden rows ({type(error).__name__}: {error})") from error
    if name is not None:
        raise _Useless(f"its {name} for the golden rows is not what it was where the bundle was made")


def _from_artifact(bundle: Bundle, *, compiled: bool) -> Prepared:
    manifest = bundle.manifest
    data = bundle.read(manifest.artifact)
    _log.info("loading %s (%.1f MiB)", manifest.artifact, len(data) / 2**20)
    bring_code(bundle)
    artifact = read_artifact(data, manifest)
    spare_arrays()
    reference = reference_engine(artifact.estimator)
    intake, example = _intake(manifest, framed=reference.framed)
    require_fit(manifest, Shape.of(artifact.estimator), lambda: reference.describe(example))
    golden = read_golden(bundle, intake)
    for other in artifact.others:
        _require_same_answers(other, reference, golden)
    names = [output.name for output in manifest.outputs]
    known = example if golden is None else golden.table
    choice = choose(artifact.estimator, reference, names, known, compiled=compiled)
    for reason in choice.rejected:
        _log.warning("an engine that answers otherwise than scikit-learn is not used: %s", reason)
    warnings: list[Warned] = ["engine_parity"] if choice.rejected else []
    if artifact.others:
        warnings.append("library_version")
    return Prepared(choice, intake, golden, tuple(warnings))


def _intake(manifest: Manifest, *, framed: bool) -> tuple[Intake, Table]:
    """Return the contract, ready to be applied, and its example as a table. Raises BundleError."""
    intake = Intake(manifest.inputs, framed=framed, max_rows=manifest.max_rows)
    try:
        return intake, intake.table(v2_json.decode(orjson.dumps(example_request(manifest.inputs))).inputs)
    except RequestError as error:
        raise BundleError(f"the contract's own example breaks its rules: {error}") from None


def _require_same_answers(other: Other, reference: Reference, golden: Golden | None) -> None:
    """Serve what another version of a library made only if it answers the golden rows as it did there."""
    if golden is None:
        raise BundleError(
            f"the pipeline was {other}, and the bundle has no golden rows to show that it answers the same: make it anew "
            f"with {other.library} {other.here}, or with `--data` under {other.made}"
        )
    require_equal(reference, golden, f"it was {other}")
    _log.warning("the pipeline was %s; its %d golden rows are answered as there", other, len(golden.table))
