"""The bundle as a KServe `Model`: what KServe's server, whatever the route, calls to get an answer."""

from typing import Any

from slipway_predictor.protocol import InferenceAnswer
from slipway_predictor.serving.catalog import Catalog
from slipway_predictor.serving.pending import Asked
from slipway_predictor.serving.sdk import Model
from slipway_predictor.serving.service import Service


class BundleModel(Model):  # type: ignore[misc]  # the SDK is untyped
    """A model that answers through the service, which knows whether it is loaded."""

    def __init__(self, catalog: Catalog, service: Service) -> None:
        super().__init__(catalog.identity.model_name)
        self.ready = True
        self._catalog = catalog
        self._service = service

    async def predict(
        self,
        payload: Asked,
        headers: dict[str, str] | None = None,  # noqa: ARG002 (KServe's signature)
        response_headers: dict[str, str] | None = None,  # noqa: ARG002
    ) -> InferenceAnswer:
        """Answer an admitted request. Raises RequestError."""
        return await self._service.answer(payload.call, payload.request)

    def get_input_types(self) -> list[dict[str, Any]]:
        """Return the input tensors for the model's metadata."""
        return self._catalog.inputs

    def get_output_types(self) -> list[dict[str, Any]]:
        """Return the output tensors for the model's metadata."""
        return self._catalog.outputs
