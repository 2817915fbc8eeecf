"""From a bundle's folder to a core that has answered once: verify, unpickle, compare with the contract, choose an
engine, warm up.

The order is the safety: bytes that were not checked are never unpickled, and traffic comes only after the last step.
Runs in a thread of its own while the server already answers its health routes.
"""

import logging
import time
from dataclasses import dataclass
from typing import Any

import orjson

from slipway_contract import Bundle, BundleError, verify
from slipway_predictor.bundle import bring_code, read_artifact, require_fit
from slipway_predictor.bundle.golden import Golden, read_golden, require_equal
from slipway_predictor.bundle.versions import Other
from slipway_predictor.engines import Choice, Reference, choose, reference_engine
from slipway_predictor.features import Intake, example_request
from slipway_predictor.monitoring.logs import LOGGER
from slipway_predictor.monitoring.scores import score_bounds
from slipway_predictor.protocol import RequestError, v2_json
from slipway_predictor.serving.core import Core, Identity
from slipway_predictor.settings import EngineSetting

_log = logging.getLogger(LOGGER)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A core that has answered once, and how its engine was chosen."""

    core: Core
    choice: Choice
    scores: tuple[float, ...]
    """Upper bounds for the histogram of its scores."""
    warnings: list[str]
    """What is not as it should be, in one word each, for a metric."""
    golden: Golden | None
    """The bundle's golden rows, if it has any."""


def load(opened: Bundle, identity: Identity, engine: EngineSetting) -> Loaded:
    """Load the bundle behind an opened manifest. Raises BundleError when it cannot or must not be served."""
    start = time.perf_counter()
    # By the digest of the manifest that was accepted at start, so that another one put in its place is noticed.
    bundle = verify(opened.root, opened.digest)
    manifest = bundle.manifest
    data = bundle.read(manifest.artifact)
    _log.info("loading %s (%.1f MiB)", manifest.artifact, len(data) / 2**20)
    bring_code(bundle)
    artifact = read_artifact(data, manifest)
    reference = reference_engine(artifact.estimator)
    intake = Intake(manifest.inputs, framed=reference.framed, max_rows=manifest.max_rows)
    body = orjson.dumps(example_request(manifest.inputs))
    example = intake.table(v2_json.decode(body).inputs)
    require_fit(manifest, artifact.estimator, reference, example)
    golden = read_golden(bundle, intake)
    for other in artifact.others:
        _require_same_answers(other, reference, golden)
    names = [output.name for output in manifest.outputs]
    known = example if golden is None else golden.table
    choice = choose(artifact.estimator, reference, names, known, compiled=engine == "auto")
    for reason in choice.rejected:
        _log.warning("an engine that answers otherwise than scikit-learn is not used: %s", reason)
    _log.info("engine: %s", choice.describe())
    core = Core(identity, manifest, choice.engine, intake)
    _warm(core, body)
    _log.info("ready after %.2f s of loading", time.perf_counter() - start)
    warnings = ["engine_parity"] if choice.rejected else []
    if artifact.others:
        warnings.append("library_version")
    return Loaded(core, choice, score_bounds(names, _reference(bundle)), warnings, golden)


def _reference(bundle: Bundle) -> dict[str, Any] | None:
    """Return the distributions of the training data, if the bundle has them in a form that can be read."""
    path = bundle.manifest.reference
    try:
        document = None if path is None else orjson.loads(bundle.read(path))
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None


def _require_same_answers(other: Other, reference: Reference, golden: Golden | None) -> None:
    """Serve what another version of a library made only if it answers the golden rows as it did there."""
    if golden is None:
        raise BundleError(
            f"the pipeline was {other}, and the bundle has no golden rows to show that it answers the same: make it anew "
            f"with {other.library} {other.here}, or with `--data` under {other.made}"
        )
    require_equal(reference, golden, f"it was {other}")
    _log.warning("the pipeline was %s; its %d golden rows are answered as there", other, len(golden.table))


def _warm(core: Core, body: bytes) -> None:
    """Answer the contract's example row once through everything a request passes."""
    try:
        v2_json.encode(core.infer(v2_json.decode(body)))
    except RequestError as error:
        raise BundleError(f"the warm-up request failed: {error}") from error
