"""Golden rows: rows of the training data with the answers the pipeline gave to them where the bundle was made.

A file of the bundle, `{"request": <V2 infer request>, "outputs": {<name>: [...]}}`: the same rows through another
library version, or another engine, must give the same answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from slipway_contract import Bundle, BundleError
from slipway_predictor.engines import Engine
from slipway_predictor.features import Intake, Table
from slipway_predictor.protocol import RequestError, v2_json

GOLDEN_NAME = "golden.json"
TOLERANCE = 1e-9
"""How far a float may be off, relative to its size or to 1: library versions may add in another order."""

SINGLE = 1e-5
"""The same for a model that answers in float32."""


@dataclass(frozen=True, slots=True)
class Golden:
    """Rows, and the named outputs for them."""

    table: Table
    outputs: dict[str, NDArray[Any]]


def read_golden(bundle: Bundle, intake: Intake) -> Golden | None:
    """Return the bundle's golden rows, or None if it has none. Raises BundleError when they do not fit the contract."""
    path = bundle.manifest.golden
    if path is None:
        return None
    try:
        document = orjson.loads(bundle.read(path))
        request = v2_json.decode(orjson.dumps(document["request"]))
        outputs = {name: np.array(values) for name, values in document["outputs"].items()}
        return Golden(intake.table(request.inputs), outputs)
    except (ValueError, KeyError, TypeError, AttributeError, RequestError) as error:
        raise BundleError(
            f"'{path}' holds no golden rows of this model ({error}): make the bundle anew with `slipway bundle create`"
        ) from None


def render_golden(request: dict[str, Any], outputs: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the file's bytes: `request` is the V2 request that holds the rows."""
    answers = {name: array.tolist() for name, array in outputs.items()}
    return orjson.dumps({"request": request, "outputs": answers})


def require_equal(engine: Engine, golden: Golden, why: str) -> None:
    """Raise BundleError, saying `why` it might be, unless the engine answers the golden rows as they were answered."""
    try:
        name = differing(engine, golden)
    except Exception as error:
        raise BundleError(
            f"the pipeline fails on its golden rows ({type(error).__name__}: {error}); {why}"
        ) from error
    if name is not None:
        raise BundleError(
            f"the pipeline's {name} for its golden rows is not what it was where the bundle was made; {why}: serve "
            "it with the version it was made with, or make it anew"
        )


def differing(engine: Engine, golden: Golden) -> str | None:
    """Return the first output that an engine answers otherwise than recorded. Raises whatever the engine raises."""
    answers = engine.predict(golden.table, list(golden.outputs))
    return next((name for name, told in golden.outputs.items() if not equal(answers[name], told)), None)


def equal(answer: NDArray[Any], expected: NDArray[Any], *, single: bool = False) -> bool:
    """Return whether an answer is the expected one; `single`: it was computed in float32."""
    if answer.shape != expected.shape:
        return False
    if answer.dtype.kind == "f":
        tolerance = SINGLE if single or answer.dtype.itemsize < 8 else TOLERANCE
        return bool(np.allclose(answer, expected.astype(float), rtol=tolerance, atol=tolerance))
    return bool(
        answer.tolist() == expected.tolist() or list(map(str, answer.flat)) == list(map(str, expected.flat))
    )
