"""Steps: the order of needs, what runs side by side, failure and the end of the others."""

import io
import threading

import pytest

from slipway_lab.commands import Runner
from slipway_lab.errors import CommandError
from slipway_lab.report import Report
from slipway_lab.steps import Step, Steps, log_tail


def run(tmp_path, *steps):
    out = io.StringIO()
    Steps(steps, tmp_path / "log", Runner(None), Report(out)).run()
    return out.getvalue()


def test_a_step_runs_after_all_that_it_needs(tmp_path):
    order = []

    def step(name, *needs):
        return Step(name, lambda _: order.append(name), name, needs)

    run(tmp_path, step("c", "a", "b"), step("b", "a"), step("a"))
    assert order == ["a", "b", "c"]


def test_independent_steps_run_side_by_side(tmp_path):
    meeting = threading.Barrier(2, timeout=10)
    run(tmp_path, Step("a", lambda _: meeting.wait(), "a"), Step("b", lambda _: meeting.wait(), "b"))
    assert not meeting.broken


def test_a_need_that_nobody_defines_is_an_error_before_anything_runs(tmp_path):
    ran = []
    with pytest.raises(ValueError, match=r"nobody defined.*: b"):
        run(tmp_path, Step("a", lambda _: ran.append(1), "a", ("b",)))
    assert not ran


def test_steps_that_wait_for_each_other_are_named(tmp_path):
    with pytest.raises(ValueError, match="wait for each other: a, b"):
        run(tmp_path, Step("a", lambda _: None, "a", ("b",)), Step("b", lambda _: None, "b", ("a",)))


def test_a_failing_command_shows_the_end_of_its_log_and_ends_the_other_steps(tmp_path):
    started = threading.Event()

    def sleeps(task):
        started.set()
        task.run(["sleep", "60"])

    def fails(task):
        started.wait(10)
        task.run(["sh", "-c", "echo the reason; exit 3"])

    out = io.StringIO()
    steps = [
        Step("slow", sleeps, "slow"),
        Step("bad", fails, "bad"),
        Step("later", fails, "later", ("slow",)),
    ]
    with pytest.raises(CommandError, match="ended with code 3"):
        Steps(steps, tmp_path, Runner(None), Report(out)).run()
    assert "bad: FAILED" in out.getvalue()
    assert "| the reason" in out.getvalue()
    assert "slow: FAILED" not in out.getvalue()
    assert not (tmp_path / "later.log").exists()


def test_the_tail_of_a_log_is_its_last_lines(tmp_path):
    (tmp_path / "log").write_text("1\n2\n3\n")
    assert log_tail(tmp_path / "log", 2) == ["2", "3"]
    assert log_tail(tmp_path / "none") == []
