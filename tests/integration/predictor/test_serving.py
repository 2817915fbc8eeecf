"""The protocol's good paths against a served model: health, metadata, inference, metrics, several clients."""

import asyncio
import re
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import kserve
import numpy as np
import pytest
from kserve.protocol.infer_type import InferInput, InferRequest

from .conftest import Serve, Served, matrix

INFER = "/v2/models/breast-cancer/infer"


@pytest.fixture(scope="module")
def served(serve: Serve, bundles: Path, holdout: dict[str, Any]) -> Served:
    digest = holdout["models"]["v1"]["digest"]
    return serve(bundles / "v1", SLIPWAY_MODEL_DIGEST=digest, SLIPWAY_REVISION="breast-cancer-abc")


def outputs(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    return {
        output["name"]: np.reshape(output["data"], output["shape"]).tolist()
        for output in response.json()["outputs"]
    }


def test_all_held_out_rows_get_the_model_s_own_answers(served: Served, holdout: dict[str, Any]) -> None:
    answer = outputs(served.post(INFER, json=matrix(*holdout["rows"])))
    assert answer["label"] == holdout["models"]["v1"]["label"]
    assert np.allclose(answer["probability"], holdout["models"]["v1"]["probability"], rtol=0, atol=1e-12)


def test_one_row_by_named_tensors_is_the_same_as_by_matrix(served: Served, holdout: dict[str, Any]) -> None:
    row = holdout["rows"][0]
    named = [
        {"name": name, "datatype": "FP64", "shape": [1], "data": [value]}
        for name, value in zip(holdout["features"], row, strict=True)
    ]
    one = served.post(INFER, json={"inputs": named})
    assert outputs(one) == outputs(served.post(INFER, json=matrix(row)))


def test_the_answer_carries_id_version_and_revision(served: Served, holdout: dict[str, Any]) -> None:
    document = served.post(INFER, json=matrix(holdout["rows"][0], id="mine")).json()
    assert (document["id"], document["model_name"], document["model_version"]) == (
        "mine",
        "breast-cancer",
        "1",
    )
    assert document["parameters"] == {"version": "1", "revision": "breast-cancer-abc"}
    assert served.post(INFER, json=matrix(holdout["rows"][0])).json()["id"]


def test_outputs_are_selected(served: Served, holdout: dict[str, Any]) -> None:
    request = matrix(holdout["rows"][0], outputs=[{"name": "probability"}])
    assert list(outputs(served.post(INFER, json=request))) == ["probability"]


def test_content_type_and_length_are_not_needed(served: Served, holdout: dict[str, Any]) -> None:
    body = httpx.Request("POST", "http://x", json=matrix(holdout["rows"][0])).content
    assert served.post(INFER, content=body).status_code == 200
    assert served.post(INFER, content=iter([body[:10], body[10:]])).status_code == 200
    assert served.post(INFER, content=body, headers={"Content-Type": "text/plain"}).status_code == 200


def test_the_versioned_path_answers_for_this_version(served: Served, holdout: dict[str, Any]) -> None:
    path = "/v2/models/breast-cancer/versions/1"
    assert served.post(f"{path}/infer", json=matrix(holdout["rows"][0])).status_code == 200
    assert served.get(path).json() == served.get("/v2/models/breast-cancer").json()
    assert served.get(f"{path}/ready").json() == {"name": "breast-cancer", "ready": True}


def test_health_and_metadata(served: Served, holdout: dict[str, Any]) -> None:
    assert served.get("/v2/health/live").json() == {"live": True}
    assert served.get("/v2/health/ready").json() == {"ready": True}
    assert served.get("/v2/models").json() == {"models": ["breast-cancer"]}
    server = served.get("/v2").json()
    assert (server["name"], server["extensions"]) == ("slipway-predictor", ["binary_tensor_data"])
    assert served.get("/v2/").json() == server
    model = served.get("/v2/models/breast-cancer").json()
    assert (model["name"], model["versions"], model["platform"]) == ("breast-cancer", ["1"], "sklearn")
    assert [entry["name"] for entry in model["inputs"]] == holdout["features"]
    assert model["outputs"] == [
        {"name": "label", "datatype": "INT64", "shape": [-1]},
        {"name": "probability", "datatype": "FP64", "shape": [-1, 2]},
    ]


def test_a_model_of_another_name_serves_under_it(
    serve: Serve, bundles: Path, holdout: dict[str, Any]
) -> None:
    served = serve(bundles / "v1", SLIPWAY_MODEL_NAME="tumours", SLIPWAY_MODEL_VERSION="2026-05")
    document = served.post("/v2/models/tumours/infer", json=matrix(holdout["rows"][0])).json()
    assert (document["model_name"], document["model_version"]) == ("tumours", "2026-05")
    assert served.get("/v2/models/breast-cancer").status_code == 404


def test_requests_are_counted_for_the_operator(serve: Serve, bundles: Path, holdout: dict[str, Any]) -> None:
    served = serve(bundles / "v3", "--revision", "breast-cancer-def")
    labels = holdout["models"]["v3"]["label"]
    good, bad = labels.index(0), labels.index(None)
    statuses = [served.post(INFER, json=matrix(holdout["rows"][i])).status_code for i in (good, bad, good)]
    assert statuses == [200, 500, 200]
    assert served.post(INFER, json=[]).status_code == 400
    text = served.get("/metrics").text

    def value(name: str, **labels: str) -> float:
        return next(
            float(line.rpartition(" ")[2])
            for line in text.splitlines()
            if line.startswith(name + "{")
            and all(f'{key}="{wanted}"' in line for key, wanted in labels.items())
        )

    common = {"model_name": "breast-cancer", "revision": "breast-cancer-def"}
    counts = {
        c: value("slipway_predictor_requests_total", **common, protocol="v2", code=c)
        for c in ("200", "400", "500")
    }
    assert counts == {"200": 2, "400": 1, "500": 1}
    assert value("slipway_predictor_request_duration_seconds_count", **common) == 4
    digest = holdout["models"]["v3"]["digest"]
    assert value("slipway_predictor_model_info", **common, version="3", digest=digest, engine="sklearn") == 1


def test_the_broken_model_raises_on_the_rows_it_was_said_to(
    serve: Serve, bundles: Path, holdout: dict[str, Any]
) -> None:
    served = serve(bundles / "v3")
    with httpx.Client() as client:
        statuses = [client.post(served.url + INFER, json=matrix(row)).status_code for row in holdout["rows"]]
    assert statuses == [500 if label is None else 200 for label in holdout["models"]["v3"]["label"]]
    assert 0.1 <= holdout["models"]["v3"]["raises"] <= 0.4


async def test_kserve_s_own_client_works(served: Served, holdout: dict[str, Any]) -> None:
    client = kserve.InferenceRESTClient(kserve.RESTConfig(protocol="v2"))
    rows = np.array(holdout["rows"][:2])
    tensor = InferInput("input-0", list(rows.shape), "FP64")
    tensor.set_data_from_numpy(rows, binary_data=False)
    request = InferRequest(model_name="breast-cancer", infer_inputs=[tensor], request_id="7")
    try:
        assert await client.is_server_live(served.url)
        assert await client.is_server_ready(served.url)
        assert await client.is_model_ready(served.url, "breast-cancer")
        response = await client.infer(served.url, request, model_name="breast-cancer")
    finally:
        await client.close()
    assert response.id == "7"
    assert response.get_output_by_name("label").as_numpy().tolist() == holdout["models"]["v1"]["label"][:2]


async def test_many_connections_at_once_get_their_own_answers(
    served: Served, holdout: dict[str, Any]
) -> None:
    async with aiohttp.ClientSession() as session:

        async def label(index: int) -> Any:
            async with session.post(
                served.url + INFER, json=matrix(holdout["rows"][index], id=str(index))
            ) as response:
                document = await response.json()
            assert document["id"] == str(index)
            return document["outputs"][0]["data"][0]

        labels = await asyncio.gather(*(label(index) for index in range(len(holdout["rows"]))))
    assert labels == holdout["models"]["v1"]["label"]


def test_what_it_prints_can_be_pasted_and_the_log_is_quiet(serve: Serve, bundles: Path) -> None:
    served = serve(bundles / "v2")
    assert served.process.stdout is not None
    told = served.process.stdout.readline()
    hint = served.process.stdout.readline()
    assert re.fullmatch(
        rf"serving breast-cancer version 2 \(sha256:\w+\) at {served.url}/v2/models/\S+, ready in \S+ s\n",
        told,
    )
    for _ in range(3):
        command = hint.removeprefix("try: ")
        pasted = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
        assert '"outputs":[{"name":"label"' in pasted.stdout
    lines = served.errors.splitlines()
    assert len(lines) == 3
    assert "serving without a given digest; to pin this very bundle: --digest sha256:" in lines[0]
    assert re.search(r"engine: trees-\w+, compiled where the bundle was made, answers its \d+ rows", lines[1])
    assert "ready after" in lines[2]
