"""Choosing a serving runtime."""

from typing import Any

import pytest

from slipway_standin.runtimes import RuntimeRefusedError, resolve


def runtime(name: str, *, made: str = "2026-01-01T00:00:00Z", protocols: Any = ("v2",), **spec: Any) -> dict:
    offered = {"name": "sklearn", "version": "1", "autoSelect": True}
    fields = {"supportedModelFormats": [offered], "protocolVersions": list(protocols), **spec}
    return {"metadata": {"name": name, "creationTimestamp": made}, "spec": fields}


def formats(**offered: Any) -> dict:
    return {"supportedModelFormats": [{"name": "sklearn", "autoSelect": True, **offered}]}


MODEL = {"modelFormat": {"name": "sklearn"}, "protocolVersion": "v2"}


def test_a_named_one_of_the_namespace_comes_first() -> None:
    found = resolve({**MODEL, "runtime": "r"}, [runtime("r")], [runtime("r", disabled=True)])
    assert (found.name, found.cluster) == ("r", False)


@pytest.mark.parametrize(
    ("change", "spec", "reason", "message"),
    [
        ({"runtime": "x"}, {}, "RuntimeNotRecognized", "Waiting for runtime to become available"),
        ({"runtime": "r"}, {"disabled": True}, "RuntimeDisabled", "Specified runtime is disabled"),
        ({"runtime": "r"}, {"protocolVersions": ["v1"]}, "NoSupportingRuntime",
         "Specified runtime does not support specified protocol version"),
        ({"runtime": "r", "modelFormat": {"name": "onnx"}}, {}, "NoSupportingRuntime",
         "Specified runtime does not support specified framework/version"),
        ({"runtime": "r", "modelFormat": {"name": "sklearn", "version": "2"}}, {}, "NoSupportingRuntime",
         "Specified runtime does not support specified framework/version"),
        ({}, formats(autoSelect=False), "NoSupportingRuntime",
         "No runtime found to support specified framework/version"),
        ({}, {"multiModel": True}, "NoSupportingRuntime",
         "No runtime found to support specified framework/version"),
        ({"protocolVersion": None}, {}, "NoSupportingRuntime",
         "No runtime found to support specified framework/version"),
    ],
)  # fmt: skip
def test_refused(change: dict, spec: dict, reason: str, message: str) -> None:
    with pytest.raises(RuntimeRefusedError) as refused:
        resolve({**MODEL, **change}, [], [runtime("r", **spec)])
    assert (refused.value.reason, refused.value.message) == (reason, message)


def test_a_named_one_need_not_offer_itself() -> None:
    assert resolve({**MODEL, "runtime": "r"}, [], [runtime("r", **formats(autoSelect=False))]).cluster


@pytest.mark.parametrize(
    ("namespaced", "cluster", "chosen"),
    [
        ([], [runtime("b"), runtime("a")], "a"),
        ([], [runtime("a"), runtime("b", made="2026-01-02T00:00:00Z")], "b"),
        ([], [runtime("a", **formats(priority=1)), runtime("b", **formats(priority=2))], "b"),
        ([], [runtime("a"), runtime("b", **formats(priority=0))], "b"),
        ([], [runtime("a", protocols=["v2"]), runtime("b", protocols=["v1", "v2"])], "b"),
        ([runtime("z")], [runtime("b", **formats(priority=9))], "z"),
    ],
)
def test_the_best_that_offers_itself(namespaced: list, cluster: list, chosen: str) -> None:
    assert resolve(MODEL, namespaced, cluster).name == chosen
