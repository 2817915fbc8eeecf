"""A contract for a model that came without one, as far as the model remembers what it was fitted on."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from slipway_contract import BundleError, Input, Output, ValueType
from slipway_predictor.bundle.fit import feature_count, feature_names
from slipway_predictor.engines import OnnxEngine, Reference
from slipway_predictor.engines.documents import takes_documents
from slipway_predictor.features import Intake, Table, example_request, example_row, rows_request
from slipway_predictor.protocol import v2_json

_ONE_BY_ONE = 200  # inputs that are tried each on its own, at some milliseconds
NO_WIDTH = "the pipeline does not say how many columns it takes: give its training data with --data"


def inferred_inputs(model: Any) -> list[Input]:
    """Return the inputs by the model's own names, else one matrix. Raises BundleError when it tells neither.

    All are floats, but for columns whose encoder shows that they hold text, and for documents.
    """
    if isinstance(model, OnnxEngine):
        return model.inputs
    if takes_documents(model):
        return [Input(name="text", type=ValueType.STRING, example="text")]
    names, texts = feature_names(model), _text_columns(model)
    if names is not None:
        if "" in names:
            raise BundleError("the pipeline was fitted on a column without a name: name it, and fit again")
        return [_input(name, texts.get(name, texts.get(at))) for at, name in enumerate(names)]
    if (count := feature_count(model)) is None:
        raise BundleError(NO_WIDTH)
    if texts:
        return [_input(f"column{at}", texts.get(at)) for at in range(count)]
    return [Input(name="input", type=ValueType.FLOAT, columns=count)]


def loosened(engine: Reference, inputs: list[Input]) -> list[Input]:
    """Return the inputs such that a missing number is handed on, wherever the model has an answer to a row without it."""
    floats = {at for at, entry in enumerate(inputs) if entry.type is ValueType.FLOAT}
    loose = _loose(inputs, floats)
    if _answers_gaps(engine, loose):
        return loose
    if len(floats) > _ONE_BY_ONE:
        return inputs
    loose = _loose(inputs, {at for at in floats if _answers_gaps(engine, _loose(inputs, {at}))})
    return loose if _answers_gaps(engine, loose) else inputs


def _loose(inputs: list[Input], places: Collection[int]) -> list[Input]:
    return [entry.with_changes(missing="nan") if at in places else entry for at, entry in enumerate(inputs)]


def _answers_gaps(engine: Reference, inputs: list[Input]) -> bool:
    """Whether the model answers a row in which everything is missing that may be."""
    row = [None if entry.missing == "nan" else value for entry in inputs for value in example_row([entry])]
    try:
        table = table_of(inputs, rows_request(inputs, [row]), framed=engine.framed)
        answers = engine.predict(table, [output.name for output in engine.describe(table)])
    except Exception:
        return False
    return all_finite_answers(answers)


def all_finite_answers(answers: Mapping[str, NDArray[Any]]) -> bool:
    """Tell whether every number among a model's outputs is one: NaN and infinity are no answer."""
    return all(np.isfinite(answer).all() for answer in answers.values() if answer.dtype.kind == "f")


def outputs_of(engine: Reference, inputs: list[Input]) -> list[Output]:
    """Return what the model answers, by asking it for the inputs' example row. Raises whatever the model raises."""
    return engine.describe(table_of(inputs, example_request(inputs), framed=engine.framed))


def table_of(inputs: list[Input], request: dict[str, Any], *, framed: bool) -> Table:
    """Return the table of a V2 request, by the way it takes to an engine. Raises BadRequest."""
    return Intake(inputs, framed=framed).table(v2_json.decode(orjson.dumps(request)).inputs)


def _input(name: str, example: str | None) -> Input:
    if example is None:
        return Input(name=name, type=ValueType.FLOAT)
    return Input(name=name, type=ValueType.STRING, example=example)


def _text_columns(model: Any) -> dict[str | int, str]:
    """Return the columns, by name or place, that a ColumnTransformer or an encoder takes text from, each with one."""
    model = getattr(model, "best_estimator_", model)
    first = model.steps[0][1] if getattr(model, "steps", None) else model
    if hasattr(first, "categories_"):
        return _texts(first, list(range(len(first.categories_))))
    found: dict[str | int, str] = {}
    for _, transformer, columns in getattr(first, "transformers_", ()):
        if isinstance(columns, str | int):
            if takes_documents(transformer):
                found[columns] = "text"
            continue
        for step in [step for _, step in getattr(transformer, "steps", [(None, transformer)])]:
            if hasattr(step, "categories_"):
                found |= _texts(step, list(columns))
                break
    return found


def _texts(encoder: Any, columns: list[Any]) -> dict[str | int, str]:
    """Return those columns whose categories, as an encoder learnt them, are text."""
    texts: dict[str | int, str] = {}
    for column, values in zip(columns, encoder.categories_, strict=False):
        known = [value for value in values if isinstance(value, str)]
        if known:
            texts[column if isinstance(column, str) else int(column)] = known[0]
    return texts
