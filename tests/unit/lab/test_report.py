"""What a run prints: never a silent minute when piped, one rewritten line on a terminal."""

import io

import pytest

from slipway_lab.report import QUIET, Report, duration
from slipway_lab.steps import Step

STEP = Step("build", lambda _: None, "build it", seconds=60)


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def begin(out, clock, log, *steps):
    report = Report(out, clock)
    report.begin(steps or [STEP])
    report.started(STEP, log)
    return report


def test_piped_it_says_every_twenty_seconds_what_runs_and_quotes_its_log(clock, tmp_path):
    out, log = io.StringIO(), tmp_path / "log"
    log.write_text("compiling k8s.io/api\n")
    report = begin(out, clock, log)
    for _ in range(121):
        report.tick()
        clock.now += 0.5
    lines = out.getvalue().splitlines()
    assert len(lines) == int(60 / QUIET)
    assert lines[0] == "[20s  0%] 0/1 steps · build it (compiling k8s.io/api, 20s)"


def test_a_note_takes_the_place_of_the_log(clock, tmp_path):
    out = io.StringIO()
    report = begin(out, clock, tmp_path / "none")
    report.note(STEP, "downloading")
    clock.now = QUIET
    report.tick()
    assert "build it (downloading, 20s)" in out.getvalue()


def test_short_steps_are_not_worth_a_line(clock, tmp_path):
    out = io.StringIO()
    report = begin(out, clock, tmp_path / "none")
    report.finished(STEP, 0.2)
    assert out.getvalue() == ""
    report.finished(STEP, 3.4)
    assert "build it: done in 3s" in out.getvalue()


def test_on_a_terminal_the_last_line_is_rewritten_and_cleared(clock, tmp_path):
    out = Terminal()
    report = begin(out, clock, tmp_path / "none")
    report.tick()
    report.tick()
    report.end()
    assert "\n" not in out.getvalue()
    assert out.getvalue().count("\r[0s") == 2
    assert out.getvalue().endswith("\r")


def test_there_are_no_colours(clock, tmp_path):
    for out in (io.StringIO(), Terminal()):
        report = begin(out, clock, tmp_path / "none")
        report.tick()
        report.failed(STEP, ValueError("no"), ["why"])
        assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0s"), (59.4, "59s"), (59.6, "1m00s"), (754, "12m34s"), (3723, "1h02m")]
)
def test_durations(seconds, text):
    assert duration(seconds) == text
