"""The same 10,000 requests, right and wrong, down three ways: the fast lane, the ordinary route behind it, and KServe's
SDK as it comes. The first two never differ. From the SDK's they differ where it is wrong, as DIFFERENCES lists.
"""

import itertools
import json
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx
import numpy as np
import pytest
from kserve import InferOutput, InferRequest, InferResponse
from kserve.model_server import app
from kserve.protocol.model_repository_extension import ModelRepositoryExtension
from kserve.protocol.rest.server import RESTServer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.fuzz import mutate
from tests.fuzz.connection import Http
from tests.unit.predictor.conftest import MATRIX, core_of

from slipway_predictor.engines import Cost
from slipway_predictor.serving.sdk import Model, ModelServer

REQUESTS = 10_000
PATH = "/v2/models/churn/infer"
SEEDS: tuple[dict[str, Any], ...] = (
    {"id": "7", "inputs": [{"name": "x", "datatype": "FP64", "shape": [1, 3], "data": [0.5, -1, 2]}]},
    {"inputs": [{"name": "x", "datatype": "FP32", "shape": [2, 3], "data": [[0.5, -1, 2], [1, 2, 3]]}]},
    {
        "id": "a",
        "inputs": [
            {
                "name": "x",
                "datatype": "INT64",
                "shape": [2, 3],
                "data": [1, 2, 3, 4, 5, 6],
                "parameters": {"a": "b"},
            }
        ],
        "outputs": [{"name": "label"}],
        "parameters": {"b": 1},
    },
)


class Answer(NamedTuple):
    """A status and a body."""

    status: int
    document: Any

    @property
    def error(self) -> str:
        return str(self.document.get("error", "")) if isinstance(self.document, dict) else ""


class Difference(NamedTuple):
    """Where the SDK answers otherwise than it should, and how to know it."""

    reason: str
    holds: Callable[[Answer, Answer], bool]
    """Takes our answer and the SDK's."""


def refused(*words: str) -> Callable[[Answer, Answer], bool]:
    """We refuse, with one of these words, what the SDK answers."""
    return lambda ours, sdk: (
        ours.status == 400 and sdk.status == 200 and any(word in ours.error for word in words)
    )


DIFFERENCES = {
    "422": Difference(
        'a body that does not fit is 400 with {"error"} by the protocol, not 422 with FastAPI\'s detail',
        lambda ours, sdk: (ours.status, sdk.status) == (400, 422) and "detail" in sdk.document,
    ),
    "detail": Difference(
        'an error is {"error"} by the protocol, not {"detail"}',
        lambda ours, sdk: (ours.status, sdk.status) == (400, 400) and "detail" in sdk.document,
    ),
    "500": Difference(
        "what is wrong with a body is the client's to mend: 400, not 500",
        lambda ours, sdk: (ours.status, sdk.status) == (400, 500),
    ),
    "id": Difference(
        "a request without an id is a good request",
        lambda ours, sdk: (
            (ours.status, sdk.status) == (200, 500) and "InferenceResponse\nid\n" in sdk.document["error"]
        ),
    ),
    "nan": Difference(
        "NaN is read as null, and the SDK cannot write the error in which it repeats it",
        lambda ours, sdk: (
            (ours.status, sdk.status) == (200, 500) and "Out of range float values" in sdk.document["error"]
        ),
    ),
    "parameters": Difference(
        "parameters that nothing here reads are not judged",
        lambda ours, sdk: (
            (ours.status, sdk.status) == (200, 422) and '"parameters"' in json.dumps(sdk.document)
        ),
    ),
    "json": Difference("JSON has no number beyond a double and no byte order mark", refused("not JSON")),
    "twice": Difference("the SDK keeps one of two inputs of the same name", refused("is given twice")),
    "output": Difference(
        "an output that the model does not have cannot be answered", refused("unknown output")
    ),
    "nesting": Difference(
        "the SDK flattens data whose nesting is not the shape's", refused("'data'", "nested")
    ),
    "datatype": Difference(
        "the SDK turns values into the datatype that are none of it (true into 1.0)", refused("which is no")
    ),
}


class Sdk(Model):  # type: ignore[misc]  # the SDK is untyped
    """The model as one would write it for the SDK."""

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__("churn")
        self.ready = True
        self._pipeline = pipeline

    def predict(
        self, payload: InferRequest, headers: Any = None, response_headers: Any = None
    ) -> InferResponse:
        rows = payload.inputs[0].as_numpy()
        found = []
        for name, datatype, values in (
            ("label", "BOOL", self._pipeline.predict(rows)),
            ("probability", "FP64", self._pipeline.predict_proba(rows)),
        ):
            output = InferOutput(name, list(values.shape), datatype)
            output.set_data_from_numpy(values, binary_data=False)
            found.append(output)
        wanted = {output.name for output in payload.request_outputs or ()}
        return InferResponse(
            response_id=payload.id,
            model_name="churn",
            infer_outputs=[output for output in found if not wanted or output.name in wanted],
        )


class Ways:
    """The three."""

    def __init__(self, pipeline: Pipeline) -> None:
        core = core_of(pipeline, MATRIX)
        core.engine.cost = Cost(1e-4, 1e-7)  # so that it is called on the loop's own thread
        self._fast, self._ordinary = Http(core), Http(core)
        self._ordinary.lane.paths = frozenset()
        server = ModelServer(enable_grpc=False, enable_latency_logging=False)
        server.register_model(Sdk(pipeline))
        repository = ModelRepositoryExtension(server.registered_models)
        RESTServer("kserve.model_server:app", server.dataplane, repository, 8080).create_application()
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://sdk")

    def fast(self, body: bytes) -> Answer:
        return self._ask(self._fast, body)

    def ordinary(self, body: bytes) -> Answer:
        return self._ask(self._ordinary, body)

    def sdk(self, body: bytes) -> Answer:
        headers = {"content-type": "application/json"}
        asked = self._client.post(PATH, content=body, headers=headers)
        response = self._fast.loop.run_until_complete(asked)
        return Answer(response.status_code, response.json())

    def close(self) -> None:
        self._fast.loop.run_until_complete(self._client.aclose())
        self._fast.close()
        self._ordinary.close()
        app.router.routes.clear()

    @staticmethod
    def _ask(way: Http, body: bytes) -> Answer:
        head = b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        status, answer = way.ask(head % (PATH.encode(), len(body)) + body)
        return Answer(status, json.loads(answer))


@pytest.fixture(scope="module")
def ways() -> Iterator[Ways]:
    rows = np.random.default_rng(1).normal(size=(60, 3))
    logging.disable(logging.CRITICAL)  # the SDK logs a traceback for every refusal
    made = Ways(make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, rows[:, 0] > 0))
    yield made
    made.close()
    logging.disable(logging.NOTSET)


def bodies(count: int) -> Iterator[bytes]:
    """Yield so many that ask for no binary data: that has tests of its own."""
    for number in itertools.count():
        rng = random.Random(number)
        body = mutate.document(rng.choice(SEEDS), rng)
        if b"binary_data" not in body:
            yield body
            count -= 1
        if not count:
            return


def without_made_up_id(answer: Answer) -> Answer:
    """Leave an id out that was made because the request had none: it begins with what is particular to the process."""
    document = answer.document
    if answer.status == 200 and "-" in document["id"]:
        document = {key: value for key, value in document.items() if key != "id"}
    return Answer(answer.status, document)


def same(ours: Answer, sdk: Answer) -> bool:
    """Whether both say the same: model, id and outputs (the SDK's nulls for what it leaves out aside), or an error.

    The sentences of errors are each one's own.
    """
    if ours.status != sdk.status:
        return False
    if ours.status != 200:
        return set(ours.document) == set(sdk.document) == {"error"}
    (ours_plain, ours_data), (sdk_plain, sdk_data) = plain(ours.document), plain(sdk.document)
    # The SDK hands FP32 on as float32, and scikit-learn then computes in it.
    return ours_plain == sdk_plain and np.allclose(ours_data, sdk_data, rtol=0, atol=1e-6)


def plain(document: dict[str, Any]) -> tuple[Any, list[float]]:
    outputs = document["outputs"]
    about = [(output["name"], output["datatype"], output["shape"], len(output["data"])) for output in outputs]
    data = [float(value) for output in outputs for value in output["data"]]
    return (document["model_name"], document["id"], about), data


@pytest.mark.filterwarnings("ignore")  # the SDK's own: deprecations, overflowing casts
def test_ten_thousand_requests_are_answered_alike(ways: Ways) -> None:
    seen: Counter[str] = Counter()
    for body in bodies(REQUESTS):
        fast, ordinary, sdk = ways.fast(body), ways.ordinary(body), ways.sdk(body)
        assert without_made_up_id(fast) == without_made_up_id(ordinary), body
        assert fast.status in (200, 400), body
        if same(fast, sdk):
            seen["same"] += 1
            continue
        known = [name for name, difference in DIFFERENCES.items() if difference.holds(fast, sdk)]
        assert known, f"a difference that is not listed:\n{body!r}\nours {fast}\nSDK {sdk}"
        seen[known[0]] += 1
    assert seen["same"] > REQUESTS / 10
    assert set(DIFFERENCES) <= set(seen), f"listed, but not seen: {set(DIFFERENCES) - set(seen)}; {seen}"
