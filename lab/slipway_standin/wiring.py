"""Which InferenceServices to look at again when something in the cluster changes."""

import asyncio
from collections.abc import Callable, Iterator

from slipway_standin import kinds, names
from slipway_standin.api import Api
from slipway_standin.objects import Key, Obj, controller_of, key_of, labels_of
from slipway_standin.watch import Reflector

Add = Callable[[Key], None]


class Wiring:
    """The reflectors of everything that matters to an InferenceService; ``add`` takes the keys to look at."""

    def __init__(self, api: Api, add: Add) -> None:
        self._add = add
        self._isvcs = Reflector(api, kinds.ISVC, self._isvc)
        self.reflectors = [
            self._isvcs,
            Reflector(api, kinds.RUNTIME, self._runtime),
            Reflector(api, kinds.CLUSTER_RUNTIME, self._runtime),
            Reflector(api, kinds.DEPLOYMENT, self._owned, names.ISVC_LABEL),
            Reflector(api, kinds.SERVICE, self._owned, names.ISVC_LABEL),
            Reflector(api, kinds.HPA, self._owned, names.ISVC_LABEL),
            Reflector(api, kinds.ROUTE, self._owned),
            Reflector(api, kinds.POD, self._pod, names.ISVC_LABEL),
        ]

    async def synced(self) -> None:
        """Wait until everything has been listed once."""
        await asyncio.gather(*(reflector.synced.wait() for reflector in self.reflectors))

    @property
    def is_synced(self) -> bool:
        """Whether everything has been listed once."""
        return all(reflector.synced.is_set() for reflector in self.reflectors)

    def _isvc(self, old: Obj | None, new: Obj | None) -> None:
        self._add(key_of(new or old or {}))

    def _owned(self, old: Obj | None, new: Obj | None) -> None:
        obj = new or old or {}
        owner = controller_of(obj) or {}
        if owner.get("kind") == "InferenceService":
            self._add(Key(obj["metadata"]["namespace"], owner["name"]))

    def _pod(self, old: Obj | None, new: Obj | None) -> None:
        """Only what becomes of init containers: KServe looks at nothing else of a pod by itself."""
        if old and new and _initializers(old) != _initializers(new):
            self._add(Key(new["metadata"]["namespace"], labels_of(new)[names.ISVC_LABEL]))

    def _runtime(self, old: Obj | None, new: Obj | None) -> None:
        """A changed runtime concerns those it serves, all at once; a new one those that found none."""
        if new and (old is None or old.get("spec") != new.get("spec")):
            for key in self._concerned(new, appeared=old is None):
                self._add(key)

    def _concerned(self, runtime: Obj, *, appeared: bool) -> Iterator[Key]:
        namespace, name = key_of(runtime)
        field = "servingRuntimeName" if namespace else "clusterServingRuntimeName"
        for key, isvc in self._isvcs.objects.items():
            status = isvc.get("status") or {}
            unserved = not (status.get("servingRuntimeName") or status.get("clusterServingRuntimeName"))
            if namespace in ("", key.namespace) and (unserved if appeared else status.get(field) == name):
                yield key


def _initializers(pod: Obj) -> object:
    return (pod.get("status") or {}).get("initContainerStatuses")
