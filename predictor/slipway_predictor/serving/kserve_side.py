"""KServe's `ModelServer` with the bundle as its `Model`: what the ordinary way of a request goes through.

Its REST server and its gRPC server are not started. They answer a malformed body with 422 and FastAPI's `detail`, want a
Content-Type, are always ready, know no versions, and let anybody load and unload models.
"""

from slipway_predictor.serving.catalog import Catalog
from slipway_predictor.serving.dataplane import BundleDataPlane
from slipway_predictor.serving.model import BundleModel
from slipway_predictor.serving.sdk import ModelServer
from slipway_predictor.serving.service import Service


class KServe(ModelServer):  # type: ignore[misc]  # the SDK is untyped
    """KServe's server of one bundle. It listens nowhere itself: `serving.server` has the ports."""

    def __init__(self, catalog: Catalog, service: Service) -> None:
        super().__init__(workers=1, enable_grpc=False, enable_latency_logging=False)
        self.register_model(BundleModel(catalog, service))
        self.dataplane = BundleDataPlane(self.registered_models, catalog, service)
