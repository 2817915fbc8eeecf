"""From a bundle's folder to a core that has answered once: verify, load, compare with the contract, warm up.

The order is the safety: bytes that were not checked are never unpickled, and traffic comes only after the last step.
Runs in a thread of its own while the server already answers its health routes.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from slipway_contract import Bundle, BundleError, verify
from slipway_predictor.bundle import prepare
from slipway_predictor.bundle.golden import Golden
from slipway_predictor.engines import Choice
from slipway_predictor.features import example_request
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
    warnings: Sequence[str]
    """What is not as it should be, in one word each, for a metric."""
    golden: Golden | None
    """The bundle's golden rows, if it has any."""


def load(opened: Bundle, identity: Identity, engine: EngineSetting) -> Loaded:
    """Load the bundle behind an opened manifest. Raises BundleError when it cannot or must not be served."""
    start = time.perf_counter()
    # By the digest of the manifest that was accepted at start, so that another one put in its place is noticed.
    bundle = verify(opened.root, opened.digest)
    prepared = prepare(bundle, compiled=engine == "auto")
    _log.info("engine: %s", prepared.choice.describe())
    core = Core(identity, bundle.manifest, prepared.choice.engine, prepared.intake)
    _warm(core)
    _log.info("ready after %.2f s of loading", time.perf_counter() - start)
    names = [output.name for output in bundle.manifest.outputs]
    return Loaded(
        core, prepared.choice, score_bounds(names, _reference(bundle)), prepared.warnings, prepared.golden
    )


def _reference(bundle: Bundle) -> dict[str, Any] | None:
    """Return the distributions of the training data, if the bundle has them in a form that can be read."""
    path = bundle.manifest.reference
    try:
        document = None if path is None else orjson.loads(bundle.read(path))
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None


def _warm(core: Core) -> None:
    """Answer the contract's example row once through everything a request passes."""
    body = orjson.dumps(example_request(core.manifest.inputs))
    try:
        v2_json.encode(core.infer(v2_json.decode(body)))
    except RequestError as error:
        raise BundleError(f"the warm-up request failed: {error}") from error
