"""Numbers that a pipeline has no answer to, beyond its training data: the contract refuses them.

A request that fits the contract and makes the model fail counts against the model, and may take a good version back;
one that does not fit is the client's own mistake. Text and categories are in strangers.py.
"""

import sys

import numpy as np

from slipway_cli.asker import Asker
from slipway_contract import Input, ValueType
from slipway_contract.fields import NUMBERS
from slipway_predictor.engines import Reference
from slipway_predictor.features import LARGEST

_STEPS = (
    0.01,
    0.1,
    1,
    10,
    100,
    1e4,
    1e8,
)  # how far beyond its range a number is tried, in widths of the range
_MANY = 500  # columns from which on that takes some seconds
_INSIDE = 33  # numbers tried within it


def bounded(engine: Reference, inputs: list[Input], names: list[str]) -> list[Input]:
    """Return the inputs with numbers refused from where on the pipeline fails; says so on stderr."""
    open_ends = [
        (at, way)
        for at, entry in enumerate(inputs)
        if entry.type in NUMBERS and entry.outside == "allow" and entry.values is None
        for way in (-1, 1)
    ]
    ladders = {(at, way): _ladder(inputs[at], way) for at, way in open_ends}
    asker = Asker(engine, inputs, names)
    if len(inputs) > _MANY:
        print(f"trying numbers beyond the ranges of {len(inputs)} columns", file=sys.stderr, flush=True)
    if asker.answers([(at, value) for (at, _), values in ladders.items() for value in values]):
        return inputs
    limits: dict[tuple[int, int], float] = {}
    for (at, way), values in ladders.items():
        if not asker.answers([(at, value) for value in values]):
            limits[at, way] = _limit(asker, at, way, values)
    return [_bounded(asker, at, limits.get((at, -1)), limits.get((at, 1))) for at in range(len(inputs))]


def _ladder(entry: Input, way: int) -> list[float]:
    """Return numbers beyond the range of an input, going outward; `way` is -1 for smaller ones, 1 for larger ones."""
    if entry.minimum is None or entry.maximum is None:
        return []
    edge = _edge(entry, way)
    width = (entry.maximum - entry.minimum) or max(1, abs(edge))
    low, high = entry.reach
    tried = {_number(entry, edge + way * width * step) for step in _STEPS} | {_number(entry, 0)}
    beyond = [value for value in tried if (value - edge) * way > 0 and low <= value <= high]
    return sorted((value for value in beyond if abs(value) <= LARGEST), reverse=way < 0)


def _edge(entry: Input, way: int) -> float:
    edge = entry.minimum if way < 0 else entry.maximum
    assert edge is not None  # noqa: S101 (only inputs with a range are asked beyond it)
    return edge


def _number(entry: Input, value: float) -> float:
    return round(value) if entry.type is ValueType.INT else float(value)


def _limit(asker: Asker, at: int, way: int, values: list[float]) -> float:
    """Return the last number, going outward from the range, before the first that the pipeline fails on."""
    last = _edge(asker.inputs[at], way)
    for value in values:
        if not asker.answers([(at, value)]):
            break
        last = value
    return last


def _bounded(asker: Asker, at: int, low: float | None, high: float | None) -> Input:
    entry = asker.inputs[at]
    if low is None and high is None:
        return entry
    said = " and ".join(
        text for text, bound in ((f"below {low}", low), (f"above {high}", high)) if bound is not None
    )
    if not asker.answers([(at, value) for value in _inside(entry)]):
        print(
            f"note: the pipeline fails on some numbers of '{entry.name}', inside its data's range as well",
            file=sys.stderr,
        )
        return entry
    print(
        f"note: the pipeline fails on numbers of '{entry.name}' {said}: the contract refuses them",
        file=sys.stderr,
    )
    return entry.with_changes(minimum=low, maximum=high, outside="reject")


def _inside(entry: Input) -> list[float]:
    spread = np.linspace(_edge(entry, -1), _edge(entry, 1), _INSIDE).tolist()
    return [_number(entry, value) for value in spread]
