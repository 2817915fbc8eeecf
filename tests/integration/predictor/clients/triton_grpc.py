"""Triton's gRPC client at work; a program, because its messages cannot be in one process with KServe's of the same name.

Arguments: the port, and the file with the held-out rows. Ends with an AssertionError where an answer is wrong.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import triton_to_np_dtype

NAME = "breast-cancer"
WANTED = [triton.InferRequestedOutput("label"), triton.InferRequestedOutput("probability")]


def main(port: str, path: str) -> None:
    holdout = json.loads(Path(path).read_text())
    rows = np.array(holdout["rows"][:3])
    with triton.InferenceServerClient(f"127.0.0.1:{port}") as client:
        ask_about(client)
        infer(client, rows, holdout["models"]["v1"])
        other_datatypes(client, rows)
        refusals(client, tensor(rows))


def tensor(values: Any, datatype: str = "FP64") -> Any:
    made = triton.InferInput("x", list(values.shape), datatype)
    made.set_data_from_numpy(values)
    return made


def ask_about(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(NAME, "1")
    assert client.get_server_metadata(as_json=True)["extensions"] == ["binary_tensor_data"]
    assert client.get_model_metadata(NAME, as_json=True)["versions"] == ["1"]


def infer(client: Any, rows: Any, expected: Any) -> None:
    for options in ({}, {"outputs": WANTED}, {"compression_algorithm": "gzip"}, {"model_version": "1"}):
        result = client.infer(NAME, [tensor(rows)], request_id="7", **options)
        assert result.as_numpy("label").tolist() == expected["label"][:3]
        probability = result.as_numpy("probability")
        assert np.allclose(probability, expected["probability"][:3], rtol=0, atol=1e-12)
        assert result.get_response().id == "7"
        assert result.get_response().raw_output_contents, "raw contents are answered raw"
    assert client.infer(NAME, [tensor(rows)], outputs=WANTED[:1]).as_numpy("probability") is None


def other_datatypes(client: Any, rows: Any) -> None:
    for datatype in ("FP32", "FP16", "INT32"):
        values = np.round(rows).astype(triton_to_np_dtype(datatype))
        found = client.infer(NAME, [tensor(values, datatype)]).as_numpy("probability")
        plain = client.infer(NAME, [tensor(values.astype(np.float64))]).as_numpy("probability")
        assert np.array_equal(found, plain), datatype


def refusals(client: Any, good: Any) -> None:
    for word, call in {
        "no version '9'": lambda: client.infer(NAME, [good], model_version="9"),
        "no model 'other' here": lambda: client.infer("other", [good]),
        "StatusCode.UNIMPLEMENTED": lambda: client.get_model_config(NAME),
    }.items():
        with pytest.raises(triton.InferenceServerException) as caught:
            call()
        assert word in str(caught.value)


if __name__ == "__main__":
    main(*sys.argv[1:])
