"""Carrying actions out. Each is safe to do twice, and none of them decides."""

from slipway_operator.api import names, reasons
from slipway_operator.api.status import Revision
from slipway_operator.cluster.client import ApiError, Client
from slipway_operator.cluster.kinds import (
    CONTROLLER_REVISION,
    INFERENCE_SERVICE,
    SERVICE,
    SERVING_RUNTIME,
    Kind,
)
from slipway_operator.cluster.observe import View
from slipway_operator.cluster.render.address import render_address
from slipway_operator.cluster.render.common import Json, Subject
from slipway_operator.cluster.render.record import (
    PARTS,
    render_again,
    render_record,
    restored_spec,
    spec_hash,
)
from slipway_operator.cluster.render.runtime import render_runtime
from slipway_operator.cluster.render.service import render_service, scale_patch
from slipway_operator.cluster.routes.registry import backend_of
from slipway_operator.rollout.actions import (
    Action,
    CreateRevision,
    DeleteRevision,
    DeleteRoute,
    ForgetRevision,
    RecordRevision,
    RestoreRevision,
    ScaleRevision,
    WriteAddress,
    WriteRoute,
)
from slipway_operator.rollout.observation import Problem


class RefusedError(Exception):
    """The API server does not take what was to be made."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


async def act(client: Client, subject: Subject, view: View, wanted: Revision, action: Action) -> None:
    """Carry one action out. Raises RefusedError where a revision cannot be made, else ``ApiError``."""
    namespace = subject.namespace
    match action:
        case CreateRevision(revision, recorded=True):
            await _create_again(client, subject, revision)
        case CreateRevision(revision):
            await _create(client, subject, view, wanted, revision)
        case RestoreRevision(revision, kind):
            await _restore(client, subject, revision, PARTS[kind][0])
        case RecordRevision(made):
            found, revision = view.found, made.revision
            await _record(client, subject, made, found.services[revision], found.runtimes[revision])
        case ForgetRevision(revision):
            await client.delete(CONTROLLER_REVISION, namespace, _name(subject, revision))
        case ScaleRevision(revision, bounds):
            name = _name(subject, revision)
            patch = scale_patch(dict(view.seen.revisions[revision].scale), dict(bounds))
            await client.merge(INFERENCE_SERVICE, namespace, name, patch)
        case DeleteRevision(revision):
            name = _name(subject, revision)
            await client.delete(INFERENCE_SERVICE, namespace, name)
            await client.delete(SERVING_RUNTIME, namespace, name)
        case WriteRoute():
            await backend_of(subject.spec).write(client, view.site, action)
        case DeleteRoute():
            await backend_of(subject.spec).remove(client, view.site)
        case WriteAddress():
            if view.route.parents.service:
                await client.ensure(SERVICE, render_address(subject, view.route.parents.service))


async def _create(client: Client, subject: Subject, view: View, wanted: Revision, revision: str) -> None:
    """As the spec asks. The runtime first: an InferenceService that names a missing one would be refused or stall."""
    if view.runtime is None or revision != wanted.revision:
        return
    if revision in view.found.records:  # of an earlier try
        await client.delete(CONTROLLER_REVISION, subject.namespace, _name(subject, revision))
    runtime = await _create_once(
        client, subject, SERVING_RUNTIME, render_runtime(subject, wanted, view.runtime)
    )
    service = await _create_once(client, subject, INFERENCE_SERVICE, render_service(subject, wanted))
    if runtime and service:  # else they are put on record once they are seen
        made = wanted.model_copy(update={"runtime_hash": view.seen.runtime_hash})
        await _record(client, subject, made, service, runtime)


async def _create_again(client: Client, subject: Subject, revision: str) -> None:
    """As it was made before."""
    record = await client.read(CONTROLLER_REVISION, subject.namespace, _name(subject, revision))
    if record:
        for kind in (SERVING_RUNTIME, INFERENCE_SERVICE):
            await _create_once(client, subject, kind, render_again(subject, record, kind))


async def _create_once(client: Client, subject: Subject, kind: Kind, body: Json) -> Json | None:
    """Create, and leave alone what is there: a revision never changes. Returns what was made now."""
    try:
        return await client.create(kind, body)
    except ApiError as error:
        if error.status in (400, 403, 422):
            raise RefusedError(Problem(reasons.REFUSED, f"{kind.name}: {error.message}")) from error
        if error.reason != "AlreadyExists":
            raise
    metadata = body["metadata"]
    there = await client.read(kind, subject.namespace, metadata["name"])
    if there and _is_unseen(subject, there, metadata["labels"]):
        patch = {"metadata": {"labels": metadata["labels"]}}
        await client.merge(kind, subject.namespace, metadata["name"], patch)
    return None


def _is_unseen(subject: Subject, there: Json, labels: Json) -> bool:
    """Whether it is ours, but without the labels that it is found by."""
    owners = [owner["uid"] for owner in there["metadata"].get("ownerReferences", [])]
    return subject.uid in owners and not labels.items() <= (there["metadata"].get("labels") or {}).items()


async def _restore(client: Client, subject: Subject, revision: str, kind: Kind) -> None:
    name, annotation = _name(subject, revision), PARTS[kind.name][1]
    record = await client.read(CONTROLLER_REVISION, subject.namespace, name)
    present = await client.read(kind, subject.namespace, name)
    if record is None or present is None:
        return
    spec = restored_spec(record, kind, present["spec"])
    answer = await client.replace_spec(kind, subject.namespace, name, spec)
    if spec_hash(answer["spec"]) != record["metadata"]["annotations"][annotation]:
        # Admission makes something else of it by now: that is put on record then, and not fought against.
        await client.delete(CONTROLLER_REVISION, subject.namespace, name)


async def _record(client: Client, subject: Subject, made: Revision, service: Json, runtime: Json) -> None:
    body = render_record(subject, made, service, runtime)
    try:
        await client.create(CONTROLLER_REVISION, body)
    except ApiError as error:
        if error.reason != "AlreadyExists":
            raise
        # What is on it never changes: an outdated one makes room.
        await client.delete(CONTROLLER_REVISION, subject.namespace, body["metadata"]["name"])
        await client.create(CONTROLLER_REVISION, body)


def _name(subject: Subject, revision: str) -> str:
    return names.revision_object(subject.name, revision)
