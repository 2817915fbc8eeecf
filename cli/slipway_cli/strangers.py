"""Categories and text that the training data does not have: allowed where the pipeline answers them, else refused.

Encoders need not be asked, they say what they know: encoders.py.
"""

import math
import string
import sys
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from slipway_cli.asker import Asker
from slipway_contract import Input, ValueType
from slipway_predictor.engines import Reference

if TYPE_CHECKING:
    import pandas as pd

_STRANGER = "slipway-unknown-value"  # what no data has


def opened(engine: Reference, inputs: list[Input], names: list[str]) -> list[Input]:
    """Return the inputs with values that are not listed allowed, where the pipeline answers them."""
    asker = Asker(engine, inputs, names)
    return [
        entry.with_changes(unknown="allow") if _answers_unlisted(asker, at) else entry
        for at, entry in enumerate(inputs)
    ]


def shut(engine: Reference, inputs: list[Input], data: "pd.DataFrame", names: list[str]) -> list[Input]:
    """Return the inputs with text refused that the data does not have, where the pipeline fails on any; says so."""
    asker = Asker(engine, inputs, names)
    return [
        _shut(entry, data[entry.name]) if _fails_on_others(asker, at, data) else entry
        for at, entry in enumerate(inputs)
    ]


def _answers_unlisted(asker: Asker, at: int) -> bool:
    entry = asker.inputs[at]
    if entry.values is None or entry.unknown == "allow" or entry.type is ValueType.BOOL:
        return False
    if entry.type is ValueType.CATEGORY:
        return asker.answers([(at, _STRANGER)])
    return asker.answers([(at, math.floor(max(map(float, entry.values))) + 1)])


def _fails_on_others(asker: Asker, at: int, data: "pd.DataFrame") -> bool:
    """Whether the pipeline answers no text but the data's: not even some that look the same, as numbers in text do."""
    entry = asker.inputs[at]
    if (
        entry.type is not ValueType.STRING
        or not isinstance(entry.example, str)
        or asker.answers([(at, _STRANGER)])
    ):
        return False
    known = set(data[entry.name].dropna())
    others = list(_alike(entry.example, known))
    return asker.answers([(at, entry.example)]) and not any(asker.answers([(at, text)]) for text in others)


def _alike(text: str, known: Collection[str]) -> Iterator[str]:
    """Yield texts of the same letters', digits' and other characters' places that are not known."""
    for by in range(1, len(string.ascii_lowercase)):
        turned = "".join(_turned(character, by) for character in text)
        if turned not in known:
            yield turned


def _turned(character: str, by: int) -> str:
    for alphabet in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if character in alphabet:
            return alphabet[(alphabet.index(character) + by) % len(alphabet)]
    return character


def _shut(entry: Input, column: "pd.Series[str]") -> Input:
    values = sorted(set(column.dropna()))
    print(
        f"note: the pipeline fails on text in '{entry.name}' that the data does not have: the contract refuses all but its "
        f"{len(values)} values",
        file=sys.stderr,
    )
    return entry.with_changes(type=ValueType.CATEGORY, values=list(values), unknown="reject")
