"""The models that are served and the bytes that are sent: breast-cancer data, 30 features, StandardScaler and a model.

Every server gets the same pipeline file and the same requests; 256 different rows in turn, because a server that sees
one row again and again has its caches and branches learn it.
"""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from slipway_bench.peers.slow import Slow
from slipway_cli.bundle import create

NAME = "m"
DIFFERENT = 256
MODELS: dict[str, Callable[[], Any]] = {
    "LR": lambda: LogisticRegression(max_iter=1000),
    "RF": lambda: RandomForestClassifier(100, random_state=0),
    "GB": lambda: GradientBoostingClassifier(random_state=0),
}


def rows() -> NDArray[np.float64]:
    """Return the data, [569, 30]."""
    x: NDArray[np.float64] = load_breast_cancer().data
    return x


def make(folder: Path) -> None:
    """Write pipelines, bundles and request bodies into `folder`."""
    x, y = load_breast_cancer(return_X_y=True)
    for name, model in MODELS.items():
        pipeline = make_pipeline(StandardScaler(), model()).fit(x[:400], y[:400])
        joblib.dump(pipeline, folder / f"{name}.joblib")
        create(pipeline, name=NAME, version="1", out=folder / name)
    create(Slow().fit(x), name=NAME, version="1", out=folder / "SLOW")
    for count in (1, 32):
        requests = [np.take(x, range(i, i + count), axis=0, mode="wrap") for i in range(DIFFERENT)]
        (folder / f"v2-{count}").write_bytes(b"\n".join(map(_v2, requests)))
        (folder / f"v2-{count}.one").write_bytes(_v2(requests[0]))
        (folder / f"named-{count}").write_bytes(b"\n".join(map(_named, requests)))
        (folder / f"grpc-{count}").write_bytes(_grpc(requests[0]))


def _v2(x: NDArray[np.float64]) -> bytes:
    tensor = {"name": "input", "shape": list(x.shape), "datatype": "FP64", "data": x.ravel().tolist()}
    return json.dumps({"id": "r1", "inputs": [tensor]}).encode()


def _named(x: NDArray[np.float64]) -> bytes:
    named = [{f"f{i}": value for i, value in enumerate(row)} for row in x.tolist()]
    return json.dumps(named[0] if len(named) == 1 else {"rows": named}).encode()


def _grpc(x: NDArray[np.float64]) -> bytes:
    """Return a length-prefixed ModelInferRequest with raw contents, as it goes over the wire."""
    from kserve.protocol.grpc import grpc_predict_v2_pb2 as protocol

    tensor = protocol.ModelInferRequest.InferInputTensor(name="input", datatype="FP64", shape=list(x.shape))
    request = protocol.ModelInferRequest(
        model_name=NAME, id="r1", inputs=[tensor], raw_input_contents=[np.ascontiguousarray(x).tobytes()]
    )
    message: bytes = request.SerializeToString()
    return b"\0" + struct.pack(">I", len(message)) + message
