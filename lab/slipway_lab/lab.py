"""What every component of the lab is handed: where things are, how to start processes, how to ask the cluster."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slipway_lab import cgroups, packages
from slipway_lab.cache import Cache
from slipway_lab.commands import Runner
from slipway_lab.credentials import Credentials
from slipway_lab.errors import LabError
from slipway_lab.launch import Launcher, base_environment
from slipway_lab.paths import Paths
from slipway_lab.steps import log_tail
from slipway_lab.waiting import wait_until

MANIFESTS = Path(__file__).resolve().parents[1] / "manifests"


@dataclass
class Lab:
    """One lab, for the duration of an ``up`` or another command."""

    paths: Paths
    runner: Runner
    launcher: Launcher
    environment: Mapping[str, str] = field(repr=False)

    @classmethod
    def here(cls, paths: Paths) -> "Lab":
        """The lab at these paths; joins the lab's cgroup with whatever it runs."""
        cache = Cache(paths.cache)
        environment = base_environment([cache.bin, *packages.programs(cache)], packages.libraries(cache))
        environment |= packages.environment(cache)
        cgroups.create(paths.name)
        return cls(paths, Runner(cgroups.steps(paths.name)), Launcher(paths, environment), environment)

    @property
    def cache(self) -> Cache:
        """The cache it takes programs and images from."""
        return Cache(self.paths.cache)

    @property
    def credentials(self) -> Credentials:
        """The cluster's keys and tokens."""
        return Credentials(self.paths.config / "credentials")

    def program(self, name: str) -> Path:
        """A program that was built from Go modules."""
        return self.cache.bin / name

    def inside(self, command: Sequence[str | Path], stdin: str | None = None) -> str:
        """What a command inside the lab's namespaces prints; raises ``LabError`` if it fails."""
        return self.runner.output([*self.launcher.enter(), *command], env=self.environment, stdin=stdin)

    def kubectl(self, *words: str | Path, stdin: str | None = None) -> str:
        """What kubectl, as the cluster's admin, prints."""
        return self.inside(
            [self.program("kubectl"), f"--kubeconfig={self.paths.kubeconfig_inside}", *words], stdin
        )

    def get(self, *words: str) -> Any:
        """An object of the cluster, or None if there is none."""
        text = self.kubectl("get", *words, "--ignore-not-found", "--output=json")
        return json.loads(text) if text.strip() else None

    def items(self, *words: str) -> list[Any]:
        """The objects of a list; empty also where kubectl says nothing at all."""
        found = self.get(*words)
        return found["items"] if found else []

    def apply(self, manifest: str | Path) -> None:
        """Apply a file, a folder or a text server-side; what is there already is brought in line."""
        flags = ["--server-side", "--force-conflicts", "--field-manager=slipway-lab"]
        if isinstance(manifest, Path):
            self.kubectl("apply", *flags, "--filename", manifest)
        else:
            self.kubectl("apply", *flags, "--filename", "-", stdin=manifest)

    def done_before(self, name: str, digest: str) -> bool:
        """Whether something was done to this very cluster with exactly this input."""
        mark = self.paths.run / "done" / name
        return mark.exists() and mark.read_text() == digest

    def mark_done(self, name: str, digest: str) -> None:
        """Note that it was done; forgotten with the cluster."""
        mark = self.paths.run / "done" / name
        mark.parent.mkdir(exist_ok=True)
        mark.write_text(digest)

    def configure(self, name: str, content: str | dict[str, Any]) -> Path:
        """Write a configuration file if it changes; programs that watch theirs must never see half of one."""
        path = self.paths.config / name
        text = content if isinstance(content, str) else json.dumps(content, indent=2)
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(".new")
            temporary.write_text(text)
            temporary.replace(path)
        return path

    def answers(self, url: str) -> bool:
        """Whether an address inside the lab's network answers 200."""
        script = f"import urllib.request; urllib.request.urlopen({url!r}, timeout=2)"
        python = [*self.launcher.enter(), sys.executable, "-c", script]
        environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        return subprocess.run(python, capture_output=True, env=environment).returncode == 0

    def wait(self, condition: Callable[[], bool], what: str, timeout: float) -> None:
        """Wait until the condition holds; raises ``LabError`` saying ``what`` did not come true."""

        def look() -> bool:
            self.runner.check()
            return condition()

        wait_until(look, what, timeout)

    def wait_for(self, process: str, ready: Callable[[], bool], what: str, timeout: float) -> None:
        """Wait until ``ready()``; if the process ends first, raise with the last lines it wrote."""

        def look() -> bool:
            if not self.launcher.running(process):
                tail = "\n    ".join(log_tail(self.paths.logs / f"{process}.log"))
                raise LabError(f"{process} ended as soon as it was started; its last lines:\n    {tail}")
            return ready()

        self.wait(look, what, timeout)


def is_true(found: Any, condition: str) -> bool:
    """Whether a condition of an object (None where there is none) is True."""
    conditions = found.get("status", {}).get("conditions", []) if found else []
    return any(part["type"] == condition and part["status"] == "True" for part in conditions)
