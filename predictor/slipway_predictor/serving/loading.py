"""From a bundle's folder to a core that has answered once: verify, unpickle, compare with the contract, warm up.

The order is the safety: bytes that were not checked are never unpickled, and traffic comes only after the last step.
Runs in a thread of its own while the server already answers its health routes.
"""

import logging
import time

import orjson

from slipway_contract import Bundle, BundleError, verify
from slipway_predictor.bundle import require_fit, unpickle
from slipway_predictor.bundle.fit import feature_names
from slipway_predictor.bundle.versions import SCIKIT, installed
from slipway_predictor.engines import Choice, ScikitEngine, choose
from slipway_predictor.features import Intake, example_request
from slipway_predictor.monitoring.logs import LOGGER
from slipway_predictor.protocol import RequestError, v2_json
from slipway_predictor.serving.core import Core, Identity

_log = logging.getLogger(LOGGER)


def load(opened: Bundle, identity: Identity) -> Core:
    """Load the bundle behind an opened manifest. Raises BundleError when it cannot or must not be served."""
    start = time.perf_counter()
    # By the digest of the manifest that was accepted at start, so that another one put in its place is noticed.
    bundle = verify(opened.root, opened.digest)
    manifest = bundle.manifest
    data = bundle.read(manifest.artifact)
    _log.info("loading %s (%.1f MiB)", manifest.artifact, len(data) / 2**20)
    artifact = unpickle(data, manifest.artifact, manifest.libraries)
    if artifact.made_with is not None:
        _log.warning(
            "the pipeline was made with scikit-learn %s, here is %s: its answers may differ; build it with the same version",
            artifact.made_with,
            installed(SCIKIT),
        )
    engine = ScikitEngine(artifact.estimator)
    intake = Intake(
        manifest.inputs, framed=feature_names(artifact.estimator) is not None, max_rows=manifest.max_rows
    )
    body = orjson.dumps(example_request(manifest.inputs))
    example = intake.table(v2_json.decode(body).inputs)
    require_fit(manifest, artifact.estimator, engine, example)
    choice = choose(artifact.estimator, engine, [output.name for output in manifest.outputs], example)
    _tell(choice)
    core = Core(identity, manifest, choice.engine, intake)
    _warm(core, body)
    _log.info("ready after %.2f s of loading", time.perf_counter() - start)
    return core


def _tell(choice: Choice) -> None:
    for reason in choice.rejected:
        _log.warning("an engine that answers otherwise than scikit-learn is not used: %s", reason)
    _log.info("engine: %s", choice.describe())


def _warm(core: Core, body: bytes) -> None:
    """Answer the contract's example row once through everything a request passes."""
    try:
        v2_json.encode(core.infer(v2_json.decode(body)))
    except RequestError as error:
        raise BundleError(f"the warm-up request failed: {error}") from error
