"""Can the cluster do what is asked for, and can the wanted revision be started at all?

Asked before anything of it is made, so that stable stays untouched.
"""

from collections.abc import Iterable

from slipway_operator.api import names, reasons
from slipway_operator.api.status import ModelDeploymentStatus, Revision
from slipway_operator.cluster.client import ApiError, Client, Json
from slipway_operator.cluster.kinds import (
    CLAIM,
    CLUSTER_SERVING_RUNTIME,
    INFERENCE_SERVICE,
    SERVING_RUNTIME,
    Kind,
)
from slipway_operator.cluster.render.common import Subject
from slipway_operator.cluster.render.grpc import speaks_grpc
from slipway_operator.cluster.render.runtime import how_named, render_runtime, serving_container
from slipway_operator.cluster.render.service import render_service
from slipway_operator.rollout.observation import Problem

CLAIM_SCHEME = "pvc://"
_PROVIDERS = {
    "gateway.networking.k8s.io": "install the Gateway API",
    names.KSERVE_GROUP: "install KServe",
    "gateway.envoyproxy.io": "only Envoy Gateway offers it: take spec.traffic.sticky out, or install that",
}


async def check_cluster(client: Client, kinds: Iterable[Kind]) -> Problem | None:
    """The first of these kinds that the cluster does not know, and what brings it."""
    for kind in kinds:
        if not await client.serves(kind):
            return Problem(
                reasons.KIND_MISSING,
                f"the cluster does not serve {kind.name} ({kind.api_version}): {_PROVIDERS[kind.group]}",
            )
    return None


async def find_runtime(client: Client, subject: Subject) -> Json | None:
    """The ServingRuntime that the spec names: the namespace's own first, as KServe does."""
    name = subject.spec.model.runtime
    for kind, namespace in ((SERVING_RUNTIME, subject.namespace), (CLUSTER_SERVING_RUNTIME, None)):
        found = await client.get(kind, namespace, name)
        if found is not None:
            return {**found, "kind": kind.name}
    return None


async def check(
    client: Client, subject: Subject, revision: Revision, runtime: Json | None, status: ModelDeploymentStatus
) -> Problem | None:
    """What stands in the way of the revision; None if nothing does."""
    problem = _check_runtime(subject, runtime) or await _check_claim(client, subject, revision)
    if problem or not _asks_first(status):
        return problem
    return await _check_admission(client, subject, revision, runtime)


def _asks_first(status: ModelDeploymentStatus) -> bool:
    """Whether admission is asked before anything is made. A first revision is just made, and refused or not: there is
    nothing yet to protect. Once it has been refused, it is asked for until it would be taken."""
    refused = any(
        part.type == reasons.STALLED and part.reason == reasons.REFUSED for part in status.conditions
    )
    return status.stable is not None or refused


def _check_runtime(subject: Subject, runtime: Json | None) -> Problem | None:
    name = subject.spec.model.runtime
    if runtime is None:
        return Problem(
            reasons.RUNTIME_MISSING,
            f"there is no ServingRuntime {name} in namespace {subject.namespace} and no ClusterServingRuntime"
            " of that name: create one, or name another in spec.model.runtime",
        )
    if how_named(runtime) is None:
        return Problem(
            reasons.RUNTIME_UNFIT,
            f"runtime {name} does not say how it is told the model's name: annotate it with"
            f" {names.ANNOTATION_MODEL_NAME}: env:NAME or arg:--flag",
        )
    try:
        serving_container(runtime["spec"])
    except KeyError:
        return Problem(
            reasons.RUNTIME_UNFIT, f"runtime {name} has no container named {names.KSERVE_CONTAINER}"
        )
    return _check_grpc(subject, runtime)


def _check_grpc(subject: Subject, runtime: Json) -> Problem | None:
    traffic = subject.spec.traffic
    if traffic is None or traffic.grpc is None or speaks_grpc(subject.spec, runtime):
        return None
    return Problem(
        reasons.GRPC_UNSERVED,
        "spec.traffic.grpc asks for gRPC, and the container that receives the requests has no port for it: name one"
        " grpc or h2c (ports in spec.template.spec.predictor.model, or in the transformer's first container), or take"
        " spec.traffic.grpc out",
    )


async def _check_claim(client: Client, subject: Subject, revision: Revision) -> Problem | None:
    if not revision.uri.startswith(CLAIM_SCHEME):
        return None
    claim = revision.uri.removeprefix(CLAIM_SCHEME).partition("/")[0]
    if await client.get(CLAIM, subject.namespace, claim):
        return None
    return Problem(
        reasons.CLAIM_MISSING,
        f"there is no PersistentVolumeClaim {claim} in namespace {subject.namespace}, which spec.model.uri names",
    )


async def _check_admission(
    client: Client, subject: Subject, revision: Revision, runtime: Json | None
) -> Problem | None:
    """Would the API server, with KServe's webhooks, take the objects? A server-side dry run tells."""
    if runtime is None:
        return None
    for kind, body in (
        (SERVING_RUNTIME, render_runtime(subject, revision, runtime)),
        (INFERENCE_SERVICE, render_service(subject, revision)),
    ):
        try:
            await client.create(kind, body, dry_run=True)
        except ApiError as error:
            if error.status == 409 or error.status >= 500:
                continue  # it is there already, or the server is in trouble: the real call will tell
            return Problem(reasons.REFUSED, f"{kind.name}: {error.message}")
    return None
