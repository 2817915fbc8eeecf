"""What users write: the spec of a ModelDeployment, with the rules that one object alone can break.

Field docstrings become the CRD's descriptions, ``cel`` rules its validations (see ``crd``). Nothing under
``rollout`` has a schema default: defaults are filled in by ``rollout.effective`` when a rollout starts.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from slipway_operator.api.analysis import AnalysisSpec
from slipway_operator.api.fields import Duration, FreeForm, cel
from slipway_operator.api.gates import Gates
from slipway_operator.api.model import ApiModel

PICKLED_FORMATS = ("sklearn",)
DEFAULT_FORMAT = "sklearn"
DEFAULT_RUNTIME = "slipway-sklearn"

Strategy = Literal["Canary", "BlueGreen", "Shadow", "Direct"]
CanaryCapacity = Literal["Proportional", "Full"]
PolicyKind = Literal["RolloutPolicy", "ClusterRolloutPolicy"]


_NOT_PICKLED = f"!(self.format in {list(PICKLED_FORMATS)})"
_VERIFIED = "has(self.digest) || (has(self.allowUnverified) && self.allowUnverified)"
_DIGEST_RULE = (
    f"{_NOT_PICKLED} || {_VERIFIED}",
    "digest is required (unpickling runs code): see `slipway bundle create`, or set allowUnverified: true",
)


class Model(ApiModel):
    """Which model to serve."""

    model_config = ConfigDict(json_schema_extra=cel(_DIGEST_RULE))

    name: str | None = Field(default=None, min_length=1, max_length=63)
    """The name in /v2/models/{name}, the same for every revision; default: the ModelDeployment's name."""
    uri: str = Field(
        min_length=1,
        max_length=2048,
        json_schema_extra=cel(
            (
                "self.matches('^[a-z][a-z0-9+]*://.+')",
                "must be a storage URI that KServe knows, such as pvc://claim/path or s3://bucket/path",
            )
        ),
    )
    """Where the model lies: whatever KServe's storage takes (pvc://, s3://, gs://, oci://, ...)."""
    version: str | None = Field(default=None, min_length=1, max_length=63)
    """What people and answers call this version; default: the last segment of the uri."""
    digest: str | None = Field(
        default=None,
        json_schema_extra=cel(
            ("self.matches('^sha256:[0-9a-f]{64}$')", "must be sha256: followed by 64 lower-case hex digits")
        ),
        max_length=71,
    )
    """The bundle's digest (sha256 of its model.yaml): the predictor loads nothing else."""
    allow_unverified: bool | None = None
    """Serve a pickled model without a digest. Unpickling runs code: only for models you trust."""
    format: str = Field(default=DEFAULT_FORMAT, min_length=1, max_length=63)
    """KServe's model format."""
    runtime: str = Field(default=DEFAULT_RUNTIME, min_length=1, max_length=253)
    """A ServingRuntime of the namespace or a ClusterServingRuntime."""


class TemplateMetadata(ApiModel):
    """Labels and annotations for the InferenceService of every revision."""

    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class TemplateSpec(ApiModel):
    """KServe's own InferenceServiceSpec, merged over what the model section gives."""

    predictor: FreeForm | None = None
    """As in InferenceService: minReplicas, maxReplicas, model.resources, serviceAccountName, ..."""
    transformer: FreeForm | None = None
    """As in InferenceService; it then receives the traffic."""


class Template(ApiModel):
    """What else the InferenceServices hold."""

    metadata: TemplateMetadata | None = None
    spec: TemplateSpec | None = None


class ParentRef(ApiModel):
    """A Gateway, as in HTTPRoute."""

    name: str = Field(min_length=1, max_length=253)
    namespace: str | None = Field(default=None, min_length=1, max_length=63)
    section_name: str | None = Field(default=None, min_length=1, max_length=253)


Hostnames = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=253)]], Field(min_length=1, max_length=8)
]


class Grpc(ApiModel):
    """V2 over gRPC, beside REST: a GRPCRoute that is switched together with the HTTPRoute."""

    hostnames: Hostnames | None = None
    """Host names of its own; default: those of the HTTPRoute. The Gateway API lets a host name have one kind of route;
    gateways that hold to it (Envoy Gateway does not) need other names here."""


class Sticky(ApiModel):
    """Clients that stay with one revision."""

    header: str = Field(
        min_length=1,
        max_length=256,
        json_schema_extra=cel(
            (
                "self.matches('^[A-Za-z0-9_-]+$')",
                "must be a header's name, such as x-user-id",
            )
        ),
    )
    """The request header that tells clients apart."""


class RouteRef(ApiModel):
    """An HTTPRoute of the same namespace."""

    name: str = Field(min_length=1, max_length=253)


_ANY_OF_OURS = " || ".join(f"has(self.{part})" for part in ("parentRefs", "hostnames", "grpc", "sticky"))


class Traffic(ApiModel):
    """Where requests come in."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (
                f"!has(self.routeRef) || !({_ANY_OF_OURS})",
                "routeRef stands alone: parentRefs, hostnames, grpc and sticky are for a route that Slipway makes",
            ),
        )
    )

    parent_refs: list[ParentRef] | None = Field(default=None, min_length=1, max_length=8)
    """The Gateways; default: the one set at install."""
    hostnames: Hostnames | None = None
    """Host names of the route; default: made from name and namespace as set at install."""
    grpc: Grpc | None = None
    """Lead V2 over gRPC to the revisions, too. Their pods need a port that is named grpc or h2c."""
    sticky: Sticky | None = None
    """Keep a client on one revision while the weights stay as they are, and on the canary while its weight rises. Needs
    Envoy Gateway 1.9 or newer."""
    route_ref: RouteRef | None = None
    """A route that you have made: Slipway moves the weights in its rules that lead to this ModelDeployment, and nothing
    else. Instead of a route of Slipway's own."""


class Approval(ApiModel):
    """A person's consent: the command promote."""

    timeout: Duration | None = None
    """How long to wait for it before the canary goes back; default: for ever."""


class Step(ApiModel):
    """One step of the canary: a weight, or an approval at the weight of the step before."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            ("has(self.weight) != has(self.approval)", "a step has either a weight or an approval"),
            ("!has(self.approval) || !has(self.hold)", "an approval has a timeout instead of a hold"),
        )
    )

    weight: int | None = Field(default=None, ge=0, le=100)
    """Share of requests for the canary, in percent."""
    approval: Approval | None = None
    """Stay until somebody says `promote`: kubectl annotate md NAME slipway.dev/promote=ID --overwrite."""
    hold: Duration | None = None
    """How long to stay, counted from the moment the weight was seen to take; default 1m."""


class KeepStable(ApiModel):
    """The old revision after a promotion."""

    for_: Duration | None = Field(default=None, alias="for")
    """How long it stays warm; default 10m."""
    weight: int | None = Field(default=None, ge=0, le=50)
    """The share of requests, in percent, that it keeps for that time: a holdback, with which the analysis goes on and a
    late verdict takes the new one back. Default 0: then only restarts, pods and metrics with bounds of their own do."""


class Capacity(ApiModel):
    """Replicas of an autoscaled canary while its rollout runs; fixed ones stay as they are."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (
                "!(has(self.canary) && has(self.replicas))",
                "capacity is given by canary or by replicas, not by both",
            ),
        )
    )

    canary: CanaryCapacity | None = None
    """Proportional (the default): its weight's share of what stable had when the rollout began. Full: as many."""
    replicas: int | None = Field(default=None, ge=1, le=1000)
    """Instead: so many, whatever its weight."""


Steps = Annotated[
    list[Step],
    Field(
        min_length=1,
        max_length=20,
        json_schema_extra=cel(
            (
                "self.filter(s, has(s.weight)).map(s, s.weight).isSorted()",
                "weights of the steps must rise from step to step",
            ),
            (
                "self.all(s, !has(s.weight) || self.exists_one(t, has(t.weight) && t.weight == s.weight))",
                "two steps have the same weight: make one step with the longer hold of them",
            ),
        ),
    ),
]


_APPROVALS_ONLY = "self.strategy == 'BlueGreen' && self.steps.all(s, has(s.approval))"
_STEPS_FIT = (
    f"!has(self.strategy) || !has(self.steps) || self.strategy == 'Canary' || {_APPROVALS_ONLY}",
    "steps with weights are for the strategy Canary; BlueGreen takes approvals, Shadow and Direct take none",
)


class RolloutFields(ApiModel):
    """How a new revision takes over: what a ModelDeployment says itself, and what a policy says for many."""

    model_config = ConfigDict(json_schema_extra=cel(_STEPS_FIT))

    strategy: Strategy | None = None
    """Canary (the default): steps with rising weights. BlueGreen: gates at weight 0, approvals if any, then one switch.
    Shadow: gates, the gate shadow among them, and then it is taken away: it never serves. Direct: one switch once its
    pods serve, without gates but those that are written."""
    steps: Steps | None = None
    """Steps of a Canary, with rising weights; after the last one the canary is promoted. Default: 10 and 50, 2m each.
    BlueGreen takes approvals only."""
    gates: Gates | None = None
    """What the canary must pass before its first request."""
    analysis: AnalysisSpec | None = None
    """How the canary's answers are judged while it has traffic."""
    capacity: Capacity | None = None
    """How many replicas the canary has, where they are autoscaled. A weight waits for its replicas, and stable keeps
    those of the rollout's start."""
    progress_deadline: Duration | None = None
    """How long a revision's pods may take to become ready; default 10m."""
    deadline: Duration | None = None
    """How long the whole rollout may take, from its start; default 1h. A canary without a verdict by then goes back."""
    keep_stable: KeepStable | None = None
    history_limit: int | None = Field(default=None, ge=0, le=100)
    """How many ended rollouts status.history keeps; default 10."""


class PolicyRef(ApiModel):
    """A policy that fills in what the ModelDeployment does not say itself."""

    kind: PolicyKind | None = None
    """RolloutPolicy (the default), of the same namespace, or ClusterRolloutPolicy."""
    name: str = Field(min_length=1, max_length=253)


class Rollout(RolloutFields):
    """How a new revision takes over."""

    policy_ref: PolicyRef | None = None
    """Where to look for what is not set here. A field that is set here wins, a list is replaced whole."""


class ModelDeploymentSpec(ApiModel):
    """Which model to serve, how, where, and how a new one takes over."""

    model: Model
    template: Template | None = None
    traffic: Traffic | None = None
    rollout: Rollout | None = None
    suspend: bool | None = None
    """Start no rollout, and let a running one stand still; what serves goes on serving."""


PROMOTED = ("Promoted", "FastPromoted")
Outcome = Literal["Promoted", "FastPromoted", "RolledBack", "Aborted", "Superseded", "Compared"]
