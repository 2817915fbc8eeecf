"""Does a request get the answer that the data's own row gets? Asked of the model both ways, before a bundle says so.

A request carries numbers, booleans, text and times. What else a column of a data frame is, a pipeline may go by: the
contract keeps what it can of that (`Input.dtype`), and whether that was enough shows only in the answers.
"""

import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slipway_cli.columns import narrowed
from slipway_cli.evidence import answers
from slipway_cli.rows import SAMPLE, request_of, rows_of
from slipway_contract import BundleError, Input
from slipway_predictor.bundle.golden import equal
from slipway_predictor.bundle.infer import table_of
from slipway_predictor.engines import OnnxEngine, Reference
from slipway_predictor.engines.documents import takes_documents
from slipway_predictor.engines.parts import methods
from slipway_predictor.features import to_frame

if TYPE_CHECKING:
    import pandas as pd

_ALONE = 8  # rows that are asked one by one: what a column becomes may depend on the rows beside it
_ONE = "probability_"
_SHOWN = 5  # columns in a message


@dataclass(frozen=True)
class Witness:
    """A model, and rows of its data with what it says to them as they are."""

    engine: Reference
    names: list[str]
    """The outputs that are compared."""
    told: list[tuple["pd.DataFrame", dict[str, NDArray[Any]]]]


def faithful(
    estimator: Any, engine: Reference, inputs: list[Input], data: "pd.DataFrame", names: list[str]
) -> list[Input]:
    """Return the inputs, with more of the columns' types where the answers take it.

    Raises BundleError naming the columns when the model answers requests otherwise than the data's own rows.
    """
    if isinstance(engine, OnnxEngine):  # takes no frame: a request is all it ever sees
        return inputs
    witness = _witness(estimator, engine, data, names)
    _require_independent(estimator, witness, data)
    single = any(dtype.kind == "f" and dtype.itemsize < 8 for dtype in data.dtypes)
    output = _differing(witness, inputs, single=single)
    if output is None:
        return inputs
    narrow = narrowed(inputs, data) if engine.framed else inputs
    if narrow != inputs and _differing(witness, narrow, single=False) is None:
        return narrow
    raise BundleError(
        f"the pipeline answers a request otherwise than the data's own row (its {output} differs): "
        f"{_reason(engine, narrow, data)}"
    )


def _witness(estimator: Any, engine: Reference, data: "pd.DataFrame", names: list[str]) -> Witness:
    alone = rows_of(data, _ALONE)
    parts = [rows_of(data, SAMPLE), *(alone.iloc[[at]] for at in range(len(alone)))]
    try:
        told = [(rows, _own(estimator, engine, rows, names)) for rows in parts]
    except Exception as error:
        print(
            f"note: the pipeline does not take the data as it is ({type(error).__name__}: "
            f"{' '.join(str(error).split())}), so its answers to requests could not be compared with those to the data",
            file=sys.stderr,
        )
        told = []
    return Witness(engine, names, told)


def _require_independent(estimator: Any, witness: Witness, data: "pd.DataFrame") -> None:
    """Raise BundleError unless rows together get the answers that they get one by one."""
    alone = witness.told[1:]
    if len(alone) < 2:
        return
    together = _own(estimator, witness.engine, rows_of(data, _ALONE), witness.names)
    for name in witness.names:
        apart = np.concatenate([told[name] for _, told in alone])
        if not equal(together[name], apart, single=True):
            raise BundleError(
                f"the pipeline's {name} of a row depends on the rows beside it, and the requests of several clients are "
                "answered together: make each of its steps answer a row by itself, by what it has learnt in fit()"
            )


def _own(
    estimator: Any, engine: Reference, rows: "pd.DataFrame", names: list[str]
) -> dict[str, NDArray[Any]]:
    """Return what the estimator itself says to rows of the data. Raises whatever it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names it was fitted without, for one
        if takes_documents(estimator):
            return _asked(estimator, rows.iloc[:, 0], names)
        try:
            return _asked(estimator, rows, names)
        except Exception:
            if engine.framed:
                raise
            return _asked(estimator, rows.to_numpy(), names)


def _asked(estimator: Any, rows: Any, names: list[str]) -> dict[str, NDArray[Any]]:
    behind = methods(estimator)
    told = {name: np.asarray(getattr(estimator, behind[name])(rows)) for name in names if name in behind}
    if len(told) < len(names):
        several = estimator.predict_proba(rows)
        told |= {name: several[int(name.removeprefix(_ONE))] for name in names if name not in told}
    return told


def _differing(witness: Witness, inputs: list[Input], *, single: bool) -> str | None:
    """Return the first output that differs. Raises BundleError when the model fails on a request."""
    for rows, told in witness.told:
        got = answers(witness.engine, inputs, request_of(inputs, rows), witness.names)
        for name in witness.names:
            if not equal(got[name], told[name], single=single):
                return name
    return None


def _reason(engine: Reference, inputs: list[Input], data: "pd.DataFrame") -> str:
    lost = [
        f"'{name}' is {was}, and arrives as {became}" for name, was, became in _changed(engine, inputs, data)
    ]
    if not lost:
        return "no column's type is lost on the way, so it uses something else of the data (its index?), or chance"
    more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
    return (
        f"column {'; '.join(lost[:_SHOWN])}{more}. Turn the data into what arrives (DataFrame.astype), fit the pipeline on "
        "that, and give it with --data"
    )


def _changed(engine: Reference, inputs: list[Input], data: "pd.DataFrame") -> Iterator[tuple[str, str, str]]:
    """Yield each column whose type a request does not bring, with both types."""
    table = table_of(inputs, request_of(inputs, rows_of(data, 1)), framed=engine.framed)
    arrived = to_frame(table, [entry.name for entry in inputs])
    for name in data.columns:
        if data[name].dtype != arrived[name].dtype:
            yield str(name), str(data[name].dtype), str(arrived[name].dtype)
