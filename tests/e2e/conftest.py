"""What the end-to-end tests share: the lab, running. Where it cannot run, the whole tier is skipped in one line."""

from collections.abc import Iterator

import pytest

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
    """The lab, up and up to date; ended afterwards unless it ran before."""
    was_up = state.load() is not None
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():  # a first start takes minutes, and they should not be silent
        running = up()
    yield running
    if not was_up:
        with capture.global_and_fixture_disabled():
            down(Paths.here())
