"""Trusting a bundle: is `model.yaml` the one the digest names, and is every file the one `model.yaml` names?

Nothing here unpickles anything. `Bundle.read` checks the bytes it returns, not the bytes that lay there a moment
ago, so a file changed between verifying and loading is noticed as well.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from slipway_contract.digest import digest_of, parse_digest
from slipway_contract.errors import BundleError
from slipway_contract.manifest import Manifest, parse_manifest

MANIFEST_NAME = "model.yaml"
_MANIFEST_LIMIT = 16 * 2**20  # bytes; a manifest of a thousand features takes about 0.1 MiB
PICKLE_SUFFIXES = frozenset({".joblib", ".pkl", ".pickle", ".dill", ".cloudpickle", ".sav"})


@dataclass(frozen=True, slots=True)
class Bundle:
    """An opened bundle: its real folder, its manifest, and the digest of that manifest's bytes."""

    root: Path
    manifest: Manifest
    digest: str

    def read(self, path: str) -> bytes:
        """Return the bytes of a listed file.

        Raises BundleError when it is not listed, lies outside the folder, or does not have its checksum.
        """
        expected = self._expected(path)
        data = _read(self._inside(path), path)
        self._compare(path, expected, hashlib.sha256(data).hexdigest())
        return data

    def check(self, path: str) -> None:
        """Compare a listed file with its checksum without holding it in memory. Raises BundleError like `read`."""
        expected = self._expected(path)
        try:
            with self._inside(path).open("rb") as file:
                actual = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise _unreadable(path, error) from None
        self._compare(path, expected, actual)

    def _expected(self, path: str) -> str:
        expected = self.manifest.files.get(path)
        if expected is None:
            raise BundleError(f"file '{path}' is not listed in model.yaml")
        return expected

    def _inside(self, path: str) -> Path:
        real = (self.root / path).resolve()
        if not real.is_relative_to(self.root):
            raise BundleError(
                f"file '{path}' is a link that leaves the bundle's folder: copy the file itself into it"
            )
        if real.exists() and not real.is_file():
            raise BundleError(f"file '{path}' is not a regular file")
        return real

    @staticmethod
    def _compare(path: str, expected: str, actual: str) -> None:
        if actual != expected:
            raise BundleError(
                f"file '{path}' is not the one the bundle was made with (sha256 {actual[:12]}…, model.yaml says "
                f"{expected[:12]}…): copy the bundle again, or make it anew with `slipway bundle create`"
            )


def open_bundle(folder: Path, digest: str | None = None) -> Bundle:
    """Read the manifest of the bundle in `folder`; with `digest`, only if its bytes have it.

    Looks at no other file. Raises BundleError.
    """
    root = folder.resolve()
    if not root.is_dir():
        raise BundleError(f"'{folder}' is not a folder: give the folder that holds model.yaml")
    path = root / MANIFEST_NAME
    if not path.resolve().is_relative_to(root):
        raise BundleError(
            "model.yaml is a link that leaves the bundle's folder: copy the file itself into it"
        )
    if not path.exists():
        raise BundleError(f"'{folder}' holds no model.yaml: make a bundle with `slipway bundle create`")
    if path.stat().st_size > _MANIFEST_LIMIT:
        raise BundleError(f"model.yaml is larger than {_MANIFEST_LIMIT // 2**20} MiB")
    text = _read(path, MANIFEST_NAME)
    actual = digest_of(text)
    # The digest comes before the parser: unverified bytes are not even read as YAML.
    if digest is not None and parse_digest(digest) != actual:
        raise BundleError(
            f"the bundle is not the one that was asked for: its digest is {actual}, expected {parse_digest(digest)}"
        )
    return Bundle(root=root, manifest=parse_manifest(text), digest=actual)


def verify(folder: Path, digest: str | None = None) -> Bundle:
    """Open the bundle in `folder` and check every file it lists, and that no pickle lies there unlisted.

    `digest` (`sha256:…`) pins the manifest; without it the bundle is only known to agree with itself.
    Raises BundleError with the first thing that is wrong.
    """
    bundle = open_bundle(folder, digest)
    for path in sorted(bundle.manifest.files):
        bundle.check(path)
    for path in _pickles(bundle.root):
        if path not in bundle.manifest.files:
            raise BundleError(
                f"file '{path}' is a pickle that model.yaml does not list: remove it from the bundle"
            )
    return bundle


def _pickles(root: Path) -> Iterator[str]:
    """Yield the relative paths of everything below `root` that is named like a pickle."""
    for folder, folders, files in os.walk(root):
        # Kubernetes' own atomic-writer folders in ConfigMap and Secret volumes are called "..<time>" and "..data".
        folders[:] = sorted(name for name in folders if not name.startswith(".."))
        for name in sorted(files):
            if Path(name).suffix.lower() in PICKLE_SUFFIXES:
                yield (Path(folder) / name).relative_to(root).as_posix()


def _read(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: OSError) -> BundleError:
    if isinstance(error, FileNotFoundError):
        return BundleError(f"file '{name}' is missing from the bundle, though model.yaml lists it")
    return BundleError(f"file '{name}' cannot be read: {error.strerror or error}")
