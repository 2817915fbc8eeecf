"""KServe's data plane with the answers this predictor can stand behind.

The SDK's own is always ready, loads a model inside a request, and advertises the model-repository extension, which
lets any client unload the model.
"""

from typing import Any

from slipway_predictor.protocol import NotFound
from slipway_predictor.serving.model import BundleModel
from slipway_predictor.serving.sdk import DataPlane
from slipway_predictor.serving.service import Service

SERVER_NAME = "slipway-predictor"
EXTENSIONS = ["binary_tensor_data"]
"""What is spoken beyond the protocol itself."""


class BundleDataPlane(DataPlane):  # type: ignore[misc]  # the SDK is untyped
    """The data plane of one model."""

    def __init__(self, model_registry: Any, service: Service, version: str) -> None:
        super().__init__(model_registry)
        self._service = service
        self._server_name = SERVER_NAME
        self._server_version = version
        self.parameters: dict[str, str] = {}
        """More about the model: its digest, and once it is loaded the engine and how that was found equal."""

    def metadata(self) -> dict[str, Any]:
        """Return the server's metadata."""
        return {"name": self._server_name, "version": self._server_version, "extensions": EXTENSIONS}

    async def ready(self) -> bool:
        """Return whether new traffic should come here."""
        return self._service.lifecycle.ready

    async def model_ready(self, model_name: str, disable_predictor_health_check: bool = False) -> bool:  # noqa: ARG002
        """Return whether the model is ready for new traffic. Raises NotFound."""
        self.get_model_from_registry(model_name)
        return self._service.lifecycle.ready

    def get_model_from_registry(self, name: str) -> BundleModel:
        """Return the model of this name. Raises NotFound."""
        model = self._model_registry.get_model(name)
        if not isinstance(model, BundleModel):
            raise NotFound(
                f"no model '{name}' here; this server has {', '.join(self._model_registry.get_models())}"
            )
        return model

    async def get_model(self, name: str) -> BundleModel:
        """Return the model of this name, loaded or not: admission asks whether it is. Raises NotFound."""
        return self.get_model_from_registry(name)

    def model_metadata_here(self, name: str) -> dict[str, Any]:
        """Return the metadata of the model of this name, as the protocol's messages have it. Raises NotFound."""
        model = self.get_model_from_registry(name)
        return {
            "name": name,
            "versions": [self._service.identity.version],
            "platform": "sklearn",
            "inputs": model.get_input_types(),
            "outputs": model.get_output_types(),
        }

    def about_model(self, name: str) -> dict[str, Any]:
        """Return the same with what REST has a place for beyond: parameters. Raises NotFound."""
        return {**self.model_metadata_here(name), "parameters": self.parameters}

    def require_version(self, version: str) -> None:
        """Raise NotFound unless this version, or none, is asked for."""
        here = self._service.identity.version
        if version and version != here:
            raise NotFound(f"no version '{version}' of this model here; this is version '{here}'")
