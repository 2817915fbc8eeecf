"""The command line: help that teaches, errors in one line."""

import pytest

from slipway_lab.__main__ import main


def test_help_names_every_command_and_variable(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for word in (
        "up",
        "down",
        "status",
        "exec",
        "logs",
        "programs",
        "KSERVE=none",
        "KSERVE_MANAGER",
        "SLIPWAY_CACHE",
    ):
        assert word in text


@pytest.fixture
def empty(tmp_path, monkeypatch):
    monkeypatch.setenv("SLIPWAY_LAB_DIR", str(tmp_path / "lab"))
    monkeypatch.setenv("SLIPWAY_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["status"], 1, "`make up` starts one"),
        (["down"], 0, "nothing to stop"),
        (["exec", "true"], 1, "error: the lab is not up: start it with `make up`"),
        (["logs", "etcd"], 1, "error: there is no log of etcd"),
    ],
)
def test_without_a_lab_each_command_says_so(arguments, code, words, capsys, empty):
    assert main(arguments) == code
    output = capsys.readouterr()
    assert words in output.out + output.err


def test_a_wrong_environment_is_one_line_without_traceback(capsys, empty, monkeypatch):
    monkeypatch.setenv("KSERVE", "wrong")
    assert main(["up"]) == 1
    assert capsys.readouterr().err.startswith("error: KSERVE=wrong")
