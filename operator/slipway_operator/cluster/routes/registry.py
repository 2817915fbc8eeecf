"""All ways of splitting requests; the first that fits a spec is taken."""

from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.cluster.routes.backend import Backend
from slipway_operator.cluster.routes.own import OwnRoutes
from slipway_operator.cluster.routes.users import UsersRoute

BACKENDS: tuple[Backend, ...] = (UsersRoute(), OwnRoutes())


def backend_of(spec: ModelDeploymentSpec) -> Backend:
    """The one that the spec asks for."""
    return next(backend for backend in BACKENDS if backend.fits(spec))
