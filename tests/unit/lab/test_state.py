"""The state file, and the names that keep two labs apart."""

import json

import pytest

from slipway_lab import state
from slipway_lab.paths import Paths, cache_dir, lab_dir
from slipway_lab.state import State


@pytest.fixture
def paths(tmp_path):
    return Paths(lab=tmp_path / "lab", cache=tmp_path / "cache")


def test_what_is_saved_is_loaded(paths):
    known = State(paths.name, state.boot_id(), "none", 1, 2, {"operator": "o"}, "/bin", "k", "i")
    known.save(paths)
    assert state.load(paths.lab) == known


def test_no_state_before_the_first_run_or_from_before_a_reboot(paths):
    assert state.load(paths.lab) is None
    State(paths.name, "an earlier boot").save(paths)
    assert state.load(paths.lab) is None


@pytest.mark.parametrize(
    "content", ["", "{", "[]", json.dumps({"name": "x", "boot_id": "y", "from the future": 1})]
)
def test_a_file_that_cannot_be_read_is_no_state(paths, content):
    paths.lab.mkdir()
    paths.state.write_text(content)
    assert state.load(paths.lab) is None


def test_each_folder_is_a_lab_of_its_own(tmp_path):
    one, two = (Paths(lab=tmp_path / name, cache=tmp_path) for name in ("one", "two"))
    assert one.name != two.name
    assert one.run != two.run
    assert one.name == Paths(lab=tmp_path / "one", cache=tmp_path / "other").name


def test_the_environment_moves_lab_and_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SLIPWAY_LAB_DIR", str(tmp_path / "lab"))
    monkeypatch.setenv("SLIPWAY_CACHE", str(tmp_path / "cache"))
    assert (lab_dir(), cache_dir()) == (tmp_path / "lab", tmp_path / "cache")
    monkeypatch.delenv("SLIPWAY_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_dir() == tmp_path / "xdg" / "slipway"
