"""The files of a bundle that show how its model answers where it was made, and what its data looks like."""

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from slipway_cli.reference import REFERENCE_NAME, render_reference
from slipway_cli.rows import GOLDEN, SAMPLE, request_of, rows_of
from slipway_contract import BundleError, Input
from slipway_predictor.bundle.golden import GOLDEN_NAME, render_golden
from slipway_predictor.bundle.infer import table_of
from slipway_predictor.engines import Reference
from slipway_predictor.protocol import RequestError

if TYPE_CHECKING:
    import pandas as pd


class UnansweredError(BundleError):
    """The pipeline has no answer to its own data, as that has come here."""


def evidence(
    engine: Reference, inputs: list[Input], data: "pd.DataFrame", names: list[str], max_rows: int | None
) -> dict[str, bytes]:
    """Return golden rows and reference distributions of the training data. Raises BundleError."""
    sample = answers(engine, inputs, request_of(inputs, rows_of(data, SAMPLE)), names)
    golden = golden_of(engine, inputs, data, names, max_rows)
    return golden | {REFERENCE_NAME: render_reference(inputs, data, sample)}


def golden_of(
    engine: Reference, inputs: list[Input], rows: "pd.DataFrame", names: list[str], max_rows: int | None
) -> dict[str, bytes]:
    """Return golden rows: some of `rows`, with the model's outputs `names` for them, no more than one request may hold.

    Raises BundleError.
    """
    request = request_of(inputs, rows_of(rows, min(GOLDEN, max_rows or GOLDEN)))
    return {GOLDEN_NAME: render_golden(request, answers(engine, inputs, request, names))}


def answers(
    engine: Reference, inputs: list[Input], request: dict[str, Any], names: list[str]
) -> dict[str, NDArray[Any]]:
    """Return the model's outputs `names` for a request, by the way it takes when it is served. Raises BundleError."""
    try:
        return engine.predict(table_of(inputs, request, framed=engine.framed), names)
    except RequestError as error:
        raise BundleError(f"the data does not fit the contract that was made of it: {error}") from None
    except Exception as error:
        raise UnansweredError(
            f"the pipeline fails on rows of its own data ({type(error).__name__}: {' '.join(str(error).split())})"
        ) from error
