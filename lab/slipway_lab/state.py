"""What is known of a running lab, for its own next run and for everyone who uses it (tests, demo, scripts).

``load(lab_dir)`` is the way in. Process identities are not here but one file each in ``processes/``: every
process writes its own before it becomes the program (see ``launch``), so none can be lost to a crash of ``up``.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from slipway_lab.identity import Identity, read_record
from slipway_lab.paths import Paths, cache_dir, lab_dir


@dataclass
class State:
    """The file ``.lab/state.json``."""

    name: str
    boot_id: str
    kserve: str = "standin"
    """Which InferenceService controller runs: standin, manager or none."""
    api_port: int = 0
    gateway_port: int = 0
    images: dict[str, str] = field(default_factory=dict)
    """Image references by short name: operator, predictor, gateway, pause."""
    bin: str = ""
    """The folder with kubectl, helm and the cluster's programs."""
    kubeconfig: str = ""
    kubeconfig_inside: str = ""
    processes: dict[str, Identity] = field(default_factory=dict)

    def save(self, paths: Paths) -> None:
        """Write the file in one move, so that a reader never sees half of it."""
        paths.lab.mkdir(parents=True, exist_ok=True)
        target = paths.state
        temporary = target.with_suffix(".new")
        content = asdict(self) | {"processes": {n: asdict(p) for n, p in recorded(paths).items()}}
        temporary.write_text(json.dumps(content, indent=2) + "\n")
        temporary.replace(target)


def load(lab: Path | None = None) -> State | None:
    """The state of the lab in this folder (default: this checkout's); None if none was started since boot."""
    paths = Paths(lab=lab or lab_dir(), cache=cache_dir())
    try:
        content = json.loads(paths.state.read_text())
        content["processes"] = recorded(paths)
        state = State(**content)
    except (OSError, ValueError, TypeError):
        return None  # none, or one of another version of the lab: `up` starts afresh
    return state if state.boot_id == boot_id() else None


def recorded(paths: Paths) -> dict[str, Identity]:
    """Every process that was started for this lab, by name, whether it still runs or not."""
    records = {path.name: read_record(path) for path in sorted(paths.processes.glob("*"))}
    return {name: identity for name, identity in records.items() if identity}


def boot_id() -> str:
    """Changes with every start of the machine: what ran before a reboot is gone."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else os.uname().nodename
