"""The objects of one kind as they are known here. Pure book-keeping: no I/O, no clock.

News comes three ways, in any order: from a watch, from a list, and as the API server's answer to a write of ours. Every
object carries the version at which it was written, and versions of one kind rise over all of its objects, so an older
word never overwrites a newer one, and a name that was deleted and made again is just a newer object.
"""

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Json = dict[str, Any]
Place = tuple[str, str]
"""Namespace and name; an empty namespace for objects that have none."""
Changed = Callable[[Json, bool], None]
"""Told an object that came, went or says something else, and whether it is there now."""
Group = tuple[str, str, str]
"""Namespace (or nothing), label and value."""


class State(enum.Enum):
    """Whether what is not here is not there."""

    UNLISTED = "not listed yet"
    LISTED = "listed"
    ABSENT = "not served by the cluster"


class UnlistedError(Exception):
    """Nobody knows yet what there is of a kind: nothing may be decided on its being missing."""


class Store:
    """Objects by place and by label. What is read from it is shared: never change it."""

    def __init__(
        self,
        changed: Changed,
        trim: Callable[[Json], Json] = lambda body: body,
        by: Mapping[str, bool] | None = None,
        *,
        optional: bool = False,
    ) -> None:
        """``trim`` takes away what nobody reads.

        ``by``: the labels to find objects by, and whether within one namespace (else over all). ``optional``: a kind that
        goes away is just absent again.
        """
        self.state = State.UNLISTED
        self._changed = changed
        self._trim = trim
        self._by = by or {}
        self._optional = optional
        self._objects: dict[Place, Json] = {}
        self._groups: dict[Group, dict[Place, None]] = {}
        self._gone: dict[str, int] = {}
        """Who went, and at which version: a list that was made before may still name them."""

    def get(self, namespace: str | None, name: str) -> Json | None:
        """The object. Raises UnlistedError."""
        self._require_listed()
        return self._objects.get((namespace or "", name))

    def all(self) -> Iterable[Json]:
        """All of them. Raises UnlistedError."""
        self._require_listed()
        return self._objects.values()

    def find(self, namespace: str | None, labels: Mapping[str, str]) -> list[Json]:
        """Those that have all of ``labels``, by name; the first label must be one to find by. Raises UnlistedError."""
        self._require_listed()
        label, value = next(iter(labels.items()))
        places = self._groups.get(((namespace or "") if self._by[label] else "", label, value), {})
        found = (self._objects[place] for place in sorted(places))
        return [
            body
            for body in found
            if namespace in (None, body["metadata"].get("namespace"))
            and labels.items() <= _labels(body).items()
        ]

    def put(self, body: Json) -> None:
        """The object is, or was, like this."""
        metadata = body["metadata"]
        place = _place(body)
        known = self._objects.get(place)
        oldest = max(self._gone.get(metadata["uid"], -1), _version(known) if known else -1)
        if _version(body) <= oldest:
            return
        trimmed = self._trim(body)
        if known:
            self._leave_groups(place, known)
        self._objects[place] = trimmed
        for group in self._groups_of(trimmed):
            self._groups.setdefault(group, {})[place] = None
        if known is None or not _alike(known, trimmed):
            self._changed(trimmed, True)

    def remove(self, body: Json) -> None:
        """The object has been deleted, or concerns us no more; ``body`` is the last that was heard of it."""
        place, version = _place(body), _version(body)
        self._gone[body["metadata"]["uid"]] = version
        if place in self._objects and _version(self._objects[place]) <= version:
            self._drop(place)

    def replace(self, bodies: Iterable[Json], version: str) -> None:
        """Exactly these were there at ``version``: whatever else is known from before is not there any more."""
        listed, identities = set(), set()
        self.state = State.LISTED
        for body in bodies:
            listed.add(_place(body))
            identities.add(body["metadata"]["uid"])
            self.put(body)
        for place in [place for place in self._objects if place not in listed]:
            if _version(self._objects[place]) <= int(version):
                self._drop(place)
        self._gone = {uid: at for uid, at in self._gone.items() if uid in identities}

    def unserved(self) -> None:
        """The cluster does not serve the kind.

        Of a kind that was served this says nothing of its objects: then nothing is known until it is listed again. But
        where the kind is optional, those who do without it are not to wait.
        """
        if self._optional:
            for place in list(self._objects):
                self._drop(place)
        is_absent = self._optional or (self.state is not State.LISTED and not self._objects)
        self.state = State.ABSENT if is_absent else State.UNLISTED

    def _require_listed(self) -> None:
        if self.state is State.UNLISTED:
            raise UnlistedError

    def _drop(self, place: Place) -> None:
        body = self._objects.pop(place)
        self._leave_groups(place, body)
        self._changed(body, False)

    def _groups_of(self, body: Json) -> Iterator[Group]:
        labels, namespace = _labels(body), body["metadata"].get("namespace", "")
        for label, namespaced in self._by.items():
            if label in labels:
                yield namespace if namespaced else "", label, labels[label]

    def _leave_groups(self, place: Place, body: Json) -> None:
        for group in self._groups_of(body):
            members = self._groups[group]
            del members[place]
            if not members:
                del self._groups[group]


def _place(body: Json) -> Place:
    metadata = body["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def _version(body: Json) -> int:
    return int(body["metadata"]["resourceVersion"])


def _labels(body: Json) -> Mapping[str, str]:
    found: Mapping[str, str] = body["metadata"].get("labels") or {}
    return found


def _alike(one: Json, other: Json) -> bool:
    """Whether two states of an object differ in nothing but their version."""
    return _unversioned(one) == _unversioned(other)


def _unversioned(body: Json) -> Json:
    return {**body, "metadata": {**body["metadata"], "resourceVersion": ""}}
