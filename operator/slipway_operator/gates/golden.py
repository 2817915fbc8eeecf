"""The gate ``golden``: does the canary answer the bundle's golden rows as they were answered where it was made?

The predictor itself holds its engine against them when a library differs; this holds the whole way against them, from
the Service to the answer's bytes.
"""

from typing import Any

import aiohttp

from slipway_operator.calls.http import TRANSIENT, NoAnswerError, ask
from slipway_operator.gates.rows import golden
from slipway_operator.gates.scene import Answer, Json, Scene, foreign

SECONDS = 30.0


async def check(session: aiohttp.ClientSession, scene: Scene, tolerance: float) -> Answer:
    """Ask the canary the golden rows. Raises NoAnswerError."""
    if skipped := foreign(scene.canary):
        return skipped
    found = await golden(session, scene.canary)
    if isinstance(found, str):
        return Answer("Skipped", found)
    if not scene.infer:
        raise NoAnswerError("the canary's Service has no address yet")
    request, recorded = found
    reply = await ask(session, "POST", scene.infer[0], SECONDS, request)
    if reply.status in TRANSIENT:
        raise NoAnswerError(f"the golden rows were answered with {reply.status}: {reply.words()}")
    if reply.status != 200:
        return Answer("Failed", f"the golden rows were answered with {reply.status}: {reply.words()}")
    answer = reply.json()
    rows = max(len(values) for values in recorded.values() if isinstance(values, list))
    if wrong := difference(recorded, answer, tolerance):
        return Answer("Failed", wrong)
    return Answer("Passed", f"all {rows} golden rows are answered as recorded")


def difference(recorded: Json, answer: Any, tolerance: float) -> str | None:
    """How a V2 answer differs from the recorded outputs, by the first row that does; None: it does not."""
    outputs = answer.get("outputs") if isinstance(answer, dict) else None
    if not isinstance(outputs, list):
        return "the answer has no outputs"
    given = {part.get("name"): part for part in outputs if isinstance(part, dict)}
    rows: set[int] = set()
    first: tuple[int, str] | None = None
    for name, values in recorded.items():
        if name not in given:
            return f"output '{name}' is not in the answer"
        wanted, got = _flat(values), _flat(given[name].get("data"))
        if len(wanted) != len(got):
            return f"output '{name}' has {len(got)} values, {len(wanted)} were recorded"
        width = max(1, len(wanted) // max(1, len(values)))
        real = str(given[name].get("datatype", "")).startswith("FP")
        for index, (one, other) in enumerate(zip(got, wanted, strict=True)):
            if _same(one, other, tolerance if real else 0.0):
                continue
            row = index // width
            rows.add(row)
            if first is None or row < first[0]:
                place = f"[{index % width}]" if width > 1 else ""
                first = row, f"output '{name}'{place} is {one!r}, {other!r} was recorded"
    if first is None:
        return None
    return f"{len(rows)} golden row(s) are answered otherwise, the first of them row {first[0]}: {first[1]}"


def _same(one: Any, other: Any, tolerance: float) -> bool:
    if one == other or str(one) == str(other):
        return True
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other)):
        return False
    return bool(abs(one - other) <= tolerance * max(1.0, abs(other)))


def _flat(values: Any) -> list[Any]:
    if not isinstance(values, list):
        return [values]
    return [inner for value in values for inner in _flat(value)]
