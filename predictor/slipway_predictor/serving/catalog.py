"""What is told of the one model here, over every transport; who asks for another is told that there is none."""

from functools import cached_property
from typing import Any

import orjson

from slipway_contract import Manifest, ValueType
from slipway_predictor.bundle.versions import installed
from slipway_predictor.features import DATATYPE_OF
from slipway_predictor.protocol import NotFound
from slipway_predictor.serving.core import Identity

SERVER_NAME = "slipway-predictor"
EXTENSIONS = ["binary_tensor_data"]
"""What is spoken beyond the protocol itself."""
_PLATFORMS = {"sklearn": "sklearn", "skops": "sklearn", "onnx": "onnx_onnxv1"}
"""The protocol's word for what each format of an artifact is; it has none of its own for scikit-learn."""


class Catalog:
    """The metadata of the server and its model."""

    def __init__(self, identity: Identity, manifest: Manifest, digest: str) -> None:
        self.identity = identity
        self.manifest = manifest
        self.parameters: dict[str, str] = {"digest": digest} | _classes(manifest)
        """More about the model: its digest, its classes as JSON, and once it is loaded the engine and how that was found
        equal.
        """

    @cached_property
    def server(self) -> dict[str, Any]:
        """The server's metadata."""
        return {"name": SERVER_NAME, "version": installed("slipway"), "extensions": EXTENSIONS}

    def require(self, name: str, version: str = "") -> None:
        """Raise NotFound unless this model is asked for, in this version or none."""
        here = self.identity
        if name != here.model_name:
            raise NotFound(f"no model '{name}' here; this server has {here.model_name}")
        if version and version != here.version:
            raise NotFound(f"no version '{version}' of this model here; this is version '{here.version}'")

    @property
    def inputs(self) -> list[dict[str, Any]]:
        """The input tensors; -1 is the number of rows."""
        return [_tensor(entry.name, entry.type, entry.columns) for entry in self.manifest.inputs]

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """The output tensors."""
        return [_tensor(entry.name, entry.type, entry.columns) for entry in self.manifest.outputs]

    @property
    def model(self) -> dict[str, Any]:
        """The model's metadata, as the protocol's messages have it."""
        return {
            "name": self.identity.model_name,
            "versions": [self.identity.version],
            "platform": _PLATFORMS[self.manifest.format],
            "inputs": self.inputs,
            "outputs": self.outputs,
        }


def _classes(manifest: Manifest) -> dict[str, str]:
    """Return the classes of a label, which are the order of the probability's columns; of several labels, those of each."""
    return {
        "classes" if entry.name == "label" else f"classes_{entry.name}": orjson.dumps(entry.classes).decode()
        for entry in manifest.outputs
        if entry.classes
    }


def _tensor(name: str, kind: ValueType, columns: int | None) -> dict[str, Any]:
    return {"name": name, "datatype": DATATYPE_OF[kind], "shape": [-1] if columns is None else [-1, columns]}
