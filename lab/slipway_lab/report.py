"""What people see of a run: one line when a step begins to matter, and never a silent minute.

On a terminal the last line is rewritten every half second with what runs now; piped to a file the same is said in
full every 20 seconds. No colours, no cursor tricks beyond a carriage return.
"""

import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from slipway_lab.steps import Step

QUIET = 20.0  # seconds between two lines of a run that nobody watches on a terminal
WORTH_SAYING = 1.0  # seconds; shorter steps are only counted


class Report:
    """Prints the progress of a run of steps."""

    def __init__(self, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out or sys.stdout
        self._clock = clock
        self._live = self._out.isatty()
        self._lock = threading.Lock()
        self._begin = clock()
        self._last = self._begin
        self._running: dict[str, tuple[Step, Path, float]] = {}
        self._notes: dict[str, str] = {}
        self._total = self._weight = self._done_weight = 0.0
        self._done = 0

    def say(self, line: str) -> None:
        """Print a line of its own."""
        with self._lock:
            self._line(line)

    def begin(self, steps: "Sequence[Step]") -> None:
        """A run of these steps begins."""
        self._begin = self._last = self._clock()
        self._total, self._weight = len(steps), sum(step.seconds for step in steps) or 1.0

    def started(self, step: "Step", log: Path) -> None:
        """A step begins; its log may be quoted while it runs."""
        with self._lock:
            self._running[step.name] = (step, log, self._clock())

    def note(self, step: "Step", note: str) -> None:
        """A few words on where the step is."""
        with self._lock:
            self._notes[step.name] = note

    def finished(self, step: "Step", seconds: float) -> None:
        """The step is done."""
        with self._lock:
            self._running.pop(step.name, None)
            self._done += 1
            self._done_weight += step.seconds
            if seconds >= WORTH_SAYING:
                self._line(f"{self._stamp()} {step.title}: done in {duration(seconds)}")

    def failed(self, step: "Step", error: Exception, tail: list[str]) -> None:
        """The step failed; shows the end of its log."""
        with self._lock:
            self._running.pop(step.name, None)
            self._line(f"{self._stamp()} {step.title}: FAILED: {error}")
            for line in tail:
                self._line(f"    | {line}")

    def tick(self) -> None:
        """Called twice a second: shows what runs now, if it is time for it."""
        with self._lock:
            now = self._clock()
            if not self._running:
                return
            if self._live:
                width = shutil.get_terminal_size().columns - 1
                self._out.write(f"\r{self._now(now)[:width]:<{width}}")
                self._out.flush()
            elif now - self._last >= QUIET:
                self._line(self._now(now))

    def end(self) -> None:
        """The run is over: clear the live line."""
        with self._lock:
            if self._live:
                width = shutil.get_terminal_size().columns - 1
                self._out.write(f"\r{'':<{width}}\r")
                self._out.flush()

    def _line(self, text: str) -> None:
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            text = f"\r{text:<{width}}"
        self._out.write(text + "\n")
        self._out.flush()
        self._last = self._clock()

    def _stamp(self) -> str:
        share = min(99.0, 100 * self._done_weight / self._weight) if self._weight else 100.0
        return f"[{duration(self._clock() - self._begin)} {share:2.0f}%]"

    def _now(self, now: float) -> str:
        oldest = sorted(self._running.values(), key=lambda entry: entry[2])
        parts = [
            f"{step.title} ({self._detail(step, log)}{duration(now - since)})" for step, log, since in oldest
        ]
        return f"{self._stamp()} {self._done}/{self._total:.0f} steps · " + " · ".join(parts)

    def _detail(self, step: "Step", log: Path) -> str:
        note = self._notes.get(step.name) or _last_line(log)
        return f"{note}, " if note else ""


def _last_line(log: Path, limit: int = 48) -> str:
    """The last line of a growing log, shortened; what a person would look at to see that it moves."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 400))
            lines = file.read().decode(errors="replace").split()
    except OSError:
        return ""
    text = " ".join(lines[-6:])
    return text if len(text) <= limit else "…" + text[-limit:]


def duration(seconds: float) -> str:
    """``7s``, ``1m05s``, ``1h02m``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
