"""A gate against losing the speed of the whole way from a request's bytes to its answer's: by ratio, in one process.

The reference is the ordinary route through Starlette, asked by the same bytes through the same parser in turns with the
fast lane, so that a slow or busy machine slows both.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator

import orjson
import pytest
from prometheus_client import CollectorRegistry

from slipway_predictor.monitoring.metrics import Metrics
from slipway_predictor.protocol import InferenceAnswer, Tensor, v2_json
from slipway_predictor.serving.core import Core
from tests.fuzz.connection import GOOD, Http, Wire
from tests.fuzz.model import MATRIX, core

ROUNDS = 15
TIMES = 40
BODY = orjson.dumps(
    {"id": "r1", "inputs": [{"name": "x", "datatype": "FP64", "shape": [1, 3], "data": [0.5, -1.0, 2.0]}]}
)
REQUEST = GOOD % (len(BODY), BODY)


class Way:
    """One open connection."""

    def __init__(self, made: Core, *, fast: bool) -> None:
        self._http = Http(made)
        if not fast:
            self._http.lane.paths = frozenset()
        self._wire = Wire()
        self._protocol = self._http.protocol()
        self._protocol.connection_made(self._wire)

    def ask(self) -> None:
        self._http.loop.run_until_complete(self._asked())

    async def _asked(self) -> None:
        for _ in range(TIMES):
            self._wire.sent.clear()
            self._protocol.data_received(REQUEST)
            while not self._wire.sent:  # noqa: ASYNC110 (there is no event: a turn of the loop answers)
                await asyncio.sleep(0)

    def close(self) -> None:
        self._protocol.connection_lost(None)
        self._http.close()


@pytest.fixture
def ways() -> Iterator[tuple[Way, Way]]:
    both = Way(core(MATRIX), fast=True), Way(core(MATRIX), fast=False)
    yield both
    for way in both:
        way.close()


def seconds(call: Callable[[], object]) -> float:
    begin = time.process_time()  # the processor's time: what others have of it does not count
    call()
    return time.process_time() - begin


def shortest(*calls: Callable[[], object]) -> list[float]:
    """The shortest of many, taking turns: what others on the machine disturb least."""
    found = [[seconds(call) for call in calls] for _ in range(ROUNDS)]
    return [min(times) for times in zip(*found, strict=True)]


# Measured: 2.7 times on a busy machine.
def test_the_fast_lane_is_many_times_the_ordinary_route(ways: tuple[Way, Way]) -> None:
    fast, ordinary = ways
    lane, route = shortest(fast.ask, ordinary.ask)
    assert lane * 2 < route, (
        f"{lane / TIMES * 1e6:.1f} µs a request, {route / TIMES * 1e6:.1f} by the ordinary route"
    )


# Measured: 7 times: everything around it is HTTP, admission, the contract and the books.
def test_the_fast_lane_is_little_more_than_reading_and_writing_json(ways: tuple[Way, Way]) -> None:
    made = core(MATRIX)
    answer = made.infer(v2_json.decode(BODY))

    def json_alone() -> None:
        for _ in range(TIMES):
            v2_json.encode(answer)
            v2_json.decode(BODY)

    lane, json = shortest(ways[0].ask, json_alone)
    assert lane < json * 14, f"{lane / TIMES * 1e6:.1f} µs a request, {json / TIMES * 1e6:.1f} of them JSON"


# Measured: 12.6 times the reference, 1.8 µs where that takes 0.14; no more than 2.5 may become of it.
def test_a_request_pays_little_for_metrics() -> None:
    metrics = Metrics("churn", "r", CollectorRegistry())
    scores = Tensor("probability", "FP64", core(MATRIX).infer(v2_json.decode(BODY)).outputs[1].array)
    answer = InferenceAnswer("1", "churn", "1", (scores,))
    count = 2048

    def counted() -> None:
        for _ in range(count):
            metrics.request("v2", 200, 0.001)
            metrics.answered(answer)
            metrics.called(1, 1, 1e-4)

    def reference() -> None:
        for _ in range(count):
            statistics.fmean((1.0, 2.0))

    cost, unit = shortest(counted, reference)
    assert cost < unit * 18, f"{cost / count * 1e6:.2f} µs a request, {cost / unit:.1f} times the reference"
