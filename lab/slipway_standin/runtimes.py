"""Which serving runtime serves a model: the one it names, or the best one that says it supports its format.

A namespaced ServingRuntime comes before a ClusterServingRuntime of the same name. Pure: the caller hands in
what the cluster holds.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from slipway_standin.objects import Obj

_PROTOCOL_RANK = {"v1": 1, "v2": 2, "grpc-v1": 3, "grpc-v2": 4}
_UNKNOWN_RANK = 5
_NO_PRIORITY = -(2**31)


@dataclass(frozen=True)
class Runtime:
    """A resolved runtime; ``cluster`` says whether it is a ClusterServingRuntime."""

    name: str
    spec: Obj
    cluster: bool


class RuntimeRefusedError(Exception):
    """No runtime for this model; ``reason`` and ``message`` are what status.modelStatus.lastFailureInfo says."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def resolve(model: Obj, namespaced: list[Obj], cluster: list[Obj]) -> Runtime:
    """The runtime for ``spec.predictor.model``.

    Raises RuntimeRefusedError with KServe's own reason and sentence when there is none.
    """
    named = model.get("runtime")
    return _named(model, named, namespaced, cluster) if named else _selected(model, namespaced, cluster)


def _named(model: Obj, name: str, namespaced: list[Obj], cluster: list[Obj]) -> Runtime:
    candidates = [(found, False) for found in namespaced] + [(found, True) for found in cluster]
    found = next(((obj, wide) for obj, wide in candidates if obj["metadata"]["name"] == name), None)
    if found is None:
        raise RuntimeRefusedError("RuntimeNotRecognized", "Waiting for runtime to become available")
    spec: Obj = found[0].get("spec") or {}
    if spec.get("disabled"):
        raise RuntimeRefusedError("RuntimeDisabled", "Specified runtime is disabled")
    if not _speaks(spec, model.get("protocolVersion")):
        raise RuntimeRefusedError(
            "NoSupportingRuntime", "Specified runtime does not support specified protocol version"
        )
    if not _supports(spec, model, automatic=False):
        raise RuntimeRefusedError(
            "NoSupportingRuntime", "Specified runtime does not support specified framework/version"
        )
    return Runtime(name, spec, found[1])


def _selected(model: Obj, namespaced: list[Obj], cluster: list[Obj]) -> Runtime:
    for found, wide in ((namespaced, False), (cluster, True)):
        for candidate in _ranked(found, model):
            return Runtime(candidate["metadata"]["name"], candidate["spec"], wide)
    raise RuntimeRefusedError(
        "NoSupportingRuntime", "No runtime found to support specified framework/version"
    )


def _ranked(runtimes: Iterable[Obj], model: Obj) -> list[Obj]:
    """The fitting runtimes, best first: by priority, then by protocol, then the youngest, then by name."""
    fitting = [runtime for runtime in runtimes if _fits(runtime.get("spec") or {}, model)]
    fitting.sort(key=lambda runtime: str(runtime["metadata"]["name"]))
    fitting.sort(key=lambda runtime: str(runtime["metadata"].get("creationTimestamp", "")), reverse=True)
    fitting.sort(key=lambda runtime: _protocol_rank(runtime["spec"]))
    name = model["modelFormat"]["name"]
    fitting.sort(key=lambda runtime: _priority(runtime["spec"], name), reverse=True)
    return fitting


def _fits(spec: Obj, model: Obj) -> bool:
    single = not spec.get("disabled") and not spec.get("multiModel") and not spec.get("workerSpec")
    return (
        single
        and _supports(spec, model, automatic=True)
        and _speaks(spec, model.get("protocolVersion") or "v1")
    )


def _supports(spec: Obj, model: Obj, *, automatic: bool) -> bool:
    wanted = model["modelFormat"]
    return any(
        offered["name"] == wanted["name"]
        and (not wanted.get("version") or offered.get("version") == wanted["version"])
        and (not automatic or offered.get("autoSelect"))
        for offered in spec.get("supportedModelFormats") or []
    )


def _speaks(spec: Obj, protocol: str | None) -> bool:
    spoken = spec.get("protocolVersions")
    return not protocol or not spoken or protocol in spoken


def _protocol_rank(spec: Obj) -> int:
    spoken = spec.get("protocolVersions") or []
    return min((_PROTOCOL_RANK.get(protocol, _UNKNOWN_RANK) for protocol in spoken), default=_UNKNOWN_RANK)


def _priority(spec: Obj, name: str) -> int:
    for offered in spec.get("supportedModelFormats") or []:
        if offered["name"] == name:
            priority = offered.get("priority")
            return _NO_PRIORITY if priority is None else int(priority)
    return _NO_PRIORITY
