"""Making a bundle from a fitted pipeline: the Python call behind `slipway bundle create`.

    from slipway_cli.bundle import create
    bundle = create("model.joblib", name="churn", version="1", out="churn-1", data=frame)

The pipeline is asked here with the very code that will serve it, so that what cannot work is refused now, by whoever
can mend it, and not in a cluster later. The same pipeline bytes, data and names always give the same digest.
"""

import io
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from slipway_cli.columns import inputs_from_data, inputs_from_pipeline
from slipway_contract import Bundle, BundleError, Input, Manifest, Output, checksums, write_bundle
from slipway_predictor.bundle import unpickle
from slipway_predictor.bundle.fit import feature_names
from slipway_predictor.bundle.versions import SCIKIT, installed
from slipway_predictor.engines import ScikitEngine
from slipway_predictor.features import Intake, example_request
from slipway_predictor.protocol import v2_json

if TYPE_CHECKING:
    import pandas as pd

ARTIFACT = "model.joblib"
_LIBRARIES = (SCIKIT, "numpy", "joblib")


def create(
    pipeline: Any,
    *,
    name: str,
    version: str,
    out: str | PathLike[str],
    data: "pd.DataFrame | None" = None,
) -> Bundle:
    """Make the bundle of a fitted pipeline in the folder `out` and return it; `.digest` is what a deployment names.

    `pipeline` is a joblib or pickle file's path, or the fitted estimator itself. `data` is the frame it was fitted
    on, features only (shape [rows, features]); it gives the inputs their names, types and typical values. Without it
    they come from `feature_names_in_`, else from `n_features_in_` as one matrix.
    Raises BundleError with what is wrong: no pipeline, not fitted, data of other columns, another bundle in `out`.
    """
    artifact, shown = _artifact(pipeline)
    loaded = unpickle(artifact, shown, {})
    engine = ScikitEngine(loaded.estimator)
    inputs = _inputs(loaded.estimator, data)
    outputs = _outputs(engine, loaded.estimator, inputs, typical=data is not None)
    libraries = {library: installed(library) for library in _LIBRARIES}
    if loaded.made_with is not None:
        libraries[SCIKIT] = loaded.made_with
    files = {ARTIFACT: artifact}
    manifest = _manifest(
        name=name,
        version=version,
        artifact=ARTIFACT,
        inputs=inputs,
        outputs=outputs,
        libraries=libraries,
        files=checksums(files),
    )
    return write_bundle(Path(out), manifest, files)


def _artifact(pipeline: Any) -> tuple[bytes, str]:
    """Return the pickle's bytes and what messages call it."""
    if isinstance(pipeline, str | PathLike):
        path = Path(pipeline)
        try:
            return path.read_bytes(), str(path)
        except OSError as error:
            raise BundleError(f"the pipeline '{path}' cannot be read: {error.strerror or error}") from None
    import joblib

    buffer = io.BytesIO()
    try:
        joblib.dump(pipeline, buffer)
    except Exception as error:
        raise BundleError(
            f"the pipeline cannot be pickled ({type(error).__name__}: {error}): replace lambdas and local functions in it "
            "by functions of an installed module"
        ) from error
    return buffer.getvalue(), "the pipeline"


def _inputs(estimator: Any, data: "pd.DataFrame | None") -> list[Input]:
    return inputs_from_pipeline(estimator) if data is None else inputs_from_data(estimator, data)


def _outputs(engine: ScikitEngine, estimator: Any, inputs: list[Input], *, typical: bool) -> list[Output]:
    """Ask the pipeline for one row, as the predictor will, and describe the answer."""
    intake = Intake(inputs, framed=feature_names(estimator) is not None)
    request = v2_json.decode(orjson.dumps(example_request(inputs)))
    try:
        return engine.describe(intake.table(request.inputs))
    except BundleError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        if type(error).__name__ == "NotFittedError":
            raise BundleError("the pipeline is not fitted: call fit() before saving it") from error
        if typical:
            raise BundleError(f"the pipeline fails on a typical row of its own data ({reason})") from error
        raise BundleError(
            f"the pipeline fails on a row of zeros ({reason}): give its training data with --data, so that a typical row "
            "and the columns' types are known"
        ) from error


def _manifest(**fields: Any) -> Manifest:
    from pydantic import ValidationError

    try:
        return Manifest(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        hint = "; use letters, digits, '-', '_' and '.'" if where in ("name", "version") else ""
        raise BundleError(f"{where}: {first['msg']}{hint}") from None
