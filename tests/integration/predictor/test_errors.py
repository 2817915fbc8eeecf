"""What a served model answers to everything that is wrong: always {"error": …}, always the right status."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import Serve, Served, matrix

INFER = "/v2/models/breast-cancer/infer"
LIMIT = 64 * 1024


@pytest.fixture(scope="module")
def served(serve: Serve, bundles: Path) -> Served:
    return serve(bundles / "v3", "--max-body-mib", str(LIMIT / 2**20))


def error(response: httpx.Response) -> str:
    """Return the message of an answer that holds one and nothing else."""
    document = response.json()
    assert list(document) == ["error"], document
    message: str = document["error"]
    return message


def tensor(**changes: Any) -> bytes:
    entry = {"name": "x", "datatype": "FP64", "shape": [1, 30], "data": [1.0] * 30} | changes
    return json.dumps({"inputs": [entry]}).encode()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"inputs": NaN}', "'inputs' must be a list"),
        (b"[" * 60_000, "not JSON"),
        (b"null", "must be a JSON object"),
        (b'{"instances": [[1]]}', "'inputs' must be a list"),
        (tensor(shape=[1, 29], data=[1.0] * 29), "this model takes [n, 30]"),
        (tensor(shape=[30]), "this model takes [n, 30]"),
        (tensor(shape=[0, 30], data=[]), "no rows"),
        (tensor(data=[1.0] * 29), "needs 30 values"),
        (tensor(data=[None] * 30), "missing (null or NaN)"),
        (tensor(data=["1"] * 30), "value 0 is a string"),
        (tensor(data=[float("nan")] * 30), "missing (null or NaN)"),
        (tensor(data=[float("inf")] * 30), "must be a finite number"),
        (b'{"inputs": [NaN', "not JSON"),
        (tensor(datatype="FP32", data=[1e300] * 30), "must be a finite number"),
        (tensor(datatype="FP65"), "'datatype' must be one of"),
        (tensor(datatype="BYTES", data=["a"] * 30), "not BYTES"),
        (
            json.dumps({**json.loads(tensor()), "outputs": [{"name": "score"}]}).encode(),
            "unknown output 'score'",
        ),
    ],
)
def test_a_wrong_body_is_400(served: Served, body: bytes, sentence: str) -> None:
    response = served.post(INFER, content=body)
    assert response.status_code == 400
    assert sentence in error(response)


def test_a_missing_and_an_unknown_feature_are_named(served: Served, holdout: dict[str, Any]) -> None:
    names = [*holdout["features"][1:], "colour"]
    inputs = [{"name": name, "datatype": "FP64", "shape": [1], "data": [1]} for name in names]
    assert "unknown input 'colour'" in error(served.post(INFER, json={"inputs": inputs}))
    assert "missing input 'mean radius'" in error(served.post(INFER, json={"inputs": inputs[:-1]}))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v2/models/other/infer", 404),
        ("GET", "/v2/models/other", 404),
        ("GET", "/v2/models/other/ready", 404),
        ("POST", "/v2/models/breast-cancer/versions/9/infer", 404),
        ("GET", "/v2/models/breast-cancer/versions/9", 404),
        ("GET", "/v2/models/breast-cancer/versions/9/ready", 404),
        ("POST", "/v2/repository/models/breast-cancer/load", 404),
        ("POST", "/v2/repository/models/breast-cancer/unload", 404),
        ("POST", "/v2/repository/index", 404),
        ("GET", "/docs/other.js", 404),
        ("POST", "/v1/models/other:predict", 404),
        ("GET", "/v1/models/other", 404),
        ("GET", "/v1/models/breast-cancer:predict", 405),
        ("GET", "/nowhere", 404),
        ("GET", INFER, 405),
        ("DELETE", "/v2/models/breast-cancer", 405),
    ],
)
def test_what_is_not_there_says_so(served: Served, method: str, path: str, status: int) -> None:
    response = httpx.request(method, served.url + path, json=None if method == "GET" else {})
    assert response.status_code == status
    assert error(response)
    assert served.get("/v2/health/ready").status_code == 200


def test_a_body_over_the_limit_is_413_with_and_without_its_length(served: Served) -> None:
    body = b" " * (LIMIT + 1)
    for content in (body, iter([body[:1000], body[1000:]])):
        response = served.post(INFER, content=content)
        assert response.status_code == 413
        assert f"larger than {LIMIT} bytes" in error(response)
    assert served.post(INFER, content=body[:-1]).status_code == 400


@pytest.mark.parametrize(
    ("headers", "status", "sentence"),
    [
        ({"Content-Encoding": "br"}, 415, "'br' is not read"),
        ({"Content-Encoding": "gzip"}, 400, "the body is no gzip data"),
        ({"Inference-Header-Content-Length": "10"}, 400, "not JSON"),
        ({"Inference-Header-Content-Length": "ten"}, 400, "must be a number of bytes"),
    ],
)
def test_forms_that_are_not_read_say_so(
    served: Served, headers: dict[str, str], status: int, sentence: str
) -> None:
    response = served.post(INFER, content=tensor(), headers=headers)
    assert response.status_code == status
    assert sentence in error(response)


def test_a_model_that_raises_is_500_without_its_details(served: Served, holdout: dict[str, Any]) -> None:
    bad = holdout["models"]["v3"]["label"].index(None)
    response = served.post(INFER, json=matrix(holdout["rows"][bad], id="the-bad-one"))
    assert response.status_code == 500
    assert error(response) == (
        "the model raised ValueError on this request; its log has the details under id the-bad-one"
    )
    assert "request the-bad-one: the model raised ValueError: Found unknown categories" in served.errors
    assert "Traceback" in served.errors


def test_nothing_but_the_model_s_failure_was_logged_as_an_error(served: Served) -> None:
    served.post(INFER, content=b"{")
    served.get("/nowhere")
    assert "the model raised" in served.errors or "ERROR" not in served.errors
    assert "Exception in ASGI" not in served.errors
