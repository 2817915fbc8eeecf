"""The field's clients, unchanged, against a served model: Triton's over HTTP and gRPC, and schemathesis.

KServe's own are in test_serving and test_grpc.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton_http
from tritonclient.utils import triton_to_np_dtype

from slipway_lab.loopback import free_port

from .conftest import Serve, Served, environment

CLIENT = Path(__file__).parent / "clients" / "triton_grpc.py"
HOOKS = CLIENT.with_name("schemathesis_hooks.py")
NAME = "breast-cancer"
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def served(serve: Serve, bundles: Path, port: int) -> Served:
    return serve(bundles / "v1", "--grpc-port", str(port))


@pytest.fixture(scope="module")
def mixed_served(serve: Serve, mixed: Path) -> Served:
    return serve(mixed)


@pytest.fixture
def mixed_http(mixed_served: Served) -> Iterator[Any]:
    client = triton_http.InferenceServerClient(mixed_served.url.removeprefix("http://"))
    yield client
    client.close()


@pytest.fixture
def http(served: Served) -> Iterator[Any]:
    client = triton_http.InferenceServerClient(served.url.removeprefix("http://"), concurrency=2)
    yield client
    client.close()


def rows(holdout: dict[str, Any]) -> Any:
    return np.array(holdout["rows"][:3])


def require_equal(result: Any, holdout: dict[str, Any]) -> None:
    answers = holdout["models"]["v1"]
    assert result.as_numpy("label").tolist() == answers["label"][:3]
    found = result.as_numpy("probability")
    assert np.allclose(found, answers["probability"][:3], rtol=0, atol=1e-12)


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
@pytest.mark.parametrize("compression", [None, "gzip", "deflate"])
def test_triton_s_http_client(
    http: Any, holdout: dict[str, Any], binary_in: bool, binary_out: bool, compression: str | None
) -> None:
    tensor = triton_http.InferInput("x", [3, 30], "FP64")
    tensor.set_data_from_numpy(rows(holdout), binary_data=binary_in)
    outputs = [
        triton_http.InferRequestedOutput(name, binary_data=binary_out) for name in ("label", "probability")
    ]
    result = http.infer(
        NAME, [tensor], outputs=outputs, request_id="7", request_compression_algorithm=compression
    )
    require_equal(result, holdout)
    response = result.get_response()
    assert (response["id"], response["model_name"], response["model_version"]) == ("7", NAME, "1")
    assert ("data" in result.get_output("label")) is not binary_out


def test_triton_s_http_client_asks_for_all_the_rest(http: Any, holdout: dict[str, Any]) -> None:
    assert http.is_server_live()
    assert http.is_server_ready()
    assert http.is_model_ready(NAME)
    assert http.is_model_ready(NAME, "1")
    assert not http.is_model_ready(NAME, "9")
    assert http.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    assert http.get_model_metadata(NAME, "1")["outputs"][0]["name"] == "label"
    tensor = triton_http.InferInput("x", [3, 30], "FP64")
    tensor.set_data_from_numpy(rows(holdout))
    require_equal(http.infer(NAME, [tensor], model_version="1"), holdout)
    asked = [http.async_infer(NAME, [tensor]) for _ in range(8)]
    for one in asked:
        require_equal(one.get_result(), holdout)
    with pytest.raises(triton_http.InferenceServerException, match="no model 'other' here"):
        http.infer("other", [tensor])


@pytest.mark.parametrize("datatype", ["FP32", "FP16", "INT32"])
def test_triton_s_http_client_sends_other_datatypes(
    http: Any, holdout: dict[str, Any], datatype: str
) -> None:
    values = np.round(rows(holdout)).astype(triton_to_np_dtype(datatype))
    tensor = triton_http.InferInput("x", [3, 30], datatype)
    tensor.set_data_from_numpy(values)
    plain = triton_http.InferInput("x", [3, 30], "FP64")
    plain.set_data_from_numpy(values.astype(np.float64), binary_data=False)
    found, expected = (http.infer(NAME, [one]).as_numpy("probability") for one in (tensor, plain))
    assert np.array_equal(found, expected)


def test_triton_s_grpc_client(served: Served, port: int, bundles: Path) -> None:
    command = [sys.executable, str(CLIENT), str(port), str(bundles / "holdout.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]


def test_triton_s_http_client_sends_gaps_as_json(mixed_http: Any) -> None:
    """numpy's NaN, which is no JSON, where the contract takes missing values."""
    columns = {
        "plan": ("BYTES", np.array(["gold", "pro"], dtype=object)),
        "age": ("INT64", np.array([40, 50])),
        "active": ("BOOL", np.array([True, False])),
        "spend": ("FP64", np.array([12.5, np.nan])),
        "since": ("BYTES", np.array(["2024-05-01", "2025-01-31T12:00:00Z"], dtype=object)),
    }
    labels = []
    for binary in (True, False):
        tensors = []
        for name, (datatype, values) in columns.items():
            tensor = triton_http.InferInput(name, [2], datatype)
            tensor.set_data_from_numpy(values, binary_data=binary)
            tensors.append(tensor)
        labels.append(mixed_http.infer("mixed", tensors).as_numpy("label").tolist())
    assert labels[0] == labels[1]


@pytest.mark.parametrize("contract", ["floats", "mixed"])
def test_schemathesis_finds_nothing(
    served: Served, mixed_served: Served, tmp_path: Path, contract: str
) -> None:
    """All its checks over the served document, examples, boundaries, broken requests and sequences of calls."""
    url = (served if contract == "floats" else mixed_served).url
    command = [SCHEMATHESIS, "run", f"{url}/openapi.json", "--checks", "all", "--max-examples", "25"]
    command += ["--generation-deterministic", "--no-color"]
    hooks = environment(SCHEMATHESIS_HOOKS=str(HOOKS))
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300, env=hooks)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert "9 selected / 9 total" in done.stdout
