"""``down``: end everything that ``up`` started, and leave no process, mount, namespace, cgroup or address behind.

Only what was started is ended: the processes on record and those in the lab's own cgroup (which takes in the pods,
what ``lab/exec`` runs and commands of an ``up`` that was killed). Images, models and logs stay on disk.
"""

import shutil

from slipway_lab import cgroups, namespaces
from slipway_lab.cache import locked
from slipway_lab.errors import LabError
from slipway_lab.identity import alive, end
from slipway_lab.paths import Paths
from slipway_lab.report import Report
from slipway_lab.state import recorded

ROUNDS = 20
"""A process may start another while it is being ended; this often it is looked again."""

CLUSTER_DATA = ("etcd", "kubelet", "lib", "log", "volume-plugins")


def down(paths: Paths | None = None, report: Report | None = None) -> None:
    """Stop the lab; says what was ended. Raises ``LabError`` if something would not go."""
    paths, report = paths or Paths.here(), report or Report()
    if not paths.lab.exists():
        report.say(f"No lab at {paths.lab}: nothing to stop.")
        return
    with locked(paths.lock, "another `up` or `down` of this lab is at work; waiting for it", report.say):
        ended = clear(paths)
    report.say(f"The lab is down: {ended} processes ended; namespaces, mounts and addresses went with them.")


def clear(paths: Paths) -> int:
    """End and remove whatever there is of the lab; returns how many processes it ended."""
    ended = _end_processes(paths)
    namespaces.remove(paths)
    cgroups.remove(paths.name)
    for name in CLUSTER_DATA:
        shutil.rmtree(paths.node / name, ignore_errors=True)
    shutil.rmtree(paths.config, ignore_errors=True)
    for file in (paths.state, paths.kubeconfig, paths.kubeconfig_inside):
        file.unlink(missing_ok=True)
    return ended


def _end_processes(paths: Paths) -> int:
    ended = 0
    for _ in range(ROUNDS):
        found = {*recorded(paths).values(), *cgroups.members(paths.name)}
        living = [process for process in found if alive(process)]
        if not living:
            return ended
        ended += len(living)
        end(living, grace=2.0)
    raise LabError(f"processes of the lab would not end: {', '.join(str(process.pid) for process in living)}")
