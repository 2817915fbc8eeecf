"""The Job of a gate: the user's own, told what it is about."""

import copy
import hashlib

from slipway_operator.api import names
from slipway_operator.api.status import Revision
from slipway_operator.cluster.kinds import JOB
from slipway_operator.cluster.render.address import CLUSTER_DOMAIN
from slipway_operator.cluster.render.common import Json, Subject, head
from slipway_operator.rollout.observation import GateTicket

KEPT_SECONDS = 3600
"""How long an ended Job stays to be looked at, where it does not say so itself."""


def job_name(subject: Subject, ticket: GateTicket) -> str:
    """One for each attempt: whoever begins it again finds it."""
    text = f"{ticket.gate} {ticket.started_at} {ticket.attempt}"
    return f"{names.revision_object(subject.name, ticket.revision)}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def render_job(
    subject: Subject, canary: Revision, stable: Revision | None, ticket: GateTicket, spec: Json, seconds: int
) -> Json:
    """The Job; ``spec`` is a batch/v1 JobSpec, whose containers get the variables of ``variables``."""
    body = head(subject, JOB, job_name(subject, ticket), canary.revision)
    body["spec"] = {
        "backoffLimit": 0,
        "activeDeadlineSeconds": seconds,
        "ttlSecondsAfterFinished": KEPT_SECONDS,
        **copy.deepcopy(spec),
    }
    pod = body["spec"].setdefault("template", {}).setdefault("spec", {})
    pod.setdefault("restartPolicy", "Never")
    told = [{"name": name, "value": value} for name, value in variables(subject, canary, stable).items()]
    for container in [*pod.get("initContainers", []), *pod.get("containers", [])]:
        known = {part["name"] for part in container.get("env", [])}
        container["env"] = [*container.get("env", []), *(part for part in told if part["name"] not in known)]
    return body


def variables(subject: Subject, canary: Revision, stable: Revision | None) -> dict[str, str]:
    """What a gate's containers are told of the rollout, as environment variables; documented in docs/gates.md."""
    told = {
        "SLIPWAY_NAMESPACE": subject.namespace,
        "SLIPWAY_NAME": subject.name,
        "SLIPWAY_MODEL": subject.model_name,
    }
    for role, revision in (("CANARY", canary), ("STABLE", stable)):
        if revision:
            told |= {
                f"SLIPWAY_{role}_REVISION": revision.revision,
                f"SLIPWAY_{role}_VERSION": revision.version,
                f"SLIPWAY_{role}_URL": _url(subject, revision),
            }
    return told


def _url(subject: Subject, revision: Revision) -> str:
    service = names.entry_service(subject.name, revision.revision, revision.component)
    return f"http://{service}.{subject.namespace}.{CLUSTER_DOMAIN}"
