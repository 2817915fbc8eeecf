"""The lab's own corner of the cgroup tree, under version 1 (one tree for each controller) and version 2.

Pods live in ``/<name>/kubepods`` (the kubelet's doing), the lab's processes in ``/<name>/lab``. Everything a
lab ever started is therefore found in its cgroup, also a container whose supervisor was killed.
"""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from slipway_lab.errors import LabError
from slipway_lab.identity import Identity, parse_stat

ROOT = Path("/sys/fs/cgroup")
TRACKER = "pids"  # under version 1, the hierarchy that holds the lab's own processes


def unified() -> bool:
    """Whether this machine has cgroups version 2 only."""
    return (ROOT / "cgroup.controllers").exists()


def hierarchies() -> list[Path]:
    """Where a group has to be made: one place under version 2, one for each controller under version 1."""
    if unified():
        return [ROOT]
    found = [path for path in sorted(ROOT.glob("*")) if (path / "cgroup.procs").exists()]
    if not found:
        raise LabError("no cgroups are mounted under /sys/fs/cgroup: the lab cannot run here")
    # Controllers mounted together appear a second time as symbolic links.
    return [path for path in found if not path.is_symlink()]


def tracker(name: str) -> Path:
    """The group of the lab in the hierarchy that lists all of its processes."""
    return (ROOT if unified() else ROOT / TRACKER) / name


def create(name: str) -> Path:
    """Make the lab's groups; returns the one its processes join."""
    for hierarchy in hierarchies():
        group = hierarchy / name
        group.mkdir(exist_ok=True)
        if unified():
            _delegate(hierarchy)
            _delegate(group)
        elif (group / "cpuset.cpus").exists():
            # A new cpuset is empty, and an empty one takes no process.
            for setting in ("cpuset.cpus", "cpuset.mems"):
                (group / setting).write_text((hierarchy / setting).read_text())
    for home in (processes(name), steps(name)):
        home.mkdir(exist_ok=True)
    return processes(name)


def processes(name: str) -> Path:
    """The group of the lab's long-running processes."""
    return tracker(name) / "lab"


def steps(name: str) -> Path:
    """The group of the commands that ``up`` runs; whatever is in it when no ``up`` runs is a leftover."""
    return tracker(name) / "steps"


def members(name: str) -> list[Identity]:
    """Every process in the lab's cgroup, pods included."""
    return within(tracker(name))


def within(group: Path) -> list[Identity]:
    """Every process in a group and the groups below it."""
    found = []
    for listing in group.rglob("cgroup.procs"):
        with contextlib.suppress(OSError):
            found += [identity for pid in listing.read_text().split() if (identity := _identity(pid))]
    return found


def remove(name: str, patience: float = 10.0, pause: Callable[[float], None] = time.sleep) -> None:
    """Remove the lab's groups, the innermost first; a group stays busy until its last process is buried."""
    deadline = time.monotonic() + patience
    for group in (hierarchy / name for hierarchy in hierarchies()):
        while busy := _remove_tree(group):
            if time.monotonic() > deadline:
                raise LabError(f"the cgroup {busy.filename} could not be removed: {busy.strerror}")
            pause(0.05)


def _remove_tree(group: Path) -> OSError | None:
    """Remove a group and those below it; the first refusal, if any."""
    for folder, _, _ in os.walk(group, topdown=False):
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            continue
        except OSError as refusal:
            return refusal
    return None


def _identity(pid: str) -> Identity | None:
    try:
        number, _, start = parse_stat(Path(f"/proc/{pid}/stat").read_text())
    except (OSError, ValueError, IndexError):
        return None
    return Identity(number, start)


def _delegate(group: Path) -> None:
    """Under version 2, let children of this group use every controller it has."""
    for controller in (group / "cgroup.controllers").read_text().split():
        with contextlib.suppress(OSError):  # some are refused at the root; the kubelet asks for none of those
            (group / "cgroup.subtree_control").write_text(f"+{controller}")
