"""The revisions that are there: InferenceServices, with the Deployments and pods that KServe made for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from slipway_operator.api import names
from slipway_operator.cluster.client import Client, Json
from slipway_operator.cluster.kinds import (
    CONTROLLER_REVISION,
    DEPLOYMENT,
    INFERENCE_SERVICE,
    POD,
    SERVING_RUNTIME,
)
from slipway_operator.cluster.render.common import Subject
from slipway_operator.cluster.render.service import scale_bounds
from slipway_operator.rollout.diagnosis import deployment_failure, pod_state, service_failure
from slipway_operator.rollout.observation import RevisionState


@dataclass(frozen=True)
class Found:
    """What was found of all revisions of a ModelDeployment."""

    states: Mapping[str, RevisionState]
    pods: Mapping[str, list[Json]]
    """Revision → its pods."""
    runtimes: Mapping[str, Json]
    """Revision → its own ServingRuntime."""
    components: Mapping[str, str]
    """Revision → the component that receives its traffic."""
    services: Mapping[str, Json] = field(default_factory=dict)
    """Revision → its InferenceService."""
    records: Mapping[str, Json] = field(default_factory=dict)
    """Revision → the record of how it was made, without its content."""


async def find_revisions(client: Client, subject: Subject) -> Found:
    """Read the objects of all revisions."""
    selector = f"{names.LABEL_DEPLOYMENT}={subject.name}"
    kinds = (INFERENCE_SERVICE, SERVING_RUNTIME, POD, DEPLOYMENT, CONTROLLER_REVISION)
    services, runtimes, pods, deployments, records = [
        await client.list(kind, subject.namespace, selector) for kind in kinds
    ]
    by_revision = _grouped(pods)
    workloads = _grouped(deployments)
    found, copies = _by_revision(services), _by_revision(runtimes)
    states, components = {}, {}
    for revision, service in found.items():
        state = _state(revision, service, workloads.get(revision, []), by_revision.get(revision, []))
        states[revision] = replace(state, runtime=revision in copies)
        components[revision] = "transformer" if service["spec"].get("transformer") else "predictor"
    return Found(
        states=states,
        pods=by_revision,
        runtimes=copies,
        components=components,
        services=found,
        records=_by_revision(records),
    )


def _state(revision: str, service: Json, deployments: list[Json], pods: list[Json]) -> RevisionState:
    components = [part for part in names.COMPONENTS if service["spec"].get(part)]
    complete = len(deployments) == len(components) and all(map(_is_settled, deployments))
    failures = [failure for part in deployments if (failure := deployment_failure(part))]
    failure = service_failure(service) or (failures[0] if failures else None)
    return RevisionState(
        revision=revision,
        replicas=sum(part["spec"].get("replicas", 1) for part in deployments) or 1,
        serving=complete and bool(pods),
        pods=tuple(pod_state(pod) for pod in pods),
        failure=failure,
        deleting="deletionTimestamp" in service["metadata"],
        wanted={_component(part): part["spec"].get("replicas", 1) for part in deployments},
        components=tuple(components),
        scale=scale_bounds(service["spec"]),
        gone=tuple(part for part in components if part not in map(_component, deployments)),
    )


def _component(deployment: Json) -> str:
    return str(deployment["metadata"]["name"]).rpartition("-")[2]


def _is_settled(deployment: Json) -> bool:
    """Every replica is of the current template and available."""
    wanted, status = deployment["spec"].get("replicas", 1), deployment.get("status", {})
    counts = (status.get("updatedReplicas", 0), status.get("availableReplicas", 0), status.get("replicas", 0))
    return (
        wanted > 0
        and status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
        and counts == (wanted, wanted, wanted)
    )


def _revision(body: Json) -> str | None:
    """None where somebody has taken the label away: then it is nobody's, as one of another name would be."""
    label: str | None = body["metadata"].get("labels", {}).get(names.LABEL_REVISION)
    return label


def _by_revision(bodies: list[Json]) -> dict[str, Json]:
    return {revision: body for body in bodies if (revision := _revision(body))}


def _grouped(bodies: list[Json]) -> dict[str, list[Json]]:
    groups: dict[str, list[Json]] = {}
    for body in bodies:
        if revision := _revision(body):
            groups.setdefault(revision, []).append(body)
    return groups
