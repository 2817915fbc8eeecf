"""Lines about requests: as many as asked for, without values unless asked for, dropped rather than waited for."""

import asyncio
import io
import json
import math
import threading
from typing import Any

import numpy as np
import orjson
import pytest
from prometheus_client import CollectorRegistry
from sklearn.pipeline import Pipeline

from slipway_predictor.engines import Batcher
from slipway_predictor.monitoring import journal as module
from slipway_predictor.monitoring.journal import Journal
from slipway_predictor.monitoring.metrics import Metrics
from slipway_predictor.protocol import BadRequest, InferenceRequest, Tensor
from slipway_predictor.serving.core import Identity
from slipway_predictor.serving.lifecycle import Lifecycle
from slipway_predictor.serving.service import Service

from .conftest import MATRIX, core_of

ABOUT = {"model": "churn", "revision": "r"}


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def asked(pipeline: Pipeline, *requests: Any, share: float = 1.0, values: bool = False) -> list[Any]:
    stream = io.StringIO()
    journal = Journal(share, ABOUT, stream, values=values)
    metrics = Metrics("churn", "r", CollectorRegistry())
    service = Service(Identity("churn", "1", "r"), Lifecycle(), metrics, 60.0, journal)
    core = core_of(pipeline, MATRIX)
    service.open(core, Batcher(core.engine, asyncio.get_running_loop()))
    for request in requests:
        call = service.begin("v2", None)
        try:
            await service.answer(call, request)
        except BadRequest as error:
            service.end(call, error)
        else:
            service.end(call)
    journal.close()
    return lines(stream)


def row(*values: float, name: str | None = "7") -> InferenceRequest:
    return InferenceRequest((Tensor("x", "FP64", np.array([values])),), id=name)


async def test_a_line_says_who_what_and_how_long_but_no_values(matrix_classifier: Pipeline) -> None:
    good, bad = await asked(matrix_classifier, row(0.125, 1, 2), row(0.125, 1))
    assert (good["model"], good["revision"], good["id"], good["protocol"], good["status"]) == (
        "churn",
        "r",
        "7",
        "v2",
        200,
    )
    assert good["ms"] > 0
    assert good["time"].endswith("+00:00")
    assert (bad["status"], bad["error"]) == (400, "BadRequest")
    assert not any("0.125" in json.dumps(line) or "inputs" in line for line in (good, bad))


async def test_values_are_there_when_asked_for(matrix_classifier: Pipeline) -> None:
    (line,) = await asked(matrix_classifier, row(0.125, 1, 2), values=True)
    assert line["inputs"] == {"x": [[0.125, 1, 2]]}


def test_a_missing_value_is_null_in_a_line_that_is_json() -> None:
    stream = io.StringIO()
    journal = Journal(1.0, ABOUT, stream, values=True)
    request = row(1.0, math.nan, math.inf)
    journal.note(request_id="1", protocol="v2", status=200, seconds=0.1, error=None, request=request)
    journal.close()
    (line,) = stream.getvalue().splitlines()
    assert orjson.loads(line)["inputs"] == {"x": [[1, None, None]]}


async def test_a_share_is_noted_evenly(matrix_classifier: Pipeline) -> None:
    found = await asked(matrix_classifier, *(row(0, 0, 0, name=str(n)) for n in range(8)), share=0.25)
    assert [line["id"] for line in found] == ["3", "7"]


async def test_a_request_without_an_id_is_noted_by_the_one_it_was_answered_with(
    matrix_classifier: Pipeline,
) -> None:
    (line,) = await asked(matrix_classifier, row(0, 0, 0, name=None))
    assert line["id"]


class Stuck(io.StringIO):
    """A reader that does not read until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def write(self, text: str) -> int:
        self.go.wait(10)
        return super().write(text)


def test_lines_that_nobody_reads_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 5)
    stream = Stuck()
    journal = Journal(1.0, ABOUT, stream)

    def note() -> None:
        journal.note(request_id="1", protocol="v2", status=200, seconds=0.001, error=None, request=None)

    for _ in range(20):
        note()
    stream.go.set()
    while journal._lines.qsize():
        pass
    note()
    journal.close()
    found = lines(stream)
    assert len(found) in (6, 7)
    assert sum(line.get("dropped", 0) for line in found) == 21 - len(found)


def test_a_reader_that_is_gone_does_no_harm() -> None:
    stream = io.StringIO()
    stream.close()
    journal = Journal(1.0, ABOUT, stream)
    journal.note(request_id="1", protocol="v2", status=200, seconds=0.001, error=None, request=None)
    journal.close()
    assert not journal._thread.is_alive()
