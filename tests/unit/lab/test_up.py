"""What `up` says before and after, and where it refuses."""

import pytest

from slipway_lab import up as module
from slipway_lab.builds import Plan
from slipway_lab.errors import LabError
from slipway_lab.kserve import Mode
from slipway_lab.paths import Paths
from slipway_lab.state import State


@pytest.fixture
def paths(tmp_path):
    return Paths(lab=tmp_path / "lab", cache=tmp_path / "cache")


@pytest.fixture
def plan():
    plan = Plan()
    plan.add("build-x", "build x", 300, lambda _: None)
    plan.brings.append(("x, built from Go modules", 120))
    return plan


def test_it_says_what_comes_where_how_large_and_how_long(plan, paths):
    text = "\n".join(module.introduction(plan, paths, Mode("standin")))
    for part in (
        str(paths.lab),
        str(paths.cache),
        "stand-in",
        "120 MB",
        "x, built from Go modules",
        "14 GB more",
        "5m00s",
    ):
        assert part in text


def test_it_says_nothing_of_downloads_where_there_are_none(paths):
    assert "Downloaded" not in "\n".join(module.introduction(Plan(), paths, Mode("none")))


def test_too_little_room_is_refused_before_the_work(plan, paths, monkeypatch):
    monkeypatch.setattr(module.builds, "free_space", lambda _: 5_000)
    with pytest.raises(LabError, match=r"has 5.0 GB free and 14.7 GB are needed.*SLIPWAY_CACHE"):
        module._check_room(plan, paths)


def test_it_ends_with_how_to_go_on():
    known = State("slipway-x", "boot", gateway_port=18080, bin="/c/bin", kubeconfig="/l/kubeconfig")
    text = "\n".join(module.farewell(known, 75))
    for part in ("1m15s", "KUBECONFIG=/l/kubeconfig", "http://127.0.0.1:18080", "lab/exec", "make down"):
        assert part in text


@pytest.mark.parametrize(
    ("platform", "user", "words"),
    [("darwin", 0, "needs Linux"), ("linux", 1000, "needs root"), ("linux", 0, None)],
)
def test_where_it_cannot_run_it_says_why(platform, user, words, monkeypatch):
    monkeypatch.setattr(module.sys, "platform", platform)
    monkeypatch.setattr(module.os, "geteuid", lambda: user)
    monkeypatch.setattr(module.shutil, "which", lambda _: "/usr/bin/apt-get")
    reason = module.why_not()
    assert (words in reason) if words else (reason is None)
    if words:
        with pytest.raises(LabError, match=words):
            module.up(Mode("none"))
