"""The bundle as a KServe `Model`: what KServe's server, whatever the route, calls to get an answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slipway_contract import Manifest, ValueType
from slipway_predictor.features import DATATYPE_OF
from slipway_predictor.protocol import InferenceAnswer, InferenceRequest
from slipway_predictor.serving.sdk import Model
from slipway_predictor.serving.service import Call, Service


@dataclass(frozen=True, slots=True)
class Asked:
    """A request together with the call it belongs to, on its way through the SDK."""

    call: Call
    request: InferenceRequest


class BundleModel(Model):  # type: ignore[misc]  # the SDK is untyped
    """A model that loads once, by `prepare`, and answers through the service."""

    def __init__(self, name: str, manifest: Manifest, service: Service, prepare: Callable[[], None]) -> None:
        super().__init__(name)
        self.manifest = manifest
        self._service = service
        self._prepare = prepare

    def load(self) -> bool:
        """Load the bundle. Raises BundleError. Blocking: seconds."""
        self._prepare()
        self.ready = True
        return True

    async def predict(
        self,
        payload: Asked,
        headers: dict[str, str] | None = None,  # noqa: ARG002 (KServe's signature)
        response_headers: dict[str, str] | None = None,  # noqa: ARG002
    ) -> InferenceAnswer:
        """Answer an admitted request. Raises RequestError."""
        return await self._service.answer(payload.call, payload.request)

    def get_input_types(self) -> list[dict[str, Any]]:
        """Return the input tensors for the model's metadata; -1 is the number of rows."""
        return [_tensor(entry.name, entry.type, entry.columns) for entry in self.manifest.inputs]

    def get_output_types(self) -> list[dict[str, Any]]:
        """Return the output tensors for the model's metadata."""
        return [_tensor(entry.name, entry.type, entry.columns) for entry in self.manifest.outputs]


def _tensor(name: str, kind: ValueType, columns: int | None) -> dict[str, Any]:
    return {"name": name, "datatype": DATATYPE_OF[kind], "shape": [-1] if columns is None else [-1, columns]}
