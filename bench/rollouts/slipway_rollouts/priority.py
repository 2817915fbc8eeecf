"""Let the control plane yield to the requests, as if it ran on other nodes, where it does outside of a lab.

The API server, the controllers, the operator and kubectl share two cores here with the gateway's proxy, the models and the
client. Without a lower priority for them the latencies tell of the machine, and not of what a switch does to requests.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from slipway_lab import cgroups
from slipway_lab.paths import Paths

NICENESS = 15
CONTROL_PLANE = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "metrics-server",
    "coredns",
    "envoy-gateway",
    "slipway-operator",
    "slipway_standin",
)
"""Programs, and modules that Python runs."""


@contextlib.contextmanager
def yielding_to_requests() -> Iterator[list[str]]:
    """Give this process, which runs kubectl, and the lab's control plane a low priority for the block; gives whom."""
    try:
        yield _give(NICENESS)
    finally:
        _give(0)


def _give(niceness: int) -> list[str]:
    _renice(os.getpid(), niceness)
    found = set()
    for member in cgroups.members(Paths.here().name):
        with contextlib.suppress(OSError):  # it has ended
            name = program(Path(f"/proc/{member.pid}/cmdline").read_text().split("\0"))
            if name:
                _renice(member.pid, niceness)
                found.add(name)
    return sorted(found)


def program(words: Sequence[str]) -> str | None:
    """Which of the control plane's a command line runs: itself, as Python's script or as Python's module."""
    runs = words[0].rpartition("/")[2]
    if runs.startswith("python"):
        runs = words[2] if words[1:2] == ["-m"] else words[1].rpartition("/")[2]
    return runs if runs in CONTROL_PLANE else None


def _renice(pid: int, niceness: int) -> None:
    """Every thread of it, and, where the kernel groups tasks by session, its session."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, int(thread.name), niceness)
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(niceness))
