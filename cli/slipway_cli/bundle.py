"""Making a bundle from a fitted pipeline: the Python call behind `slipway bundle create`.

    from slipway_cli.bundle import create
    bundle = create("model.joblib", name="churn", version="1", out="churn-1", data=frame)

The pipeline is asked here with the very code that will serve it, so that what cannot work is refused now, by whoever
can mend it, and not in a cluster later. The same pipeline bytes, data and names always give the same digest.
"""

import io
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from slipway_cli.columns import in_order, inputs_from_data, inputs_from_pipeline
from slipway_cli.reference import REFERENCE_NAME, render_reference
from slipway_cli.rows import GOLDEN, SAMPLE, request_of, table_of
from slipway_contract import Bundle, BundleError, Input, Manifest, ValueType, checksums, write_bundle
from slipway_predictor.bundle import unpickle
from slipway_predictor.bundle.fit import feature_names
from slipway_predictor.bundle.golden import GOLDEN_NAME, render_golden
from slipway_predictor.bundle.versions import SCIKIT, installed
from slipway_predictor.engines import ScikitEngine
from slipway_predictor.features import Intake, example_request
from slipway_predictor.protocol import RequestError

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

ARTIFACT = "model.joblib"
_LIBRARIES = (SCIKIT, "numpy", "joblib")
_STRANGER = "slipway-unknown-value"  # a category that no data has


def create(
    pipeline: Any,
    *,
    name: str,
    version: str,
    out: str | PathLike[str],
    data: "pd.DataFrame | None" = None,
    enforce_ranges: bool = False,
    max_rows: int | None = None,
) -> Bundle:
    """Make the bundle of a fitted pipeline in the folder `out` and return it; `.digest` is what a deployment names.

    `pipeline` is a joblib or pickle file's path, or the fitted estimator itself. `data` is the frame it was fitted
    on, features only (shape [rows, features]); it gives the inputs their names, types, ranges, categories and typical
    values, and the bundle its golden rows and reference distributions. Without it names come from
    `feature_names_in_`, else from `n_features_in_` as one matrix. `enforce_ranges`: numbers outside the data's ranges
    are refused; otherwise the ranges are only written down. `max_rows`: the most rows one request may hold.
    Raises BundleError with what is wrong: no pipeline, not fitted, data of other columns, another bundle in `out`.
    """
    artifact, shown = _artifact(pipeline)
    loaded = unpickle(artifact, shown, {})
    engine = ScikitEngine(loaded.estimator)
    if data is None:
        inputs = inputs_from_pipeline(loaded.estimator)
    else:
        data = in_order(loaded.estimator, data)
        inputs = inputs_from_data(data, enforce_ranges=enforce_ranges)
    framed = feature_names(loaded.estimator) is not None
    example = _table(inputs, example_request(inputs), framed=framed)
    outputs = _asked(lambda: engine.describe(example), typical=data is not None)
    files = {ARTIFACT: artifact}
    if data is not None:
        inputs = [_unknowns_known(engine, inputs, at, framed=framed) for at in range(len(inputs))]
        names = [output.name for output in outputs]
        files |= _evidence(engine, inputs, data, names, framed=framed)
    libraries = {library: installed(library) for library in _LIBRARIES}
    if loaded.made_with is not None:
        libraries[SCIKIT] = loaded.made_with
    manifest = _manifest(
        name=name,
        version=version,
        artifact=ARTIFACT,
        inputs=inputs,
        outputs=outputs,
        max_rows=max_rows,
        golden=GOLDEN_NAME if data is not None else None,
        reference=REFERENCE_NAME if data is not None else None,
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


def _table(inputs: list[Input], request: dict[str, Any], *, framed: bool) -> Any:
    return table_of(Intake(inputs, framed=framed), request)


def _asked(ask: Callable[[], T], *, typical: bool) -> T:
    """Ask the pipeline for one row, as the predictor will; say what to do when it raises."""
    try:
        return ask()
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


def _unknowns_known(engine: ScikitEngine, inputs: list[Input], at: int, *, framed: bool) -> Input:
    """Return input `at` with what the pipeline makes of a category that it does not know: it answers, or it raises."""
    entry = inputs[at]
    if entry.values is None:
        return entry
    stranger = _STRANGER if entry.type is ValueType.CATEGORY else max(map(int, entry.values)) + 1
    open_to_all = [_with(other, unknown="allow") for other in inputs]
    open_to_all[at] = _with(open_to_all[at], example=stranger)
    try:
        engine.describe(_table(open_to_all, example_request(open_to_all), framed=framed))
    except Exception:
        return entry
    return _with(entry, unknown="allow")


def _with(entry: Input, **changes: Any) -> Input:
    return Input.model_validate(entry.model_dump() | changes)


def _evidence(
    engine: ScikitEngine, inputs: list[Input], data: "pd.DataFrame", names: list[str], *, framed: bool
) -> dict[str, bytes]:
    """Return the files that show how the pipeline answers here and what its data looks like."""
    request = request_of(inputs, data, GOLDEN)
    try:
        golden = engine.predict(_table(inputs, request, framed=framed), names)
        sample = engine.predict(_table(inputs, request_of(inputs, data, SAMPLE), framed=framed), names)
    except RequestError as error:
        raise BundleError(f"the data does not fit the contract that was made of it: {error}") from None
    except Exception as error:
        raise BundleError(
            f"the pipeline fails on rows of its own data ({type(error).__name__}: {' '.join(str(error).split())})"
        ) from error
    return {
        GOLDEN_NAME: render_golden(request, golden),
        REFERENCE_NAME: render_reference(inputs, data, sample),
    }


def _manifest(**fields: Any) -> Manifest:
    from pydantic import ValidationError

    try:
        return Manifest(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        hint = "; use letters, digits, '-', '_' and '.'" if where in ("name", "version") else ""
        raise BundleError(f"{where}: {first['msg']}{hint}") from None
