"""The base of the images: a minimal Debian 12 with its Python, put together by debootstrap.

It stands in for ``python:3.11-slim`` where no image registry can be reached.
"""

import platform
import shutil
import subprocess
from pathlib import Path

from slipway_lab import packages
from slipway_lab.cache import Cache, digest_of
from slipway_lab.steps import Task

SUITE = "bookworm"
INCLUDE = ("ca-certificates", "libgomp1", "python3", "python3-venv")
DROP = (
    "var/cache/apt",
    "var/lib/apt/lists",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/info",
)


def archive(cache: Cache) -> Path:
    """The root file system as a tar file."""
    return cache.root / "base" / "rootfs.tar"


def digest() -> str:
    """What the base is made from."""
    return digest_of(SUITE, *INCLUDE, *DROP, platform.machine())


def fresh(cache: Cache) -> bool:
    """Whether the base is there."""
    return cache.fresh("base", digest(), archive(cache))


def build(cache: Cache, environment: dict[str, str], task: Task) -> None:
    """Run debootstrap in a mount namespace of its own, so that nothing stays mounted whatever happens."""
    with cache.fresh_folder("base") as folder:
        rootfs = folder / "rootfs"
        include = f"--include={','.join(INCLUDE)}"
        command = [
            "unshare",
            "--mount",
            "--",
            "debootstrap",
            "--variant=minbase",
            include,
            *_keyring(cache),
        ]
        task.run([*command, SUITE, rootfs, *_mirror()], env=environment)
        task.note("packing")
        for path in DROP:
            shutil.rmtree(rootfs / path, ignore_errors=True)
        for folder_needed in ("var/cache/apt/archives/partial", "var/lib/apt/lists/partial"):
            (rootfs / folder_needed).mkdir(parents=True)
        task.run(
            ["tar", "--numeric-owner", "--one-file-system", "-C", rootfs, "-cf", folder / "rootfs.tar", "."]
        )
        shutil.rmtree(rootfs)
    cache.mark("base", digest())


def _keyring(cache: Cache) -> list[str]:
    """Debian's keys: the host's on Debian, the lab's own copy elsewhere."""
    for folder in (packages.root(cache) / "usr/share/keyrings", Path("/usr/share/keyrings")):
        if (keys := folder / "debian-archive-keyring.gpg").exists():
            return [f"--keyring={keys}"]
    return []


def _mirror() -> list[str]:
    """The mirror that this host's apt uses for the suite, if any; otherwise debootstrap's own default."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages"]
    output = subprocess.run(command, capture_output=True, text=True).stdout
    for line in output.splitlines():
        address, _, codename = line.rpartition(" ")
        if codename == SUITE:
            return [address]
    return []
