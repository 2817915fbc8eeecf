"""KServe's data plane with the answers this predictor can stand behind.

The SDK's own is always ready, loads a model inside a request, and advertises the model-repository extension, which
lets any client unload the model.
"""

from typing import Any

from slipway_predictor.serving.catalog import Catalog
from slipway_predictor.serving.model import BundleModel
from slipway_predictor.serving.sdk import DataPlane
from slipway_predictor.serving.service import Service


class BundleDataPlane(DataPlane):  # type: ignore[misc]  # the SDK is untyped
    """The data plane of one model."""

    def __init__(self, model_registry: Any, catalog: Catalog, service: Service) -> None:
        super().__init__(model_registry)
        self._catalog = catalog
        self._service = service

    def metadata(self) -> dict[str, Any]:
        """Return the server's metadata."""
        return self._catalog.server

    async def ready(self) -> bool:
        """Return whether new traffic should come here."""
        return self._service.lifecycle.ready

    async def model_ready(self, model_name: str, disable_predictor_health_check: bool = False) -> bool:  # noqa: ARG002
        """Return whether the model is ready for new traffic. Raises NotFound."""
        self._catalog.require(model_name)
        return self._service.lifecycle.ready

    def get_model_from_registry(self, name: str) -> BundleModel:
        """Return the model of this name. Raises NotFound."""
        self._catalog.require(name)
        model: BundleModel = self._model_registry.get_model(name)
        return model

    async def get_model(self, name: str) -> BundleModel:
        """Return the model of this name, loaded or not: admission asks whether it is. Raises NotFound."""
        return self.get_model_from_registry(name)
