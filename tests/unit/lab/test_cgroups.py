"""Cgroups of both versions, on a tree of ordinary folders."""

import pytest

from slipway_lab import cgroups
from slipway_lab.errors import LabError


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def version1(tree):
    for controller in ("cpuset", "memory", "pids"):
        (tree / controller).mkdir()
        (tree / controller / "cgroup.procs").touch()
    (tree / "cpu,cpuacct").mkdir()
    (tree / "cpu,cpuacct" / "cgroup.procs").touch()
    (tree / "cpu").symlink_to("cpu,cpuacct")
    (tree / "no-hierarchy").mkdir()
    for setting, value in {"cpuset.cpus": "0-1", "cpuset.mems": "0"}.items():
        (tree / "cpuset" / setting).write_text(value)
    (tree / "cpuset" / "lab").mkdir()
    (tree / "cpuset" / "lab" / "cpuset.cpus").touch()
    return tree


@pytest.fixture
def version2(tree):
    (tree / "cgroup.controllers").write_text("cpu memory pids\n")
    (tree / "lab").mkdir()
    (tree / "lab" / "cgroup.controllers").write_text("cpu memory pids\n")
    return tree


def test_version_1_makes_a_group_under_every_controller_once(version1):
    assert cgroups.create("lab") == version1 / "pids" / "lab" / "lab"
    assert (version1 / "memory" / "lab").is_dir()
    assert (version1 / "cpu,cpuacct" / "lab").is_dir()
    assert not (version1 / "no-hierarchy" / "lab").exists()
    assert len(cgroups.hierarchies()) == 4


def test_version_1_gives_a_new_cpuset_its_processors(version1):
    cgroups.create("lab")
    assert (version1 / "cpuset" / "lab" / "cpuset.cpus").read_text() == "0-1"
    assert (version1 / "cpuset" / "lab" / "cpuset.mems").read_text() == "0"


def test_version_2_delegates_controllers_to_the_lab_and_its_pods(version2):
    assert cgroups.create("lab") == version2 / "lab" / "lab"
    assert (version2 / "lab" / "steps").is_dir()
    for group in (version2, version2 / "lab"):
        assert (group / "cgroup.subtree_control").read_text() == "+pids"  # the last one written


def test_members_are_found_at_every_depth(version2):
    (version2 / "lab" / "kubepods" / "pod1").mkdir(parents=True)
    (version2 / "lab" / "kubepods" / "pod1" / "cgroup.procs").write_text("self\n")
    (version2 / "lab" / "cgroup.procs").write_text("999999999\n")
    (found,) = cgroups.members("lab")
    assert found.pid > 0


def test_a_machine_without_cgroups_is_told_so(tree):
    with pytest.raises(LabError, match="no cgroups are mounted"):
        cgroups.hierarchies()


def test_a_busy_group_is_tried_again_and_then_named(version2):
    (version2 / "lab" / "steps").mkdir()
    (version2 / "lab" / "steps" / "file").touch()  # as good as a process: the folder cannot go
    pauses = []
    with pytest.raises(LabError, match="lab/steps could not be removed"):
        cgroups.remove("lab", 0.01, pauses.append)

    for file in (version2 / "lab").rglob("*"):
        if file.is_file():
            file.unlink()
    cgroups.remove("lab")
    assert not (version2 / "lab").exists()
    cgroups.remove("lab")  # and again, with nothing there
