"""Which InferenceServices are looked at again after a change."""

from typing import Any

import pytest

from slipway_standin.objects import Key
from slipway_standin.wiring import Wiring

ISVCS = {
    Key("a", "one"): {"status": {"clusterServingRuntimeName": "r"}},
    Key("b", "two"): {"status": {"servingRuntimeName": "r"}},
    Key("b", "three"): {"status": {"clusterServingRuntimeName": "r"}},
    Key("b", "four"): {},
}


@pytest.fixture
def seen() -> list[Key]:
    return []


@pytest.fixture
def wiring(seen: list[Key]) -> Any:
    made = Wiring(None, seen.append)  # type: ignore[arg-type]  # nothing is read here
    made._isvcs.objects |= ISVCS
    return made


def runtime(namespace: str, image: str) -> dict:
    return {"metadata": {"name": "r", "namespace": namespace}, "spec": {"image": image}}


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        (runtime("", "1"), runtime("", "2"), {Key("a", "one"), Key("b", "three")}),
        (runtime("b", "1"), runtime("b", "2"), {Key("b", "two")}),
        (runtime("", "1"), runtime("", "1"), set()),
        (None, runtime("", "1"), {Key("b", "four")}),
        (None, runtime("a", "1"), set()),
        (runtime("", "1"), None, set()),
    ],
)
def test_runtimes(wiring: Any, seen: list[Key], old: Any, new: Any, keys: set) -> None:
    wiring._runtime(old, new)
    assert set(seen) == keys


def test_what_is_owned_concerns_its_owner(wiring: Any, seen: list[Key]) -> None:
    owner = {"kind": "InferenceService", "name": "m", "controller": True}
    mine = {"metadata": {"name": "m-predictor", "namespace": "a", "ownerReferences": [owner]}}
    wiring._owned(None, mine)
    wiring._owned(mine, None)
    wiring._owned(None, {"metadata": {"name": "x", "namespace": "a"}})
    assert seen == [Key("a", "m"), Key("a", "m")]


def test_of_pods_only_init_containers_count(wiring: Any, seen: list[Key]) -> None:
    def pod(**status: Any) -> dict:
        labels = {"serving.kserve.io/inferenceservice": "m"}
        return {"metadata": {"namespace": "a", "name": "p", "labels": labels}, "status": status}

    wiring._pod(None, pod())
    wiring._pod(pod(), pod(containerStatuses=[{"ready": False}]))
    assert seen == []
    wiring._pod(pod(), pod(initContainerStatuses=[{"ready": False}]))
    assert seen == [Key("a", "m")]
