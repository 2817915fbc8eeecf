"""The protocol over gRPC, on demand: the same answers, codes that match, and no way to load or unload."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import kserve
import numpy as np
import pytest
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub
from kserve.protocol.infer_type import InferInput, InferRequest

from slipway_lab.loopback import free_port

from .conftest import Serve, Served

NAME = "breast-cancer"


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def served(serve: Serve, bundles: Path, port: int) -> Served:
    return serve(bundles / "v3", "--grpc-port", str(port), "--revision", "r1")


@pytest.fixture
async def stub(served: Served, port: int) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield GRPCInferenceServiceStub(channel)


def typed(row: list[float], **more: Any) -> Any:
    contents = pb.InferTensorContents(fp64_contents=row)
    tensor = pb.ModelInferRequest.InferInputTensor(
        name="x", datatype="FP64", shape=[1, len(row)], contents=contents
    )
    return pb.ModelInferRequest(model_name=NAME, inputs=[tensor], **more)


@pytest.mark.parametrize("binary", [False, True])
async def test_kserve_s_own_client_works(
    served: Served, port: int, holdout: dict[str, Any], binary: bool
) -> None:
    labels = holdout["models"]["v3"]["label"]
    index = labels.index(0)
    rows = np.array([holdout["rows"][index]])
    tensor = InferInput("x", list(rows.shape), "FP64")
    tensor.set_data_from_numpy(rows, binary_data=binary)
    client = kserve.InferenceGRPCClient(f"127.0.0.1:{port}")
    try:
        assert await client.is_server_live()
        assert await client.is_server_ready()
        assert await client.is_model_ready(NAME)
        response = await client.infer(InferRequest(model_name=NAME, infer_inputs=[tensor], request_id="7"))
    finally:
        await client.close()
    assert (response.id, response.model_version) == ("7", "3")
    assert response.get_output_by_name("label").as_numpy().tolist() == [0]
    probability = response.get_output_by_name("probability").as_numpy()
    assert np.allclose(probability, [holdout["models"]["v3"]["probability"][index]], rtol=0, atol=1e-12)


async def test_raw_requests_are_answered_raw(stub: Any, holdout: dict[str, Any]) -> None:
    row = holdout["rows"][holdout["models"]["v3"]["label"].index(1)]
    request = typed(row)
    request.inputs[0].ClearField("contents")
    request.raw_input_contents.append(np.array(row).tobytes())
    response = await stub.ModelInfer(request)
    assert [len(raw) for raw in response.raw_output_contents] == [8, 16]
    assert not response.outputs[0].HasField("contents")


async def test_metadata_is_that_of_rest(stub: Any, served: Served) -> None:
    model = await stub.ModelMetadata(pb.ModelMetadataRequest(name=NAME))
    rest = served.get(f"/v2/models/{NAME}").json()
    assert (model.name, list(model.versions), model.platform) == (NAME, rest["versions"], rest["platform"])
    assert [tensor.name for tensor in model.inputs] == [tensor["name"] for tensor in rest["inputs"]]
    server = await stub.ServerMetadata(pb.ServerMetadataRequest())
    assert (server.name, list(server.extensions)) == ("slipway-predictor", ["binary_tensor_data"])


@pytest.mark.parametrize(
    ("change", "code", "sentence"),
    [
        (lambda r: setattr(r, "model_name", "other"), grpc.StatusCode.NOT_FOUND, "no model 'other' here"),
        (lambda r: setattr(r, "model_version", "9"), grpc.StatusCode.NOT_FOUND, "no version '9'"),
        (lambda r: r.ClearField("inputs"), grpc.StatusCode.INVALID_ARGUMENT, "holds no inputs"),
        (
            lambda r: setattr(r.inputs[0], "datatype", "FP8"),
            grpc.StatusCode.INVALID_ARGUMENT,
            "datatype must be one of",
        ),
        (lambda r: r.inputs[0].shape.append(2), grpc.StatusCode.INVALID_ARGUMENT, "do not fill shape"),
        (lambda r: r.inputs.append(r.inputs[0]), grpc.StatusCode.INVALID_ARGUMENT, "given twice"),
        (
            lambda r: r.raw_input_contents.append(b"123"),
            grpc.StatusCode.INVALID_ARGUMENT,
            "its contents must be empty",
        ),
        (lambda r: r.outputs.add(name="score"), grpc.StatusCode.INVALID_ARGUMENT, "unknown output 'score'"),
    ],
)
async def test_a_wrong_request_has_its_code(
    stub: Any, holdout: dict[str, Any], change: Any, code: grpc.StatusCode, sentence: str
) -> None:
    request = typed(holdout["rows"][0])
    change(request)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ModelInfer(request)
    assert caught.value.code() == code
    assert sentence in str(caught.value.details())


@pytest.mark.parametrize(
    ("datatype", "raw"), [("FP64", b"123"), ("BYTES", b"\xff\xff\xff\xff"), ("BYTES", b"\1\0\0\0\xff" * 30)]
)
async def test_raw_contents_that_lie_are_refused(stub: Any, datatype: str, raw: bytes) -> None:
    tensor = pb.ModelInferRequest.InferInputTensor(name="x", datatype=datatype, shape=[1, 30])
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ModelInfer(
            pb.ModelInferRequest(model_name=NAME, inputs=[tensor], raw_input_contents=[raw])
        )
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    "data", [b"\xff\xff\xff", b"\x0a\x02\xff\xfe"], ids=["no protobuf", "a name not in UTF-8"]
)
@pytest.mark.parametrize("call", ["ModelInfer", "ModelMetadata", "ModelReady"])
async def test_bytes_that_are_no_message_are_the_client_s_to_mend(port: int, data: bytes, call: str) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary(f"/inference.GRPCInferenceService/{call}")(data)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert f"the bytes are no {call}Request" in str(caught.value.details())


async def test_bytes_that_are_no_message_are_counted(served: Served, port: int) -> None:
    def counted() -> float:
        lines = served.get("/metrics").text.splitlines()
        mine = [line for line in lines if 'requests_total{code="400"' in line and "grpc-v2" in line]
        return sum(float(line.rpartition(" ")[2]) for line in mine)

    before = counted()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        with pytest.raises(grpc.aio.AioRpcError):
            await channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")(b"\xff")
    assert counted() == before + 1


async def test_a_model_that_raises_is_internal_and_counted(
    stub: Any, served: Served, holdout: dict[str, Any]
) -> None:
    bad = holdout["rows"][holdout["models"]["v3"]["label"].index(None)]
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ModelInfer(typed(bad))
    assert caught.value.code() == grpc.StatusCode.INTERNAL
    assert "the model raised ValueError" in str(caught.value.details())
    line = 'requests_total{code="500",model_name="breast-cancer",protocol="grpc-v2",revision="r1"} 1.0'
    assert line in served.get("/metrics").text


@pytest.mark.parametrize("call", ["RepositoryModelLoad", "RepositoryModelUnload"])
async def test_load_and_unload_are_closed(stub: Any, served: Served, call: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await getattr(stub, call)(getattr(pb, f"{call}Request")(model_name=NAME))
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert served.get("/v2/health/ready").status_code == 200


async def test_other_models_and_versions_are_not_found(stub: Any) -> None:
    for call in (
        stub.ModelReady(pb.ModelReadyRequest(name="other")),
        stub.ModelReady(pb.ModelReadyRequest(name=NAME, version="9")),
        stub.ModelMetadata(pb.ModelMetadataRequest(name="other")),
        stub.ModelMetadata(pb.ModelMetadataRequest(name=NAME, version="9")),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND


def test_the_log_holds_no_line_a_request(served: Served) -> None:
    assert "grpc method" not in served.errors
    assert "Internal server error" not in served.errors
