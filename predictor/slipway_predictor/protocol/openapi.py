"""The OpenAPI document of one served model: the protocol's paths with this model's own inputs, rules and examples.

The schema of an infer request describes one row in the form of the model's example. More is taken than is said here
(several rows, other datatypes, one tensor per feature, nested and binary data); the text says so.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from slipway_predictor.protocol.datatypes import DATATYPES

_ERROR_TEXTS = {
    "400": "The request does not fit the protocol or the model's contract.",
    "404": "No such model or version.",
    "413": "The body is too large.",
    "415": "The body's Content-Encoding is not read here.",
    "500": "The model failed.",
    "503": "Not ready, or more requests are waiting than can be answered in time (see Retry-After).",
    "504": "No answer within the time given.",
}


def document(
    *,
    name: str,
    version: str,
    tensors: list[dict[str, Any]],
    values: list[dict[str, Any]],
    outputs: list[dict[str, Any]],
    classes: Mapping[str, Sequence[Any]],
    example: dict[str, Any],
) -> dict[str, Any]:
    """Return the document.

    `tensors` are the input tensors of the example (name, datatype, shape), `values` the JSON Schema of each one's
    data, `outputs` the model's output tensors as its metadata has them, `classes` those of each output that has
    some, `example` the V2 request of one row.
    """
    infer = {"post": _infer(name, example)}
    model = f"/v2/models/{name}"
    paths: dict[str, Any] = {
        "/v2": {"get": _get("Server metadata", "ServerMetadata")},
        "/v2/health/live": {"get": _get("Is the server alive?", "Live")},
        "/v2/health/ready": {"get": _get("Should new requests come here?", "Ready", "503")},
    }
    for path in (model, f"{model}/versions/{version}"):
        paths[path] = {"get": _get("Model metadata", "ModelMetadata")}
        paths[f"{path}/ready"] = {
            "get": _get("Should requests for the model come here?", "ModelReady", "503")
        }
        paths[f"{path}/infer"] = infer
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{name}, version {version}",
            "version": version,
            "description": 'A model behind the Open Inference Protocol (V2). Every failure is `{"error": string}`.',
        },
        "paths": paths,
        "components": {"schemas": _schemas(tensors, values, outputs, classes)},
    }


def _infer(name: str, example: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": f"Ask {name}",
        "description": "The schema shows one row. Several rows (shape [n, …]), one tensor per feature, nested data, "
        "other number types and binary tensor data are taken, too.",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _ref("InferRequest"), "example": example}},
        },
        "responses": {"200": _response("The answer.", "InferResponse")}
        | {status: _response(text, "Error") for status, text in _ERROR_TEXTS.items()},
    }


def _get(summary: str, schema: str, *more: str) -> dict[str, Any]:
    responses = {"200": _response(summary, schema)}
    for status in more:
        responses[status] = _response("No, and why.", "NotReady")
    return {"summary": summary, "responses": responses}


def _response(text: str, schema: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": _ref(schema)}}}


def _ref(schema: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_FREE = {"type": ["object", "null"]}


def _schemas(
    tensors: list[dict[str, Any]],
    values: list[dict[str, Any]],
    outputs: list[dict[str, Any]],
    classes: Mapping[str, Sequence[Any]],
) -> dict[str, Any]:
    shape = {"type": "array", "items": {"type": "integer"}}
    described = _object(
        ["name", "datatype", "shape"], name=_TEXT, datatype={"enum": list(DATATYPES)}, shape=shape
    )
    return {
        "Error": _object(["error"], error=_TEXT),
        "NotReady": _object(["ready", "error"], ready={"const": False}, error=_TEXT),
        "Live": _object(["live"], live={"type": "boolean"}),
        "Ready": _object(["ready"], ready={"const": True}),
        "ModelReady": _object(["name", "ready"], name=_TEXT, ready={"const": True}),
        "ServerMetadata": _object(
            ["name", "version", "extensions"], name=_TEXT, version=_TEXT, extensions=_TEXTS
        ),
        "ModelMetadata": _object(
            ["name", "versions", "platform", "inputs", "outputs"],
            name=_TEXT,
            versions=_TEXTS,
            platform=_TEXT,
            inputs={"type": "array", "items": described},
            outputs={"type": "array", "items": described},
            parameters={"type": "object", "additionalProperties": _TEXT},
        ),
        "InferRequest": _request(tensors, values, outputs),
        "InferResponse": _object(
            ["model_name", "model_version", "id", "outputs"],
            model_name=_TEXT,
            model_version=_TEXT,
            id=_TEXT,
            parameters={"type": "object"},
            outputs={"type": "array", "items": {"oneOf": [_output(output, classes) for output in outputs]}},
        ),
    }


def _request(
    tensors: list[dict[str, Any]], values: list[dict[str, Any]], outputs: list[dict[str, Any]]
) -> dict[str, Any]:
    parts = [
        _tensor(tensor, schema, sole=len(tensors) == 1)
        for tensor, schema in zip(tensors, values, strict=True)
    ]
    wanted = _object(["name"], name={"enum": [output["name"] for output in outputs]}, parameters=_FREE)
    return _object(
        ["inputs"],
        id={"type": ["string", "null"]},
        parameters=_FREE,
        inputs={"type": "array", "prefixItems": parts, "minItems": len(parts), "maxItems": len(parts)},
        outputs={"type": ["array", "null"], "items": wanted},
    )


def _tensor(tensor: dict[str, Any], schema: dict[str, Any], *, sole: bool) -> dict[str, Any]:
    width = tensor["shape"][-1]
    name: dict[str, Any] = (
        {"type": "string", "minLength": 1} if sole and width > 1 else {"const": tensor["name"]}
    )
    return _object(
        ["name", "datatype", "shape", "data"],
        name=name,
        datatype={"const": tensor["datatype"]},
        shape={"const": tensor["shape"]},
        data=schema,
        parameters=_FREE,
    )


def _output(output: dict[str, Any], classes: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    kind = DATATYPES[output["datatype"]].kind
    value = {"b": "boolean", "O": "string", "i": "integer", "u": "integer"}.get(kind, "number")
    about = _object(
        ["name", "datatype", "shape", "data"],
        name={"const": output["name"]},
        datatype={"const": output["datatype"]},
        shape={"type": "array", "items": {"type": "integer"}},
        data={"type": "array", "items": {"type": value}},
    )
    name = "label" if output["name"] == "probability" else output["name"]
    if name not in classes:
        return about
    listed = json.dumps(list(classes[name]), ensure_ascii=False)
    told = (
        f"one of {listed}" if output["name"] == "label" else f"a column for each of {listed}, in this order"
    )
    return about | {"description": told}
