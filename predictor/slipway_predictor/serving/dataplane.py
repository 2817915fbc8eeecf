"""KServe's data plane with the answers this predictor can stand behind.

The SDK's own is always ready, loads a model inside a request, and advertises the model-repository extension, which
lets any client unload the model.
"""

from typing import Any

from slipway_predictor.protocol import NotFound, NotReady
from slipway_predictor.serving.lifecycle import Lifecycle
from slipway_predictor.serving.model import BundleModel
from slipway_predictor.serving.sdk import DataPlane

SERVER_NAME = "slipway-predictor"


class BundleDataPlane(DataPlane):  # type: ignore[misc]  # the SDK is untyped
    """The data plane of one model."""

    def __init__(self, model_registry: Any, lifecycle: Lifecycle, version: str) -> None:
        super().__init__(model_registry)
        self._lifecycle = lifecycle
        self._server_name = SERVER_NAME
        self._server_version = version

    def metadata(self) -> dict[str, Any]:
        """Return the server's metadata: no extension is implemented, so none is advertised."""
        return {"name": self._server_name, "version": self._server_version, "extensions": []}

    async def ready(self) -> bool:
        """Return whether new traffic should come here."""
        return self._lifecycle.ready

    async def model_ready(self, model_name: str, disable_predictor_health_check: bool = False) -> bool:  # noqa: ARG002
        """Return whether the model is ready for new traffic. Raises NotFound."""
        self.get_model_from_registry(model_name)
        return self._lifecycle.ready

    def get_model_from_registry(self, name: str) -> BundleModel:
        """Return the model of this name. Raises NotFound."""
        model = self._model_registry.get_model(name)
        if not isinstance(model, BundleModel):
            raise NotFound(
                f"no model '{name}' here; this server has {', '.join(self._model_registry.get_models())}"
            )
        return model

    async def get_model(self, name: str) -> BundleModel:
        """Return the model of this name if it is loaded. Raises NotFound and NotReady."""
        model = self.get_model_from_registry(name)
        if model.core is None:
            raise NotReady(f"model '{name}' is not ready: {self._lifecycle.state}")
        return model
