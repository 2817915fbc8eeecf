"""Carrying actions out. Each is safe to do twice, and none of them decides."""

from slipway_operator.api import names
from slipway_operator.api.status import Revision
from slipway_operator.cluster.client import ApiError, Client
from slipway_operator.cluster.kinds import INFERENCE_SERVICE, SERVICE, SERVING_RUNTIME
from slipway_operator.cluster.observe import View
from slipway_operator.cluster.render.address import render_address
from slipway_operator.cluster.render.common import Json, Subject
from slipway_operator.cluster.render.runtime import render_runtime
from slipway_operator.cluster.render.service import render_service, scale_patch
from slipway_operator.cluster.routes.registry import backend_of
from slipway_operator.rollout.actions import (
    Action,
    CreateRevision,
    DeleteRevision,
    DeleteRoute,
    ScaleRevision,
    WriteAddress,
    WriteRoute,
)


async def act(client: Client, subject: Subject, view: View, wanted: Revision, action: Action) -> None:
    """Carry one action out. Raises ``ApiError`` where the API server refuses."""
    namespace = subject.namespace
    match action:
        case CreateRevision():
            await _create(client, subject, view, wanted)
        case ScaleRevision(revision, bounds):
            name = names.revision_object(subject.name, revision)
            patch = scale_patch(dict(view.seen.revisions[revision].scale), dict(bounds))
            await client.merge(INFERENCE_SERVICE, namespace, name, patch)
        case DeleteRevision(revision):
            name = names.revision_object(subject.name, revision)
            await client.delete(INFERENCE_SERVICE, namespace, name)
            await client.delete(SERVING_RUNTIME, namespace, name)
        case WriteRoute():
            await backend_of(subject.spec).write(client, view.site, action)
        case DeleteRoute():
            await backend_of(subject.spec).remove(client, view.site)
        case WriteAddress():
            if view.route.parents.service:
                await client.apply(SERVICE, render_address(subject, view.route.parents.service))


async def _create(client: Client, subject: Subject, view: View, wanted: Revision) -> None:
    """The runtime first: an InferenceService that names a missing one would be refused or stall."""
    if view.runtime is None:
        return
    await _create_once(client, render_runtime(subject, wanted, view.runtime), runtime=True)
    await _create_once(client, render_service(subject, wanted), runtime=False)


async def _create_once(client: Client, body: Json, *, runtime: bool) -> None:
    """Create, and leave alone what is there: a revision never changes."""
    try:
        await client.create(SERVING_RUNTIME if runtime else INFERENCE_SERVICE, body)
    except ApiError as error:
        if error.reason != "AlreadyExists":
            raise
