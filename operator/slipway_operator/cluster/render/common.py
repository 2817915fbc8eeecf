"""What all rendered objects share."""

from dataclasses import dataclass
from typing import Any

from slipway_operator.api import names
from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.cluster.kinds import Kind

Json = dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """The ModelDeployment that objects are rendered for."""

    name: str
    namespace: str
    uid: str
    spec: ModelDeploymentSpec

    @property
    def model_name(self) -> str:
        """The name in /v2/models/{name}."""
        return self.spec.model.name or self.name


def head(subject: Subject, kind: Kind, name: str, revision: str | None = None) -> Json:
    """``apiVersion``, ``kind`` and metadata, owned by the ModelDeployment.

    The owner reference does not block the owner's deletion: deleting hangs on nothing, not even on the operator.
    """
    labels = {names.LABEL_MANAGED_BY: "slipway", names.LABEL_DEPLOYMENT: subject.name}
    if revision:
        labels[names.LABEL_REVISION] = revision
    owner = {
        "apiVersion": names.API_VERSION,
        "kind": names.KIND,
        "name": subject.name,
        "uid": subject.uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }
    return {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "metadata": {
            "name": name,
            "namespace": subject.namespace,
            "labels": labels,
            "annotations": {},
            "ownerReferences": [owner],
        },
    }


def is_ours(subject: Subject, body: Json) -> bool:
    """Whether an object was made for this ModelDeployment, and not for a namesake before it."""
    labels = body["metadata"].get("labels", {})
    owners = [owner.get("uid") for owner in body["metadata"].get("ownerReferences", [])]
    return labels.get(names.LABEL_DEPLOYMENT) == subject.name and (not owners or subject.uid in owners)
