"""What the end-to-end tests share: the lab, running. Where it cannot run, the whole tier is skipped in one line."""

import fcntl
import re
import uuid
from collections.abc import Iterator

import pytest
from tests.e2e.slipway import Place

from slipway_demo.install import install
from slipway_demo.lab_target import target_of
from slipway_demo.models import Models, train
from slipway_demo.storage import publish
from slipway_demo.target import CHECKOUT, Target
from slipway_lab import state
from slipway_lab.down import down
from slipway_lab.paths import Paths
from slipway_lab.state import State
from slipway_lab.up import up, why_not

REASON = why_not()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/e2e/" in item.nodeid or item.nodeid.startswith("e2e/"):
            item.add_marker(pytest.mark.e2e)
            if REASON:
                item.add_marker(pytest.mark.skip(reason=f"no end-to-end tests here: {REASON}"))


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest) -> Iterator[State]:
    """The lab, up and up to date; ended afterwards unless it ran before, by the last of the runs that use it."""
    paths = Paths.here()
    paths.lab.mkdir(exist_ok=True)
    ours = paths.lab / "started-by-tests"
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with (paths.lab / "tests.lock").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        if state.load() is None:
            ours.touch()
        with (
            capture.global_and_fixture_disabled()
        ):  # a first start takes minutes, and they should not be silent
            running = up()
        yield running
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another run uses it
        if ours.exists():
            with capture.global_and_fixture_disabled():
                down(paths)
            ours.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def target(lab: State) -> Target:
    """The lab with Slipway installed, as a user installs it."""
    found = target_of(lab)
    install(found)
    return found


@pytest.fixture(scope="session")
def models() -> Models:
    """The demo's four models."""
    return train(CHECKOUT / ".cache/demo-models")


@pytest.fixture
def place(request: pytest.FixtureRequest, target: Target, models: Models) -> Iterator[Place]:
    """A namespace of the test's own, with the models in it."""
    yield from _place(request, target, models)


@pytest.fixture(scope="module")
def module_place(request: pytest.FixtureRequest, target: Target, models: Models) -> Iterator[Place]:
    """A namespace for all tests of a module."""
    yield from _place(request, target, models)


def _place(request: pytest.FixtureRequest, target: Target, models: Models) -> Iterator[Place]:
    # Short: KServe makes <name>-<revision>-predictor-<namespace> of it, and that has 63 characters at most.
    name = re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[:16].strip("-")
    namespace = f"e2e-{name}-{uuid.uuid4().hex[:5]}"
    target.run("create", "namespace", namespace)
    publish(target, namespace, models.folder)
    yield Place(target, namespace, models)
    target.run("delete", "namespace", namespace, "--wait=false")
    target.run("delete", "pv", f"{namespace}-models", "--wait=false")
