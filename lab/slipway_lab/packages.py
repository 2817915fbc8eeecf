"""Debian packages without installing any: downloaded by apt with all they need, unpacked into the cache.

apt works on package lists and an archive folder of the lab's own and only ever downloads, so the host's packages and
services stay as they are; what the host has already is used from there.
"""

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from slipway_lab.cache import Cache, digest_of
from slipway_lab.debs import own_folders
from slipway_lab.errors import LabError
from slipway_lab.steps import Task

PACKAGES = (
    "buildah",
    "conntrack",
    "containerd",
    "containernetworking-plugins",
    "debian-archive-keyring",
    "debootstrap",
    "gpgv",
    "iproute2",
    "iptables",
    "runc",
    "util-linux",
    "wget",
)
NEVER = ("libc6_", "libc-bin_")
"""Not unpacked: a second C library beside the host's dynamic loader crashes every program."""

PROGRAMS = (
    "buildah",
    "conntrack",
    "containerd",
    "ctr",
    "debootstrap",
    "ip",
    "iptables",
    "nsenter",
    "runc",
    "unshare",
)


def root(cache: Cache) -> Path:
    """Where the packages are unpacked."""
    return cache.packages / "root"


def digest() -> str:
    """What was downloaded depends on: the list, and the host's release."""
    release = Path("/etc/os-release")
    return digest_of("\n".join(PACKAGES), release if release.exists() else "", platform.machine())


def fresh(cache: Cache) -> bool:
    """Whether the packages are there and every program can be found."""
    search = ":".join([*map(str, programs(cache)), os.environ.get("PATH", ""), "/usr/sbin:/sbin"])
    return cache.fresh("packages", digest(), root(cache), library_cache(cache)) and all(
        shutil.which(p, path=search) for p in PROGRAMS
    )


def programs(cache: Cache) -> list[Path]:
    """Folders with programs, the lab's names for iptables first."""
    return [cache.packages / "names", *(root(cache) / f for f in ("usr/sbin", "usr/bin", "sbin", "bin"))]


def libraries(cache: Cache) -> list[Path]:
    """Folders with shared libraries that the host does not have."""
    return [root(cache) / "usr/lib" / _triplet(), root(cache) / "lib" / _triplet()]


def _triplet() -> str:
    return f"{platform.machine()}-linux-gnu"


def library_cache(cache: Cache) -> Path:
    """The dynamic loader's cache with the lab's libraries in it, for who cannot be given LD_LIBRARY_PATH."""
    return cache.packages / "ld.so.cache"


def cni_plugins(cache: Cache) -> Path:
    """The folder with the CNI plugins: the lab's, or the host's where it has the package."""
    own = root(cache) / "usr/lib/cni"
    return own if own.exists() else Path("/usr/lib/cni")


def environment(cache: Cache) -> dict[str, str]:
    """What the programs need beyond PATH and LD_LIBRARY_PATH; true as soon as ``fetch`` is done."""
    return {
        "DEBOOTSTRAP_DIR": str(cache.packages / "debootstrap"),
        "XTABLES_LIBDIR": str(cache.packages / "xtables"),
    }


def fetch(cache: Cache, task: Task) -> None:
    """Download and unpack."""
    if not shutil.which("apt-get"):
        raise LabError(
            "apt-get is not on this machine: the lab runs on Debian 12 and later and Ubuntu 22.04 and later"
        )
    with cache.fresh_folder("packages") as folder:
        apt = [
            "apt-get",
            *own_folders(folder / "apt"),
            "-o",
            "Acquire::Retries=2",
            "-o",
            "Acquire::http::Timeout=20",
        ]
        task.note("package lists")
        task.run([*apt, "update"])
        task.note("downloading")
        task.run([*apt, "install", "--download-only", "--yes", "--no-install-recommends", *PACKAGES])
        for archive in sorted((folder / "apt" / "archives").glob("*.deb")):
            if not archive.name.startswith(NEVER):
                task.run(["dpkg", "-x", archive, folder / "root"])
        shutil.rmtree(folder / "apt")
    _link(cache.packages / "debootstrap", root(cache), "usr/share/debootstrap")
    _link(cache.packages / "xtables", root(cache), f"usr/lib/{_triplet()}/xtables")
    _index_libraries(cache, task)
    _name_iptables(cache)
    if not all(
        shutil.which(name, path=":".join([*map(str, programs(cache)), os.defpath]))
        for name in ("ctr", "buildah")
    ):
        raise LabError("the packages came without containerd or buildah: see the log of this step")
    cache.mark("packages", digest())


def _link(name: Path, own: Path, folder: str) -> None:
    """Name a folder that programs must be told of: the lab's, or the host's where the host has the package."""
    name.symlink_to(own / folder if (own / folder).exists() else Path("/") / folder)


def _index_libraries(cache: Cache, task: Task) -> None:
    config = cache.packages / "ld.so.conf"
    config.write_text("".join(f"{folder}\n" for folder in libraries(cache)) + "include /etc/ld.so.conf\n")
    task.run(["/sbin/ldconfig", "-X", "-f", config, "-C", library_cache(cache)])


def _name_iptables(cache: Cache) -> None:
    """Debian names iptables at installation only; choose the variant that works with this kernel."""
    names = cache.packages / "names"
    names.mkdir(exist_ok=True)
    tools = root(cache) / "usr/sbin"
    for variant in ("xtables-nft-multi", "xtables-legacy-multi"):
        if (tools / variant).exists() and _works(cache, tools / variant):
            for family in ("iptables", "ip6tables"):
                for suffix in ("", "-save", "-restore"):
                    (names / f"{family}{suffix}").symlink_to(tools / variant)
            return
    if (tools / "xtables-nft-multi").exists():
        raise LabError("iptables works on this kernel neither with nf_tables nor with the older tables")


def _works(cache: Cache, program: Path) -> bool:
    own = environment(cache) | {"LD_LIBRARY_PATH": ":".join(map(str, libraries(cache)))}
    probe: Sequence[str] = ["unshare", "--net", str(program), "iptables", "-t", "nat", "-L"]
    return subprocess.run(probe, env=os.environ | own, capture_output=True).returncode == 0
