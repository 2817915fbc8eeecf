"""Running a command of a step: output to the step's log, ended with the step, never left behind.

As root the command joins the lab's ``steps`` cgroup, so that after a crash of ``up`` the next run (or ``down``)
finds and ends it; ``Runner.stop`` is what Ctrl-C does.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from slipway_lab.errors import CommandError, LabError, StoppedError

JOIN = 'echo 0 > "$1/cgroup.procs" && shift && exec "$@"'


class Runner:
    """Runs the commands of the steps; safe to use from several threads."""

    def __init__(self, cgroup: Path | None) -> None:
        self._cgroup = cgroup
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def run(
        self,
        command: Sequence[str | Path],
        log: Path,
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
    ) -> None:
        """Run to the end with all output in ``log``; raises ``CommandError`` if the command fails."""
        with log.open("a") as output:
            output.write("$ " + " ".join(map(str, command)) + "\n")
            output.flush()
            process = self._start(command, output, subprocess.STDOUT, cwd, env)
            self._finish(process, stdin)
        if process.returncode != 0:
            raise CommandError(_short(command), process.returncode, log)

    def output(
        self,
        command: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
    ) -> str:
        """What the command prints; raises ``LabError`` with its error output if it fails."""
        process = self._start(command, subprocess.PIPE, subprocess.PIPE, cwd, env)
        out, err = self._finish(process, stdin)
        if process.returncode != 0:
            raise LabError(f"`{_short(command)}` ended with code {process.returncode}: {err.strip()}")
        return out

    def stop(self) -> None:
        """End everything that runs and let nothing more start."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                _kill_group(process)

    @property
    def stopped(self) -> bool:
        """Whether ``stop`` was called."""
        return self._stopped

    def check(self) -> None:
        """Raise ``StoppedError`` if ``stop`` was called."""
        if self._stopped:
            raise StoppedError

    def _start(
        self,
        command: Sequence[str | Path],
        stdout: IO[str] | int,
        stderr: int,
        cwd: Path | None,
        env: Mapping[str, str] | None,
    ) -> "subprocess.Popen[str]":
        words = list(map(str, command))
        if self._cgroup:
            words = ["/bin/sh", "-c", JOIN, "sh", str(self._cgroup), *words]
        with self._lock:
            self.check()
            process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=stdout,
                stderr=stderr,
                text=True,
                cwd=cwd,
                env=dict(env) if env is not None else None,
                start_new_session=True,  # a Ctrl-C comes through `stop`, once and to the whole group
            )
            self._running.add(process)
        return process

    def _finish(self, process: "subprocess.Popen[str]", stdin: str | None) -> tuple[str, str]:
        try:
            return process.communicate(stdin)
        except BaseException:
            _kill_group(process)
            raise
        finally:
            with self._lock:
                self._running.discard(process)


def _kill_group(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def _short(command: Sequence[str | Path]) -> str:
    """The command as a person would call it: without what puts it into a namespace, and the first words."""
    words = list(map(str, command))
    while Path(words[0]).name in ("nsenter", "unshare") and "--" in words:
        words = words[words.index("--") + 1 :]
    if words[:2] == ["/bin/sh", "-c"] and len(words) > 4:
        words = words[4:]
    words[0] = Path(words[0]).name
    text = " ".join(words)
    return text if len(text) <= 100 else text[:97] + "…"
