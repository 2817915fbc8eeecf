"""Writing a bundle: all of it or nothing, and never over another one.

Used by `slipway bundle create`; takes the files as bytes, so that what is written is what was looked at.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from slipway_contract.errors import BundleError
from slipway_contract.manifest import Manifest, render_manifest
from slipway_contract.verify import MANIFEST_NAME, Bundle, open_bundle, verify


def checksums(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the hexadecimal sha256 of each file, for `Manifest.files`."""
    return {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}


def write_bundle(folder: Path, manifest: Manifest, files: Mapping[str, bytes]) -> Bundle:
    """Write the manifest and the `files` it lists (relative path to bytes) into `folder`; return the bundle there.

    `folder` must be new, empty, or hold this very bundle already. Raises BundleError when it holds anything else or
    cannot be written, and ValueError when `manifest.files` are not the checksums of `files`.
    """
    if manifest.files != checksums(files):
        raise ValueError("the manifest does not list these files")
    text = render_manifest(manifest)
    target = Path(folder).absolute()
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            return _same_or_refuse(target, text)
        _write(target, {**files, MANIFEST_NAME: text})
    except OSError as error:
        raise BundleError(f"'{folder}' cannot be written: {error.strerror or error}") from None
    return open_bundle(target)


def _same_or_refuse(target: Path, text: bytes) -> Bundle:
    """Return the bundle in `target` if it is whole and has this manifest; making one twice is no error."""
    manifest = target / MANIFEST_NAME
    if not manifest.is_file():
        raise BundleError(f"'{target}' is there already and holds something else: give a new or empty folder")
    if manifest.read_bytes() != text:
        raise BundleError(
            f"'{target}' holds another bundle already: bundles are immutable, so give a new folder (a new version), "
            "or remove that one first"
        )
    return verify(target)


def _write(target: Path, files: Mapping[str, bytes]) -> None:
    """Write into a folder beside the target and move it there, so that a half-written bundle is never seen."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as scratch:
        draft = Path(scratch) / "bundle"
        for path, data in files.items():
            (draft / path).parent.mkdir(parents=True, exist_ok=True)
            (draft / path).write_bytes(data)
        if target.exists():
            target.rmdir()  # empty, as the caller saw; a file that came since makes this fail, rightly
        shutil.move(draft, target)
