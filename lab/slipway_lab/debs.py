"""Debian packages by apt without touching the host's: lists and archives lie where the caller says.

The lab's own packages come with all they need (``packages``); ``unpack`` is for single ones that need nothing more.
"""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from slipway_lab.errors import LabError


def own_folders(folder: Path) -> list[str]:
    """Apt's options that keep it out of the host's folders."""
    for name in ("lists/partial", "cache", "archives/partial"):
        (folder / name).mkdir(parents=True)
    options = {
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "Dir::Cache::archives": folder / "archives",
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "1",
    }
    return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


def unpack(packages: Sequence[str], folder: Path) -> None:
    """Download packages, and nothing they depend on, and unpack them in ``folder``. Raises LabError."""
    names = ", ".join(packages)
    if not shutil.which("apt-get"):
        raise LabError(f"{names}: not on this machine, which has no apt-get to download with")
    apt, archives = folder / "apt", folder / "apt" / "archives"
    own = own_folders(apt)
    try:
        subprocess.run(["apt-get", *own, "-qq", "update"], check=True)
        subprocess.run(["apt-get", *own, "-qq", "download", *packages], check=True, cwd=archives)
    except subprocess.CalledProcessError as error:
        raise LabError(f"{names}: cannot be downloaded by apt-get") from error
    for archive in archives.glob("*.deb"):
        subprocess.run(["dpkg", "-x", archive, folder], check=True)
    shutil.rmtree(apt)
