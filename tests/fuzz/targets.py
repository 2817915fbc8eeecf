"""What is fuzzed: each target makes nearly right inputs, and runs one; what it must never do it raises.

v2, v1, grpc: a body, through decoder, contract, core and encoder: an answer or a RequestError below 500, nothing else.
contract: the bytes of a model.yaml: a manifest that renders and reads back the same, or a BundleError.
http (connection.py): the bytes of a connection, through uvicorn's parser, the fast lane and the ordinary routes.
"""

import random
from typing import Any, Protocol

import numpy as np
import orjson

from slipway_contract import BundleError
from slipway_contract.manifest import parse_manifest, render_manifest
from slipway_predictor.features import example_request
from slipway_predictor.protocol import DATATYPES, InferenceRequest, RequestError, v1_json, v2_json
from slipway_predictor.protocol.binary import to_bytes
from slipway_predictor.serving.messages import from_message, parse, to_message
from slipway_predictor.serving.protobuf import pb
from tests.fuzz import mutate
from tests.fuzz.model import EVERYTHING, MATRIX, core


class Target(Protocol):
    """Something to fuzz."""

    name: str

    def make(self, rng: random.Random) -> bytes:
        """Return an input."""

    def run(self, data: bytes) -> str:
        """Take an input; return in a word what came of it. Raises on anything that must not be."""


CORES = (core(MATRIX), core(EVERYTHING))
REQUESTS = tuple(
    example_request(inputs) | {"id": "1", "outputs": [{"name": "label"}], "parameters": {"a": 1}}
    for inputs in (MATRIX, EVERYTHING)
)
ROWS = {
    "inputs": [
        {"name": "x", "datatype": "FP32", "shape": [2, 3], "data": [[1, 2, 3], [4, 5, 6]], "parameters": {}}
    ]
}


class V2:
    """REST bodies, JSON and binary. The first byte: 0 JSON, else the length of the JSON part follows in two bytes."""

    name = "v2"

    def __init__(self, *seeds: Any) -> None:
        """`seeds`: the documents to begin with."""
        self._seeds = seeds or (*REQUESTS, ROWS)

    def make(self, rng: random.Random) -> bytes:
        """Return a body, behind what says its form."""
        if rng.random() < 0.05:
            return b"\0" + mutate.document(_empty(rng), rng)
        if rng.random() < 0.6:
            return b"\0" + mutate.document(rng.choice(self._seeds), rng)
        return b"\1" + _binary(rng)

    def run(self, data: bytes) -> str:
        """Decode and answer it."""
        length = None
        body = data[1:]
        if data[:1] not in (b"", b"\0"):
            length, body = int.from_bytes(data[1:3], "little"), data[3:]
        return _answered(lambda: v2_json.decode(body, length))


class V1:
    """REST bodies of KServe's older protocol."""

    name = "v1"
    _seeds = ({"instances": [[1, 2, 3]]}, {"instances": [{"age": 1, "plan": "gold", "spend": None}]})

    def make(self, rng: random.Random) -> bytes:
        """Return a body."""
        return mutate.document(rng.choice(self._seeds), rng)

    def run(self, data: bytes) -> str:
        """Decode and answer it."""
        return _answered(lambda: v1_json.decode(data, [entry.name for entry in EVERYTHING]))


class Grpc:
    """Messages, raw and typed."""

    name = "grpc"

    def make(self, rng: random.Random) -> bytes:
        """Return a message's bytes."""
        message = pb.ModelInferRequest(model_name="churn", id="1")
        raw = rng.random() < 0.5
        for tensor in v2_json.decode(orjson.dumps(rng.choice((*REQUESTS, ROWS)))).inputs:
            shape = [rng.choice((0, 1, 2, 3, -1, 2**40)) if rng.random() < 0.05 else n for n in tensor.shape]
            if empty := rng.random() < 0.05:
                shape = mutate.empty_shape(rng)
            datatype = rng.choice(("FP16", "BYTES", "BOOL", "")) if rng.random() < 0.05 else tensor.datatype
            entry = message.inputs.add(name=tensor.name, datatype=datatype, shape=shape)
            if raw:
                data = b"" if empty else to_bytes(tensor.array)
                message.raw_input_contents.append(mutate.raw(data, rng) if rng.random() < 0.2 else data)
            elif empty:
                continue
            elif tensor.datatype == "BYTES":
                entry.contents.bytes_contents.extend(str(value).encode() for value in tensor.array.flat)
            else:
                field = {"INT64": "int64_contents", "BOOL": "bool_contents", "FP32": "fp32_contents"}
                getattr(entry.contents, field.get(tensor.datatype, "fp64_contents")).extend(
                    tensor.array.reshape(-1).tolist()
                )
        found: bytes = message.SerializeToString()
        return mutate.raw(found, rng) if rng.random() < 0.5 else found

    def run(self, data: bytes) -> str:
        """Parse and answer it."""
        return _answered(lambda: from_message(parse(pb.ModelInferRequest, data)), grpc=True)


class Contract:
    """The bytes of a model.yaml."""

    name = "contract"

    def __init__(self) -> None:
        self._texts = [render_manifest(core.manifest) for core in CORES]
        self._documents = [core.manifest.model_dump(mode="json", by_alias=True) for core in CORES]

    def make(self, rng: random.Random) -> bytes:
        """Return a manifest, changed as YAML or as a document (JSON is YAML, too)."""
        if rng.random() < 0.5:
            return mutate.raw(rng.choice(self._texts), rng)
        return mutate.document(rng.choice(self._documents), rng)

    def run(self, data: bytes) -> str:
        """Read it."""
        try:
            manifest = parse_manifest(data)
        except BundleError:
            return "refused"
        again = parse_manifest(render_manifest(manifest))
        assert again == manifest, "a manifest does not read back as it was"
        return "manifest"


def _empty(rng: random.Random) -> dict[str, Any]:
    """Return a request whose tensor holds no values."""
    datatype = rng.choice(list(DATATYPES))
    return {"inputs": [{"name": "x", "datatype": datatype, "shape": mutate.empty_shape(rng), "data": []}]}


def _binary(rng: random.Random) -> bytes:
    """Return a body with binary data, its parts honest or not."""
    entry: dict[str, Any] = {"name": "x", "datatype": "FP64", "shape": [2, 3]}
    part = to_bytes(np.arange(6.0))
    if rng.random() < 0.3:
        entry = {"name": "note", "datatype": "BYTES", "shape": [2]}
        part = to_bytes(np.array(["a", "bc"], dtype=object))
    if rng.random() < 0.3:
        entry["datatype"] = rng.choice(("FP16", "FP32", "INT64", "BOOL", "BYTES", "UINT8"))
    if rng.random() < 0.1:
        entry["shape"], part = mutate.empty_shape(rng), b""
    if rng.random() < 0.3:
        part = mutate.raw(part, rng)
    size = len(part) if rng.random() < 0.7 else rng.choice((0, 1, -1, 2**31, 2**63, len(part) + 1))
    entry["parameters"] = {"binary_data_size": size}
    document = {"inputs": [entry], "parameters": {"binary_data_output": True}}
    head = mutate.document(document, rng) if rng.random() < 0.4 else orjson.dumps(document)
    length = len(head) if rng.random() < 0.8 else rng.choice((0, 1, len(head) + 1, 65535))
    return min(length, 65535).to_bytes(2, "little") + head + part


def _answered(read: Any, *, grpc: bool = False) -> str:
    """Have a request answered by each core; return in a word what became of it."""
    try:
        request: InferenceRequest = read()
    except RequestError as error:
        return _refused(error)
    words = []
    for one in CORES:
        try:
            answer = one.infer(request)
        except RequestError as error:
            words.append(_refused(error))
            continue
        if grpc:
            to_message(answer, raw=request.binary)
        else:
            orjson.loads(v2_json.encode_for(request, answer)[0].partition(b"}]}")[0] + b"}]}")
            v1_json.encode(answer)
        words.append("answered")
    return "answered" if "answered" in words else words[0]


def _refused(error: RequestError) -> str:
    if error.status >= 500:
        raise AssertionError(f"a body is answered with {error.status}: {error}") from error
    v2_json.encode_error(str(error))
    return "refused"
