"""A plan as a file: plain arrays and a JSON head, which needs neither the model's library nor its pickle to be read.

An `.npz` archive, read without pickle. Beside the plan it holds rows on the model's splits with the answers that the
model's own library gave to them where the file was made, by which the engine is compared again wherever it is loaded.
Nothing in a file is trusted: an index that leads out of its array, or round in a circle, is refused.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_predictor.engines.heads import KINDS, REGRESSORS, Head
from slipway_predictor.engines.linear import Linear
from slipway_predictor.engines.links import LINKS
from slipway_predictor.engines.plan import Plan, plan_of
from slipway_predictor.engines.steps import Affine, Scaling, Step
from slipway_predictor.engines.trees import Ensemble, require_sound

FORMAT = 1
"""Raised when an older predictor would read the file wrongly."""

Arrays = dict[str, NDArray[Any]]
_STEPS: dict[str, type[Step]] = {"scaling": Scaling, "affine": Affine}
_MODELS: dict[str, type[Linear | Ensemble]] = {"linear": Linear, "ensemble": Ensemble}
_MAGIC = b"PK\x03\x04"
_HEAD, _ROWS, _ANSWER = "head", "rows", "answer."
_TEXT = "text"  # the kind of an array of Python's strings


class Unreadable(ValueError):  # noqa: N818 (named after what the file is)
    """The file is damaged, of another kind, or of a later version; the text says which."""


@dataclass(frozen=True)
class Compiled:
    """What a file holds."""

    plan: Plan
    names: list[str] | None
    """The column names the model was fitted with; None for a plain matrix."""
    features: int
    rows: NDArray[np.float64]
    """Rows to compare by, [n, features]."""
    answers: Arrays
    """The outputs that the model's own library gave for them."""


def pack(compiled: Compiled) -> bytes | None:
    """Return the file's bytes, always the same for the same; None for a plan or answers that are no plain numbers."""
    plan = compiled.plan
    if plan.model is None:
        return None
    arrays: Arrays = {_ROWS: compiled.rows}
    try:
        head = {
            "format": FORMAT,
            "names": compiled.names,
            "features": compiled.features,
            "tolerance": plan.tolerance,
            "steps": [_put(f"step{at}.", step, arrays) for at, step in enumerate(plan.steps)],
            "model": _put("model.", plan.model, arrays),
            "head": _put("head.", plan.head, arrays),
            "answers": {name: _kept(_ANSWER + name, a, arrays) for name, a in compiled.answers.items()},
        }
    except TypeError:
        return None
    arrays[_HEAD] = np.frombuffer(json.dumps(head).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpack(data: bytes) -> Compiled:
    """Read what `pack` made. Raises Unreadable."""
    try:
        if not data.startswith(_MAGIC):
            raise Unreadable("it is no .npz archive")
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = dict(archive)
        head = json.loads(arrays[_HEAD].tobytes())
        if head["format"] != FORMAT:
            raise Unreadable(f"it is of format {head['format']}, here format {FORMAT} is read")
        return _read(head, arrays)
    except Unreadable:
        raise
    except (
        Exception
    ) as error:  # a damaged archive can raise nearly anything: zlib.error, NotImplementedError, ...
        raise Unreadable(f"it is damaged ({type(error).__name__}: {' '.join(str(error).split())})") from None


def _put(prefix: str, thing: Any, arrays: Arrays) -> dict[str, Any]:
    """Put a dataclass's arrays among the others, under their names; return what else it holds, and its kind."""
    document: dict[str, Any] = {"is": type(thing).__name__.lower()}
    for field in fields(thing):
        value = getattr(thing, field.name)
        if isinstance(value, np.ndarray):
            document[field.name] = _kept(prefix + field.name, value, arrays)
        else:
            document[field.name] = value
    return document


def _kept(name: str, array: NDArray[Any], arrays: Arrays) -> list[str]:
    """Put an array among the others; return its name and kind. Raises TypeError for one of Python's objects."""
    if array.dtype.kind != "O":
        arrays[name] = array
        return [name, "plain"]
    if not all(type(value) is str for value in array.flat):
        raise TypeError(f"{name} holds objects")
    arrays[name] = array.astype(str)
    return [name, _TEXT]


def _taken(place: Sequence[str], arrays: Arrays) -> NDArray[Any]:
    name, kind = place
    array = arrays[name]
    return array.astype(object) if kind == _TEXT else array


def _made(kind: type[Any], document: Mapping[str, Any], arrays: Arrays) -> Any:
    """Return the dataclass that `_put` took apart."""
    values = {key: value for key, value in document.items() if key != "is"}
    for key, value in values.items():
        if isinstance(value, list):
            values[key] = _taken(value, arrays)
    return kind(**values)


def _read(head: dict[str, Any], arrays: Arrays) -> Compiled:
    features = int(head["features"])
    steps = [_made(_STEPS[one["is"]], one, arrays) for one in head["steps"]]
    model = _model(head["model"], arrays)
    answer = _made(Head, head["head"], arrays)
    _require_head(answer)
    width = model.features if isinstance(model, Ensemble) else model.weights.shape[0]
    rows = arrays[_ROWS].astype(np.float64, copy=False)
    if width != features or rows.ndim != 2 or rows.shape[1] != features:
        raise ValueError("the model and the rows are not of one width")
    plan = plan_of(steps, model, answer, float(head["tolerance"]))
    answers = {name: _taken(place, arrays) for name, place in head["answers"].items()}
    names = head["names"]
    return Compiled(plan, None if names is None else list(map(str, names)), features, rows, answers)


def _model(document: Mapping[str, Any], arrays: Arrays) -> Linear | Ensemble:
    model: Linear | Ensemble = _made(_MODELS[document["is"]], document, arrays)
    if isinstance(model, Ensemble):
        require_sound(model)
    elif model.weights.dtype.kind != "f" or model.weights.ndim != 2:
        raise ValueError("the weights are no matrix of numbers")
    return model


def _require_head(head: Head) -> None:
    if (
        head.kind not in KINDS
        or head.link not in LINKS
        or (head.classes is None) != (head.kind in REGRESSORS)
    ):
        raise ValueError("what becomes of the sums is of a kind that is not known here")
