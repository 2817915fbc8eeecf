"""Small readings of Kubernetes objects as plain JSON, shared by every module of the stand-in."""

from typing import Any, NamedTuple, TypeAlias

Obj: TypeAlias = dict[str, Any]


class Key(NamedTuple):
    """Where a namespaced object lives; the unit of work of the queue."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def key_of(obj: Obj) -> Key:
    """The key of an object (an empty namespace for a cluster-scoped one)."""
    return Key(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])


def annotations_of(obj: Obj) -> dict[str, str]:
    """The annotations, never None."""
    return obj["metadata"].get("annotations") or {}


def labels_of(obj: Obj) -> dict[str, str]:
    """The labels, never None."""
    return obj["metadata"].get("labels") or {}


def controller_of(obj: Obj) -> Obj | None:
    """The owner reference marked as the controller, if there is one."""
    owners: list[Obj] = obj["metadata"].get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), None)


def owner_reference(owner: Obj) -> Obj:
    """A controlling reference to ``owner``, so that the cluster deletes what it made along with it."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def contains(whole: Any, part: Any) -> bool:
    """Whether ``whole`` has everything that ``part`` has: maps by key, everything else by equality."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and contains(whole[key], value) for key, value in part.items())
    return bool(whole == part)
