"""What others have done to the operator's objects, and who: their specs against the record, and their managed fields.

Most looks end at a comparison of two hashes. Only where they differ is the API server asked for the object itself, so
that nothing is called edited because something here is a moment old.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from slipway_operator.api import names
from slipway_operator.cluster.client import Client, Json
from slipway_operator.cluster.kinds import CONTROLLER_REVISION, INFERENCE_SERVICE, Kind
from slipway_operator.cluster.render.common import Subject
from slipway_operator.cluster.render.record import PARTS, spec_hash, unscaled
from slipway_operator.cluster.revisions import Found
from slipway_operator.rollout.observation import Edit

TRUSTED = (names.FIELD_MANAGER, "manager", "kserve-controller-manager")
"""Ourselves, whose writes admission webhooks complete, and KServe's controller, which may complete what it finds."""
MOST_FIELDS = 3
"""So many are named in a message."""

Path = tuple[str, ...]


async def find_edits(
    client: Client, subject: Subject, found: Found, revisions: Iterable[str]
) -> Mapping[str, tuple[Edit, ...]]:
    """Revision → what was done to its objects, for those that differ from their record.

    An empty tuple: it differs, but nobody has edited it; then the record is out of date.
    """
    edits: dict[str, tuple[Edit, ...]] = {}
    for revision in revisions:
        record, changed = found.records.get(revision), list(_changed(found, revision))
        if record and changed:
            name = record["metadata"]["name"]
            whole = await client.read(CONTROLLER_REVISION, subject.namespace, name)
            bodies = [(kind, await client.read(kind, subject.namespace, name)) for kind in changed]
            if whole:
                judged = [
                    edit_of(kind, body, whole["data"][kind.name]["spec"]) for kind, body in bodies if body
                ]
                edits[revision] = tuple(edit for edit in judged if edit)
    return edits


def route_edit(kind: Kind, route: Json) -> Edit | None:
    """Who but the operator has a say in the route's spec; our next write takes it from them."""
    editors = {
        manager: sorted({path[0] for path in paths})
        for manager, paths in _owned(route)
        if manager not in TRUSTED
    }
    if not editors:
        return None
    manager, fields = list(editors.items())[-1]
    return Edit(kind.name, route["metadata"]["name"], manager, tuple(fields))


def edit_of(kind: Kind, body: Json, made: Json) -> Edit | None:
    """What others have changed of a spec that was ``made`` so; None where it was nobody but those who may."""
    owned, found = list(_owned(body)), []
    for path in _differences(unscaled(made), unscaled(body["spec"])):
        managers = [manager for manager, paths in owned if any(_related(path, part) for part in paths)]
        others = [manager for manager in managers if manager not in TRUSTED]
        if others or not managers:
            found.append((others[-1] if others else None, ".".join(path)))
    if not found:
        return None
    manager = next((by for by, _ in reversed(found) if by), None)
    return Edit(kind.name, body["metadata"]["name"], manager, tuple(path for _, path in found[:MOST_FIELDS]))


def _changed(found: Found, revision: str) -> Iterator[Kind]:
    """The kinds of which a revision's object is not as its record says."""
    annotations = found.records[revision]["metadata"]["annotations"] if revision in found.records else {}
    for kind, annotation in PARTS.values():
        body = (found.services if kind is INFERENCE_SERVICE else found.runtimes).get(revision)
        if body and spec_hash(body["spec"]) != annotations.get(annotation):
            yield kind


def _owned(body: Json) -> Iterator[tuple[str, list[Path]]]:
    """Who has which parts of the spec, the latest last."""
    entries = body["metadata"].get("managedFields") or []
    for entry in sorted(entries, key=lambda part: str(part.get("time", ""))):
        fields = entry.get("fieldsV1", {}).get("f:spec")
        if fields and not entry.get("subresource"):
            yield entry["manager"], list(_paths(fields))


def _paths(fields: Mapping[str, Any], prefix: Path = ()) -> Iterator[Path]:
    """The paths of a fieldsV1, down to where lists begin."""
    keys = set(fields) - {"."}
    deeper = {key[2:]: fields[key] for key in sorted(keys) if key.startswith("f:")}
    if prefix and (not keys or len(deeper) < len(keys)):
        yield prefix
    for key, value in deeper.items():
        yield from _paths(value, (*prefix, key))


def _related(one: Path, other: Path) -> bool:
    """Whether one path leads through the other."""
    length = min(len(one), len(other))
    return one[:length] == other[:length]


def _differences(one: Any, other: Any, prefix: Path = ()) -> Iterator[Path]:
    """The paths at which two specs differ; lists are compared whole."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        if one != other:
            yield prefix
        return
    for key in sorted({*one, *other}):
        yield from _differences(one.get(key), other.get(key), (*prefix, key))
