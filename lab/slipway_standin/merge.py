"""Laying an InferenceService's container and pod fields over a runtime's, the way Kubernetes merges patches.

Maps merge by key; lists whose items have a natural key (environment, ports, mounts, volumes) merge by it;
every other list is replaced whole. ``args`` are the exception KServe makes: the runtime's come first, the
model's are added.
"""

from slipway_standin.objects import Obj

_ITEM_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "volumes": "name",
    "env": "name",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "ports": "containerPort",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
    "resourceClaims": "name",
}


def merge(base: Obj, patch: Obj) -> Obj:
    """``patch`` over ``base``, both left as they are. A null in the patch removes the field."""
    merged = dict(base)
    for field, value in patch.items():
        below = merged.get(field)
        if value is None:
            merged.pop(field, None)
        elif isinstance(value, dict) and isinstance(below, dict):
            merged[field] = merge(below, value)
        elif isinstance(value, list) and isinstance(below, list) and field in _ITEM_KEYS:
            merged[field] = _merge_items(below, value, _ITEM_KEYS[field])
        else:
            merged[field] = value
    return merged


def merge_containers(runtime: Obj, model: Obj) -> Obj:
    """The model's container fields over the runtime's container; the runtime's name stays."""
    merged = merge(runtime, model)
    merged["name"] = model.get("name") or runtime["name"]
    args = [*(runtime.get("args") or []), *(model.get("args") or [])]
    if args:
        merged["args"] = args
    if "env" in merged:
        merged["env"] = _settle_env(merged["env"], model.get("env") or [])
    return merged


def _merge_items(base: list[Obj], patch: list[Obj], key: str) -> list[Obj]:
    """Items of both lists by ``key``: the patch's order leads, the base's own items keep theirs among it."""
    below = {item.get(key): item for item in base}
    places = {item.get(key): place for place, item in enumerate(base)}
    mine = [merge(below.get(item.get(key), {}), item) for item in patch]
    patched = {item.get(key) for item in patch}
    rest = [item for item in base if item.get(key) not in patched]
    merged: list[Obj] = []
    for item in mine:
        place = places.get(item.get(key))
        while rest and place is not None and places[rest[0].get(key)] < place:
            merged.append(rest.pop(0))
        merged.append(item)
    return merged + rest


def _settle_env(merged: list[Obj], patch: list[Obj]) -> list[Obj]:
    """An entry may have a value or a source, not both: what the patch says wins."""
    wanted = {entry["name"]: entry for entry in patch}
    return [_settle_entry(entry, wanted.get(entry["name"], {})) for entry in merged]


def _settle_entry(entry: Obj, wanted: Obj) -> Obj:
    if not (entry.get("value") and entry.get("valueFrom") and wanted):
        return entry
    dropped = "value" if wanted.get("valueFrom") else "valueFrom"
    return {field: value for field, value in entry.items() if field != dropped}
