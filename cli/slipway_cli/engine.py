"""The bundle's engine: the pipeline as plain numbers, where it can be had and answers as the pipeline does."""

from typing import Any

import orjson

from slipway_contract import Input
from slipway_predictor.bundle.infer import table_of
from slipway_predictor.engines import Reference, compile_ahead
from slipway_predictor.features import example_request

ENGINE_NAME = "engine.npz"


def compiled(
    estimator: Any, engine: Reference, inputs: list[Input], golden: bytes | None, names: list[str]
) -> dict[str, bytes]:
    """Return the file, or nothing. `golden`: the bundle's golden rows, to compare by; `names`: its outputs."""
    request = example_request(inputs) if golden is None else orjson.loads(golden)["request"]
    data = compile_ahead(estimator, engine, names, table_of(inputs, request, framed=engine.framed))
    return {} if data is None else {ENGINE_NAME: data}
