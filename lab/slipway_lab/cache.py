"""The cache: everything that is built or downloaded once and shared by all labs of this user.

Each part carries a stamp, the digest of what it was made from; ``up`` makes again only what has another one.
"""

import contextlib
import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


def digest_of(*parts: str | Path) -> str:
    """A digest (64 hex digits) of texts and of the contents of files and folders; independent of where they lie."""
    digest = hashlib.sha256()
    for part in parts:
        for piece in _pieces(part):
            digest.update(len(piece).to_bytes(8, "big") + piece)
    return digest.hexdigest()


def _pieces(part: str | Path) -> Iterator[bytes]:
    if isinstance(part, str):
        yield part.encode()
    elif part.is_dir():
        for file in sorted(part.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield str(file.relative_to(part)).encode()
                yield file.read_bytes()
    else:
        yield part.name.encode()
        yield part.read_bytes()


@dataclass(frozen=True)
class Cache:
    """The cache folder, by default ``~/.cache/slipway``."""

    root: Path

    @property
    def bin(self) -> Path:
        """The programs built from Go modules: kubectl, helm, kube-apiserver and the others."""
        return self.root / "bin"

    @property
    def packages(self) -> Path:
        """Debian packages, unpacked here and installed nowhere."""
        return self.root / "packages"

    @property
    def charts(self) -> Path:
        """The Helm charts that are taken out of Go modules."""
        return self.root / "charts"

    @property
    def crds(self) -> Path:
        """The custom resource definitions that are taken out of Go modules."""
        return self.root / "crds"

    @property
    def images(self) -> Path:
        """One archive for each image, ready to be imported."""
        return self.root / "images"

    def folder(self, name: str) -> Path:
        """A folder of the cache, made if need be."""
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def fresh(self, part: str, digest: str, *results: Path) -> bool:
        """Whether the part was made from exactly this, and its results are still there."""
        try:
            stamp = json.loads((self.root / "stamps" / part).read_text())
        except (OSError, ValueError):
            return False
        return bool(stamp == digest) and all(result.exists() for result in results)

    def mark(self, part: str, digest: str) -> None:
        """Write down what the part was made from; the last thing a step does."""
        (self.folder("stamps") / part).write_text(json.dumps(digest))

    @contextlib.contextmanager
    def fresh_folder(self, name: str) -> Iterator[Path]:
        """A new folder that takes the place of the old one only if the block succeeds."""
        target, building = self.root / name, self.root / f"{name}.new"
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        yield building
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        building.rename(target)


@contextlib.contextmanager
def locked(path: Path, busy: str, say: Callable[[str], None]) -> Iterator[None]:
    """Hold an exclusive lock on a file; says ``busy`` once if another process holds it, and waits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(busy)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
