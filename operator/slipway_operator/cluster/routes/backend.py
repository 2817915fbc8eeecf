"""What a way of splitting requests between revisions has to offer: read the split back, write one, take it away.

The decisions know nothing else of routes. A new way is a class like those beside this file, an entry in ``registry``,
and a case in the conformance suite (``tests/integration/operator/routes``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.cluster.client import Client
from slipway_operator.cluster.gateway import Parents
from slipway_operator.cluster.kinds import Kind
from slipway_operator.cluster.render.common import Subject
from slipway_operator.rollout.observation import Course, Feature, Problem, RouteState
from slipway_operator.settings import Settings


@dataclass(frozen=True)
class Site:
    """Whose requests are split, and between what."""

    subject: Subject
    settings: Settings
    components: Mapping[str, str]
    """Revision → the component that receives its requests."""


@dataclass(frozen=True)
class RouteView:
    """A route as it is."""

    state: RouteState | None = None
    """None: it leads to no revision yet."""
    parents: Parents = field(default_factory=Parents)
    """The Gateways that it hangs on."""
    hostnames: Sequence[str] = ()
    """The host names that nobody else may have."""
    host: str | None = None
    """The one of the URL."""
    local: bool = False
    """Whether it takes the names of the in-cluster address."""
    rules: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    """Its weighted rules by the name that Envoy Gateway gives them (``evidence.proxies``), each with its revisions in their
    places."""
    problem: Problem | None = None
    """Why it cannot be had."""
    lacking: Problem | None = None
    """What the spec asks for beside it and the cluster does not have: the route does without, and no revision starts."""


class Backend(Protocol):
    """One way of splitting requests. Methods raise ``ApiError`` where the API server refuses."""

    features: frozenset[Feature]
    """What it can do beside splitting."""

    def fits(self, spec: ModelDeploymentSpec) -> bool:
        """Whether this is the way that the spec asks for."""

    def kinds(self, spec: ModelDeploymentSpec) -> Sequence[Kind]:
        """What the cluster has to serve for it."""

    async def read(self, client: Client, site: Site) -> RouteView:
        """The route as it is: its state holds what ``write`` was given last, unless somebody has edited it."""

    async def write(self, client: Client, site: Site, course: Course) -> None:
        """Lead requests there; safe to do twice."""

    async def remove(self, client: Client, site: Site) -> None:
        """Lead requests to no revision any more."""
