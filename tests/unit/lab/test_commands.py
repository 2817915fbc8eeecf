"""Commands of steps: output, failure, and the end of a whole process group."""

import os
import threading
from pathlib import Path

import pytest

from slipway_lab.commands import Runner
from slipway_lab.errors import CommandError, LabError, StoppedError


def test_output_goes_to_the_log_after_the_command(tmp_path):
    Runner(None).run(["sh", "-c", "echo out; echo err >&2"], tmp_path / "log")
    assert (tmp_path / "log").read_text() == "$ sh -c echo out; echo err >&2\nout\nerr\n"


def test_a_failure_names_the_command_without_what_wraps_it(tmp_path):
    wrapped = ["env", "nsenter", "--net=x", "--", "/opt/bin/kubectl", "get", "pods"]
    with pytest.raises(CommandError) as caught:
        Runner(None).run(["sh", "-c", "exit 2"], tmp_path / "log")
    assert str(caught.value) == "`sh -c exit 2` ended with code 2"
    with pytest.raises(LabError, match="`env nsenter"):
        Runner(None).output(wrapped)


def test_output_is_returned_and_input_given():
    assert Runner(None).output(["cat"], stdin="hello") == "hello"


def test_stopping_ends_the_command_and_its_children(tmp_path):
    runner, pid_file = Runner(None), tmp_path / "pid"
    caught = []

    def work():
        try:
            runner.run(
                ["sh", "-c", f"sleep 60 & echo $! > {pid_file}.new; mv {pid_file}.new {pid_file}; wait"],
                tmp_path / "log",
            )
        except LabError as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    waiting = threading.Event()
    while not pid_file.exists():
        waiting.wait(0.01)
    runner.stop()
    thread.join(10)
    assert isinstance(caught[0], CommandError)
    child = int(pid_file.read_text())
    while _runs(child):
        waiting.wait(0.01)  # killed already; its burial takes a moment
    with pytest.raises(StoppedError):
        runner.output(["true"])


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
