"""Which process is it? A pid alone is not an answer: numbers are used again.

A process is its pid together with its start time (field 22 of /proc/PID/stat, in clock ticks since boot).
``down`` ends a process only if both still agree with what was written down when it was started.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

STATE, START_TIME = 0, 19  # indexes after the command's closing parenthesis


@dataclass(frozen=True)
class Identity:
    """A process that cannot be mistaken for another."""

    pid: int
    start_time: int


def parse_stat(line: str) -> tuple[int, str, int]:
    """Pid, state and start time from a line of /proc/PID/stat; the command in it may hold anything."""
    pid = int(line.split(" ", 1)[0])
    fields = line.rpartition(")")[2].split()
    return pid, fields[STATE], int(fields[START_TIME])


def read_record(path: Path) -> Identity | None:
    """The identity that a process wrote of itself at its start; None where there is no whole record."""
    try:
        pid, _, start = parse_stat(path.read_text())
    except (OSError, ValueError, IndexError):
        return None
    return Identity(pid, start)


def alive(process: Identity) -> bool:
    """Whether exactly this process still runs; a zombie does not."""
    try:
        _, state, start = parse_stat(Path(f"/proc/{process.pid}/stat").read_text())
    except (OSError, ValueError, IndexError):
        return False
    return start == process.start_time and state not in "ZX"


def end(processes: list[Identity], grace: float = 5.0, tick: Callable[[float], None] = time.sleep) -> None:
    """Ask the processes to stop, and kill what is still there after ``grace`` seconds."""
    _signal(processes, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while any(map(alive, processes)) and time.monotonic() < deadline:
        tick(0.05)
    _signal(processes, signal.SIGKILL)
    deadline = time.monotonic() + grace
    while any(map(alive, processes)) and time.monotonic() < deadline:
        tick(0.02)


def _signal(processes: list[Identity], number: signal.Signals) -> None:
    for process in processes:
        if alive(process):
            try:
                os.kill(process.pid, number)
            except ProcessLookupError:
                continue  # it ended between the look and the signal
