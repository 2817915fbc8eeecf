"""The load generators, and MLServer's environment: taken from the machine where they are there, else into the cache.

wrk and h2load are Debian packages, unpacked and not installed. MLServer needs older packages than the rest of this
checkout, so it gets an environment of its own.
"""

import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from slipway_lab import debs
from slipway_lab.cache import Cache
from slipway_lab.errors import LabError

CHECKOUT = Path(__file__).parents[2]
# Also where make exports the variable with nothing in it.
CACHE = Path(os.environ.get("SLIPWAY_CACHE") or Path.home() / ".cache" / "slipway") / "bench"
PACKAGES = (
    "wrk",
    "nghttp2-client",
    "libluajit-5.1-2",
    "libluajit-5.1-common",
    "libev4",
    "libjemalloc2",
    "libnghttp2-14",
)
REQUIREMENTS = CHECKOUT / "requirements" / "mlserver.txt"


class BenchError(Exception):
    """The benchmark cannot go on; the text says why and what to do."""


@dataclass(frozen=True)
class Tools:
    """Programs to call, and what they need in their environment."""

    wrk: str
    h2load: str
    environment: dict[str, str]


def load_generators() -> Tools:
    """Return wrk and h2load. Raises BenchError where they are neither on this machine nor to be had."""
    found = [shutil.which(name) for name in ("wrk", "h2load")]
    if found[0] and found[1]:
        return Tools(found[0], found[1], dict(os.environ))
    root = CACHE / "packages"
    if not (root / "usr/bin/wrk").exists():
        print("Unpacking wrk and h2load into the cache", flush=True)
        try:
            with Cache(CACHE).fresh_folder("packages") as folder:
                debs.unpack(PACKAGES, folder)
        except LabError as error:
            raise BenchError(str(error)) from error
    folders = [root / "usr/lib" / f"{os.uname().machine}-linux-gnu", root / "usr/lib"]
    libraries = ":".join(map(str, folders))
    own = dict(os.environ) | {"LD_LIBRARY_PATH": libraries}
    return Tools(str(root / "usr/bin/wrk"), str(root / "usr/bin/h2load"), own)


def mlserver() -> Path:
    """Return the folder with MLServer's programs, made the first time (half a minute, 500 MB)."""
    folder = CACHE / "mlserver"
    stamp = folder / "requirements.txt"
    wanted = REQUIREMENTS.read_text()
    if not (stamp.exists() and stamp.read_text() == wanted):
        print("Making MLServer's environment in the cache (half a minute, 500 MB)", flush=True)
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", str(REQUIREMENTS)], check=True)
        stamp.write_text(wanted)
    return folder / "bin"


def python() -> str:
    """Return the checkout's own Python, with KServe's SDK and this project."""
    return sys.executable
