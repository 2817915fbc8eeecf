"""The processes: on which core they run, and what they have used."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OPERATOR_CORE, OTHER_CORE = 1, 0
TICKS = os.sysconf("SC_CLK_TCK")


def machine_cpu() -> float:
    """CPU seconds that all processes of the machine have used since it started."""
    user, nice, system, _, _, interrupts, soft, *_ = (
        Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return sum(map(int, (user, nice, system, interrupts, soft))) / TICKS


def children_cpu() -> dict[str, float]:
    """CPU seconds of this process and its children, by the name of the program."""
    found = {"itself": _cpu(os.getpid())}
    for tasks in Path("/proc/self/task").iterdir():
        for pid in (tasks / "children").read_text().split():
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            found[name] = found.get(name, 0.0) + _cpu(int(pid))
    return found


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@dataclass(frozen=True)
class Process:
    """One that runs."""

    popen: "subprocess.Popen[bytes]"

    def cpu(self) -> float:
        """CPU seconds so far."""
        return _cpu(self.popen.pid)

    def peak(self) -> int:
        """The most memory that was ever resident, in bytes."""
        lines = Path(f"/proc/{self.popen.pid}/status").read_text().splitlines()
        line = next(line for line in lines if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it; its exit code."""
        self.popen.send_signal(how)
        return self.popen.wait(60)


@contextlib.contextmanager
def process(module: str, arguments: list[str], core: int, log: Path, **environment: str) -> Iterator[Process]:
    """A Python module on one core, for as long as the block runs."""
    command = ["taskset", "-c", str(core), sys.executable, "-m", module, *arguments]
    with log.open("ab") as out:
        popen = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **environment})
    try:
        yield Process(popen)
    finally:
        if popen.poll() is None:
            popen.kill()
            popen.wait()
