"""May a new version of a model stand in an old one's place? Its interface against the old one's, rule by rule.

The measure is the client that exists: whatever the old version took, the new one must take, and whatever the old one
answered, the new one must answer, of the same type. So inputs may widen and outputs may be added. Clients may send all
columns as one matrix, which has no names: the order of the inputs is part of the contract, too.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slipway_contract.fields import Input, Output, Scalar, ValueType
from slipway_contract.interface import Interface

_WIDER = {
    (ValueType.INT, ValueType.FLOAT),
    (ValueType.CATEGORY, ValueType.STRING),
    (ValueType.TIMESTAMP, ValueType.STRING),
}
"""Changes of an input's type with which every old value is still taken."""

_SHOWN = 5  # values in a message


@dataclass(frozen=True, slots=True)
class Comparison:
    """What has changed between two versions, in sentences."""

    breaks: tuple[str, ...] = ()
    """What requests or answers of existing clients break on."""
    notes: tuple[str, ...] = ()
    """What is new, and breaks nobody who sends inputs by name."""


def compare(old: Interface, new: Interface) -> Comparison:
    """Compare two versions."""
    old = _unfolded(old, new)
    ours = {entry.name: entry for entry in new.inputs}
    known = {entry.name for entry in old.inputs}
    added = [entry for entry in new.inputs if entry.name not in known]
    breaks: list[str] = []
    for entry in old.inputs:
        if entry.name in ours:
            breaks += _narrowed(entry, ours[entry.name])
        else:
            breaks.append(f"input '{entry.name}' is gone{_renamed(entry, added)}")
    breaks += [f"input '{entry.name}' is new and required" for entry in added if entry.required]
    breaks += _reordered(old, new)
    breaks += _rows(old.max_rows, new.max_rows)
    breaks += _outputs(old.outputs, {entry.name: entry for entry in new.outputs})
    return Comparison(tuple(breaks), tuple(_notes(old, new, added)))


def _unfolded(old: Interface, new: Interface) -> Interface:
    """An old version that took one matrix, as if it had named its columns as the new one does.

    A matrix of all columns is taken under any name, so its clients never knew the columns', and go on working.
    """
    matrix = old.inputs[0] if len(old.inputs) == 1 else None
    if matrix is None or matrix.columns is None or matrix.width != sum(entry.width for entry in new.inputs):
        return old
    columns = [
        matrix.model_copy(update={"name": entry.name, "columns": entry.columns, "example": None})
        for entry in new.inputs
    ]
    return Interface(tuple(columns), old.outputs, old.max_rows)


def _renamed(entry: Input, added: Sequence[Input]) -> str:
    """A guess that helps: the only new input of the same type and width."""
    alike = [other.name for other in added if (other.type, other.width) == (entry.type, entry.width)]
    return f" (renamed to '{alike[0]}'?)" if len(alike) == 1 else ""


def _narrowed(old: Input, new: Input) -> Iterator[str]:
    """What the new version of an input refuses that the old one took."""
    name = f"input '{old.name}'"
    if old.type is not new.type and (old.type, new.type) not in _WIDER:
        yield f"{name} is {new.type}, it was {old.type}"
        return
    if old.width != new.width:
        yield f"{name} has {new.width} column(s), it had {old.width}"
    if new.required and not old.required:
        yield f"{name} is required, it was optional"
    elif new.missing == "reject" and old.missing != "reject":
        yield f"{name} refuses missing values, it took them"
    if old.infinite and not new.infinite:
        yield f"{name} refuses infinity, it took it"
    yield from _ranges(name, old, new)
    yield from _categories(name, old, new)


def _ranges(name: str, old: Input, new: Input) -> Iterator[str]:
    (low, high), (lowest, highest) = old.reach, new.reach
    if lowest > low:
        yield f"{name} refuses values below {lowest:g}, it took {_reach(low, 'down')}"
    if highest < high:
        yield f"{name} refuses values above {highest:g}, it took {_reach(high, 'up')}"


def _reach(bound: float, way: str) -> str:
    return "any" if math.isinf(bound) else f"them {way} to {bound:g}"


def _categories(name: str, old: Input, new: Input) -> Iterator[str]:
    """Values that are refused now; a value that becomes the default is taken."""
    if new.values is None or new.unknown != "reject":
        return
    if old.values is None or old.unknown != "reject":
        yield f"{name} refuses values that are not among {_listed(new.values)}, it took any"
    elif lost := [value for value in old.values if value not in new.values]:
        yield f"{name} refuses {_listed(lost)}, which it took"


def _reordered(old: Interface, new: Interface) -> Iterator[str]:
    """Inputs that both have, in another order: in a matrix their columns would be taken for each other's."""
    theirs, ours = [entry.name for entry in old.inputs], [entry.name for entry in new.inputs]
    before = [name for name in theirs if name in ours]
    after = [name for name in ours if name in theirs]
    for was, now in zip(before, after, strict=True):
        if was != now:
            yield (
                f"input '{was}' has changed places with others: a client that sends all columns as one matrix would"
                f" have its values taken for those of '{now}'"
            )
            return


def _rows(old: int | None, new: int | None) -> Iterator[str]:
    if new is not None and (old is None or new < old):
        yield f"a request may hold {new} rows, it could hold {old or 'any number'}"


def _outputs(old: Sequence[Output], new: dict[str, Output]) -> Iterator[str]:
    for entry in old:
        other = new.get(entry.name)
        name = f"output '{entry.name}'"
        if other is None:
            yield f"{name} is gone"
        elif other.type is not entry.type:
            yield f"{name} is {other.type}, it was {entry.type}"
        elif other.columns != entry.columns:
            yield f"{name} has shape {_shape(other)}, it had {_shape(entry)}"
        elif other.classes != entry.classes:
            yield f"{name} has the classes {_listed(other.classes)}, it had {_listed(entry.classes)}"


def _shape(entry: Output) -> str:
    return "[n]" if entry.columns is None else f"[n, {entry.columns}]"


def _notes(old: Interface, new: Interface, added: Sequence[Input]) -> Iterator[str]:
    for entry in added:
        if not entry.required:
            yield f"input '{entry.name}' is new and optional: who sends one matrix has to add its column"
    known = {entry.name for entry in old.outputs}
    for output in new.outputs:
        if output.name not in known:
            yield f"output '{output.name}' is new"


def _listed(values: Sequence[Scalar] | None) -> str:
    if not values:
        return "none"
    shown = ", ".join(f"'{value}'" if isinstance(value, str) else str(value) for value in values[:_SHOWN])
    return shown if len(values) <= _SHOWN else f"{shown} and {len(values) - _SHOWN} more"
