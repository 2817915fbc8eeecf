"""Bringing one object of the cluster to what is wanted, with no write where it already is.

What is wanted is sent as a dry run first, so that the API server itself fills the defaults; a real write follows
only if that differs from what is there. Drift is corrected whole: a field somebody added is taken out again.
"""

from slipway_standin.api import Api
from slipway_standin.kinds import ROUTE, Kind
from slipway_standin.objects import Obj, contains, controller_of


class NotOursError(Exception):
    """An object of the wanted name belongs to somebody else; the message names both."""


class StillThereError(Exception):
    """An object of a deleted InferenceService of the same name has not been cleaned up yet: wait."""


async def ensure(api: Api, kind: Kind, wanted: Obj, *, keep_replicas: bool = False) -> Obj:
    """Create or correct ``wanted`` (with its owner reference) and return what the cluster holds.

    ``keep_replicas`` leaves ``spec.replicas`` to whatever scales. Labels and annotations are corrected along with
    the spec; on their own they count only for routes, as with KServe. Raises NotOursError, StillThereError, and
    ApiError with the API server's sentence when it refuses the object.
    """
    metadata = wanted["metadata"]
    present = await api.get(kind, metadata["namespace"], metadata["name"])
    if present is None:
        return await api.create(kind, wanted)
    _claim(present, wanted)
    candidate = _candidate(wanted, present, keep_replicas=keep_replicas)
    filled = await api.replace(kind, candidate, dry_run=True)
    described = kind != ROUTE or contains(_described(present), _described(wanted))
    if filled["spec"] == present["spec"] and described:
        return present
    return await api.replace(kind, candidate)


async def remove(api: Api, kind: Kind, namespace: str, name: str, owner: str) -> None:
    """Delete an object if the InferenceService of uid ``owner`` controls it; anybody else's is left alone."""
    present = await api.get(kind, namespace, name)
    if present and (controller_of(present) or {}).get("uid") == owner:
        await api.delete(kind, namespace, name)


def _claim(present: Obj, wanted: Obj) -> None:
    """Raise unless the object that is there is ours to change."""
    ours, theirs = controller_of(wanted) or {}, controller_of(present) or {}
    if ours["uid"] == theirs.get("uid") and not present["metadata"].get("deletionTimestamp"):
        return
    where = f"{wanted['kind']} {present['metadata']['namespace']}/{present['metadata']['name']}"
    if (theirs.get("kind"), theirs.get("name")) == (ours["kind"], ours["name"]):
        raise StillThereError(f"{where} of the former {ours['kind']} {ours['name']} is still being deleted")
    holder = f"{theirs['kind']} {theirs['name']}" if theirs else "nobody"
    raise NotOursError(
        f"{where} exists and is controlled by {holder}: delete it or name the InferenceService otherwise"
    )


def _candidate(wanted: Obj, present: Obj, *, keep_replicas: bool) -> Obj:
    metadata = {**wanted["metadata"], "resourceVersion": present["metadata"]["resourceVersion"]}
    spec = wanted["spec"]
    if keep_replicas and "replicas" in present["spec"]:
        spec = {**spec, "replicas": present["spec"]["replicas"]}
    return {**wanted, "metadata": metadata, "spec": spec}


def _described(obj: Obj) -> Obj:
    metadata = obj["metadata"]
    return {name: metadata.get(name) or {} for name in ("labels", "annotations")}
