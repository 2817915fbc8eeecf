"""Making a bundle from a fitted pipeline: the Python call behind `slipway bundle create`.

    from slipway_cli.bundle import create
    bundle = create("model.joblib", name="churn", version="1", out="churn-1", data=frame)

The pipeline is asked here with the very code that will serve it, so that what cannot work is refused now, by whoever
can mend it, and not in a cluster later. The same pipeline bytes, data and names always give the same digest.
"""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from slipway_cli.columns import in_order, inputs_from_data, narrowed, signed
from slipway_cli.contents import libraries_of
from slipway_cli.encoders import closed
from slipway_cli.engine import ENGINE_NAME, compiled
from slipway_cli.evidence import UnansweredError, evidence, golden_of
from slipway_cli.faithful import faithful
from slipway_cli.gaps import settled
from slipway_cli.limits import bounded
from slipway_cli.reference import REFERENCE_NAME
from slipway_cli.sources import Kept, Source, load_source, read_source, read_wheels
from slipway_cli.strangers import opened, shut
from slipway_contract import Bundle, BundleError, Input, Manifest, Output, checksums, write_bundle
from slipway_predictor.bundle import Format
from slipway_predictor.bundle.golden import GOLDEN_NAME
from slipway_predictor.bundle.infer import inferred_inputs, loosened, outputs_of
from slipway_predictor.bundle.versions import SCIKIT
from slipway_predictor.bundle.wheels import bring
from slipway_predictor.engines import Reference, reference_engine
from slipway_predictor.protocol import RequestError

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

ARTIFACTS: dict[Format, str] = {"sklearn": "model.joblib", "skops": "model.skops", "onnx": "model.onnx"}
_KEEPERS: dict[Format, str] = {"sklearn": "joblib", "skops": "skops", "onnx": "onnxruntime"}


def create(
    pipeline: Any,
    *,
    name: str,
    version: str,
    out: str | PathLike[str],
    data: "pd.DataFrame | None" = None,
    enforce_ranges: bool = False,
    max_rows: int | None = None,
    keep: Kept | None = None,
    trust: Sequence[str] = (),
    code: Sequence[str | PathLike[str]] = (),
) -> Bundle:
    """Make the bundle of a fitted pipeline in the folder `out` and return it; `.digest` is what a deployment names.

    `pipeline` is the path of a joblib, pickle, skops or ONNX file or of a folder that MLflow saved, or the fitted
    estimator itself. `data` is the frame it was fitted on, features only (shape [rows, features]); it gives the inputs
    their names, types, ranges, categories and typical values, and the bundle its golden rows and reference
    distributions. Without it they come from MLflow's signature, else from what the pipeline remembers.
    `enforce_ranges`: numbers outside the data's ranges are refused; otherwise the ranges are only written down.
    `max_rows`: the most rows one request may hold. `keep`: the format to keep an estimator in; by default as it came.
    `trust`: types or packages in a skops file to take though skops does not vouch for them. `code`: wheels with classes
    the pipeline is made of, which the bundle then brings along.
    Raises BundleError with what is wrong: no pipeline, not fitted, data of other columns, another bundle in `out`.
    """
    wheels = read_wheels(code)
    bring(wheels, beside_own=True)
    source = read_source(pipeline)
    model = load_source(source, keep, trust)
    estimator = model.artifact.estimator
    engine = reference_engine(estimator)
    if data is not None:
        data = settled(estimator, in_order(estimator, data))
    inputs = closed(
        estimator, _inputs(source, estimator, data, framed=engine.framed, enforce_ranges=enforce_ranges)
    )
    typical = data is not None or source.rows is not None
    inputs, outputs = _asked(lambda: _described(engine, inputs, data), typical=typical)
    names = [output.name for output in outputs]
    files = {ARTIFACTS[model.format]: model.data} | {f"code/{file}": wheel for file, wheel in wheels.items()}
    if data is not None:
        inputs = closed(estimator, opened(engine, inputs, names))
        inputs = bounded(engine, shut(engine, inputs, data, names), names)
        inputs = faithful(estimator, engine, inputs, data, names)
        files |= evidence(engine, inputs, data, names, max_rows)
    elif source.rows is not None and source.inputs is not None:
        files |= golden_of(engine, inputs, source.rows, names, max_rows)
    else:
        inputs = _asked(lambda: loosened(engine, inputs), typical=typical)
    files |= compiled(estimator, engine, inputs, files.get(GOLDEN_NAME), names)
    libraries = libraries_of(estimator, _KEEPERS[model.format], wheels)
    if model.artifact.made_with is not None:
        libraries[SCIKIT] = model.artifact.made_with
    manifest = _manifest(
        name=name,
        version=version,
        format=model.format,
        artifact=ARTIFACTS[model.format],
        trusted=model.trusted or None,
        code=[f"code/{file}" for file in sorted(wheels)] or None,
        inputs=inputs,
        outputs=outputs,
        max_rows=max_rows,
        engine=ENGINE_NAME if ENGINE_NAME in files else None,
        golden=GOLDEN_NAME if GOLDEN_NAME in files else None,
        reference=REFERENCE_NAME if REFERENCE_NAME in files else None,
        libraries=libraries,
        files=checksums(files),
    )
    return write_bundle(Path(out), manifest, files)


def _inputs(
    source: Source, estimator: Any, data: "pd.DataFrame | None", *, framed: bool, enforce_ranges: bool
) -> list[Input]:
    """Return the inputs by the best that is known of them: the data, a signature, the model itself."""
    if data is not None:
        return inputs_from_data(data, framed=framed, enforce_ranges=enforce_ranges)
    if source.inputs is not None:
        return signed(source.inputs, estimator)
    return inferred_inputs(estimator)


def _described(
    engine: Reference, inputs: list[Input], data: "pd.DataFrame | None"
) -> tuple[list[Input], list[Output]]:
    """Return the outputs to a typical row, and the inputs: with narrow floats where the pipeline takes no others."""
    try:
        return inputs, outputs_of(engine, inputs)
    except Exception:
        narrow = narrowed(inputs, data) if data is not None and engine.framed else inputs
        if narrow == inputs:
            raise
        return narrow, outputs_of(engine, narrow)


def _asked(ask: Callable[[], T], *, typical: bool) -> T:
    """Ask the pipeline for one row, as the predictor will; say what to do when it raises."""
    try:
        return ask()
    except BundleError:
        raise
    except RequestError as error:
        raise BundleError(f"the pipeline's columns do not fit into a request ({error})") from None
    except Exception as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        if type(error).__name__ == "NotFittedError":
            raise BundleError("the pipeline is not fitted: call fit() before saving it") from error
        if typical:
            raise UnansweredError(
                f"the pipeline fails on a typical row of its own data ({reason})"
            ) from error
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
