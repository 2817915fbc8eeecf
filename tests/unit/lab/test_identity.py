"""Processes are told apart by pid and start time, and only they are ended."""

import os
import subprocess
from pathlib import Path

import pytest

from slipway_lab.identity import Identity, alive, end, parse_stat, read_record

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs /proc")


@pytest.fixture
def sleeper():
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def identity_of(process):
    pid, _, start = parse_stat(Path(f"/proc/{process.pid}/stat").read_text())
    return Identity(pid, start)


def test_a_command_with_brackets_and_blanks_does_not_confuse(tmp_path):
    line = "42 (a) b) c) S 1 " + " ".join(str(number) for number in range(4, 40))
    assert parse_stat(line) == (42, "S", 21)


def test_another_process_with_the_same_number_is_not_it(sleeper):
    process = identity_of(sleeper)
    assert alive(process)
    other = Identity(process.pid, process.start_time - 1)
    assert not alive(other)
    end([other], grace=0.2)
    assert sleeper.poll() is None
    end([process])
    assert sleeper.wait(5) == -15


def test_one_that_ignores_the_request_is_killed(tmp_path):
    script = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE) as stubborn:
        assert stubborn.stdout.readline() == b"ready\n"
        end([identity_of(stubborn)], grace=0.2)
        assert stubborn.wait(5) == -9


def test_a_zombie_is_not_alive():
    with subprocess.Popen(["true"]) as process:
        stat = Path(f"/proc/{process.pid}/stat")
        while parse_stat(stat.read_text())[1] != "Z":
            pass
        assert not alive(identity_of(process))


@pytest.mark.parametrize("content", ["", "12", "half a line", "12 (sh) S"])
def test_half_a_record_is_none(tmp_path, content):
    (tmp_path / "record").write_text(content)
    assert read_record(tmp_path / "record") is None
    assert read_record(tmp_path / "missing") is None
