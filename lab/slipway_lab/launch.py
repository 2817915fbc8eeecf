"""Starting a long-running process of the lab so that it can be found again, whatever happens to ``up``.

A line of shell joins the lab's cgroup, writes its own /proc/self/stat as the process's record and then *becomes*
the program: the record is there before the program is, and pid and start time stay the same through ``exec``.
"""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway_lab import cgroups
from slipway_lab.identity import alive, end, read_record
from slipway_lab.paths import Paths
from slipway_lab.waiting import wait_until

BECOME = (
    'echo 0 > "$1/cgroup.procs" && cat "/proc/$$/stat" > "$2.new" && mv "$2.new" "$2" && shift 2 && exec "$@"'
)
LEAVE = '"$@" &'
"""The process is nobody's child: what started it may end before it or after it."""


@dataclass
class Launcher:
    """Starts processes of one lab, inside its namespaces or beside them."""

    paths: Paths
    environment: Mapping[str, str]

    def running(self, name: str) -> bool:
        """Whether the process of this name, as it was recorded, is alive."""
        record = read_record(self.paths.processes / name)
        return record is not None and alive(record)

    def ensure(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        inside: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> bool:
        """Start the process unless it runs, anew if it runs otherwise; True if it had to be started."""
        if self.runs_as(name, command):
            return False
        self.stop(name)
        record = self.paths.processes / name
        prefix = self.enter() if inside else []
        log = self.paths.logs / f"{name}.log"
        for folder in (record.parent, self._command(name).parent, log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        self._command(name).write_text(_text(command))
        become = ["/bin/sh", "-c", BECOME, name, str(cgroups.create(self.paths.name)), str(record)]
        with log.open("ab") as output:
            subprocess.run(
                ["/bin/sh", "-c", LEAVE, "sh", *become, *prefix, *map(str, command)],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**self.environment, **(environment or {})},
                cwd="/",
                start_new_session=True,  # a Ctrl-C meant for `up` must not reach the cluster
            )
        wait_until(record.exists, f"{name} did not start (its log is {log})", 20, every=0.005)
        return True

    def runs_as(self, name: str, command: Sequence[str | Path]) -> bool:
        """Whether the process runs and was started with this command."""
        meant = self._command(name)
        return self.running(name) and meant.exists() and meant.read_text() == _text(command)

    def stop(self, name: str, grace: float = 5.0) -> None:
        """End the process of this name, if what is recorded still runs."""
        record = self.paths.processes / name
        if identity := read_record(record):
            end([identity], grace)
        record.unlink(missing_ok=True)

    def enter(self) -> list[str]:
        """The command prefix that runs a program inside the lab's namespaces."""
        return ["nsenter", f"--net={self.paths.network}", f"--mount={self.paths.mounts}", "--"]

    def join(self) -> None:
        """Put this process into the lab's cgroup, so that ``down`` ends what it becomes."""
        (cgroups.create(self.paths.name) / "cgroup.procs").write_text("0")

    def _command(self, name: str) -> Path:
        return self.paths.run / "commands" / name


def _text(command: Sequence[str | Path]) -> str:
    return json.dumps([str(word) for word in command])


def base_environment(bin_folders: Sequence[Path], libraries: Sequence[Path]) -> dict[str, str]:
    """The environment of the lab's programs: the user's, with the lab's own folders in front."""
    environment = {key: value for key, value in os.environ.items() if key != "KUBECONFIG"}
    search = [*map(str, bin_folders), environment.get("PATH", ""), "/usr/sbin:/usr/bin:/sbin:/bin"]
    environment["PATH"] = ":".join(part for part in search if part)
    if libraries:
        environment["LD_LIBRARY_PATH"] = ":".join(map(str, libraries))
    return environment
