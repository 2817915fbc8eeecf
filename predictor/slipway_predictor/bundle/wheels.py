"""The classes a bundle brings along, as wheels: put on the import path, never installed, after everything that is.

A wheel's verified bytes are unpacked into a private folder, because what lies in the bundle's own could be changed
between checking and importing. Nothing of a wheel is run but by whoever imports it: no scripts, no hooks, no pip.
"""

import atexit
import io
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from importlib import invalidate_caches
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from slipway_contract import Bundle, BundleError


class Wheel(NamedTuple):
    """A wheel's file name and contents, and what its name says."""

    file: str
    archive: zipfile.ZipFile
    name: str
    version: str

    @property
    def shown(self) -> str:
        """What messages call it."""
        return f"wheel '{self.file}'"


def bring_code(bundle: Bundle) -> None:
    """Make the modules of a bundle's wheels importable. Raises BundleError as `bring` does."""
    bring({PurePosixPath(path).name: bundle.read(path) for path in bundle.manifest.code or ()})


def bring(wheels: Mapping[str, bytes], *, beside_own: bool = False) -> None:
    """Make the modules of wheels (file name to verified bytes) importable in this process.

    A distribution that is installed in the wheel's very version is used as installed. With `beside_own`, modules may be
    here already, as they are where the pipeline was made. Raises BundleError naming the wheel that cannot be used: it is
    for another Python or machine, clashes with what is installed, or needs what is not.
    """
    opened = [_opened(file, data) for file, data in wheels.items()]
    for wheel in opened:
        _require_paths(wheel)
    new = [wheel for wheel in opened if not _is_installed(wheel)]
    for wheel in new:
        if not beside_own:
            _require_new_modules(wheel)
        _unpack(wheel)
    for wheel in new:
        _require_needs(wheel)


def _opened(file: str, data: bytes) -> Wheel:
    from packaging.tags import sys_tags
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    try:
        name, number, _, tags = parse_wheel_filename(file)
        archive = zipfile.ZipFile(io.BytesIO(data))
    except InvalidWheelFilename as error:
        raise BundleError(f"'{file}' has no wheel's name ({error}): build it with `pip wheel`") from None
    except zipfile.BadZipFile:
        raise BundleError(f"wheel '{file}' is damaged: it is no zip file; build it anew") from None
    if not set(sys_tags()) & tags:
        raise BundleError(
            f"wheel '{file}' is for {', '.join(sorted(map(str, tags)))}; here is {next(iter(sys_tags()))}: build it there"
        )
    return Wheel(file, archive, name, str(number))


def _is_installed(wheel: Wheel) -> bool:
    try:
        here = version(wheel.name)
    except PackageNotFoundError:
        return False
    if here != wheel.version:
        raise BundleError(
            f"{wheel.shown} clashes with what is installed: {wheel.name} is here in version {here}. Use that version, or "
            "rename the package"
        )
    return True


def _require_paths(wheel: Wheel) -> None:
    """Refuse a wheel with a file that has no name, or would lie outside of its folder."""
    for name in wheel.archive.namelist():
        path = PurePosixPath(name)
        if not path.parts:
            raise BundleError(f"{wheel.shown} is damaged (it holds a file named '{name}'): build it anew")
        if path.is_absolute() or ".." in path.parts:
            raise BundleError(f"{wheel.shown} holds the path '{path}', which leaves its folder")


def _require_new_modules(wheel: Wheel) -> None:
    for module in sorted(_modules(wheel)):
        if module == "__main__":
            raise BundleError(
                f"{wheel.shown} brings module '__main__', which is the running program's own; leave it out"
            )
        spec = find_spec(module)
        if (
            spec is not None and spec.origin is not None
        ):  # None: a folder of that name, which a real package outranks
            raise BundleError(
                f"{wheel.shown} clashes with what is installed: it brings module '{module}', which is here already "
                f"({spec.origin}); rename it"
            )


def _modules(wheel: Wheel) -> set[str]:
    """Return the names by which the wheel's top modules are imported."""
    names = set()
    for path in map(PurePosixPath, wheel.archive.namelist()):
        parts = path.parts
        if parts[0].endswith(".data"):
            parts = parts[2:] if parts[1:2] in (("purelib",), ("platlib",)) else ()
        if parts and not parts[0].endswith((".dist-info", ".libs")):
            name = parts[0].split(".")[0]
            if name.isidentifier():
                names.add(name)
    return names


def _unpack(wheel: Wheel) -> None:
    try:
        folder = Path(tempfile.mkdtemp(prefix="slipway-code-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        wheel.archive.extractall(folder)
    except OSError as error:
        raise BundleError(
            f"{wheel.shown} cannot be unpacked into {tempfile.gettempdir()}: {error.strerror or error}; a bundle with code "
            "needs a writable folder there, such as an emptyDir"
        ) from None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise BundleError(f"{wheel.shown} is damaged ({error}): build it anew") from None
    data = folder.glob("*.data/p*lib")
    sys.path += [str(folder), *(str(part) for part in data)]
    invalidate_caches()


def _require_needs(wheel: Wheel) -> None:
    """Refuse a wheel that needs a distribution which neither is installed nor came with it."""
    from packaging.requirements import InvalidRequirement, Requirement

    for line in _metadata(wheel):
        key, _, text = line.partition(":")
        if key.lower() != "requires-dist":
            continue
        try:
            need = Requirement(text.strip())
        except InvalidRequirement as error:
            raise BundleError(
                f"{wheel.shown} needs '{text.strip()}', which is no requirement: {error}"
            ) from None
        if need.marker is not None and not need.marker.evaluate({"extra": ""}):
            continue
        try:
            here = version(need.name)
        except PackageNotFoundError:
            here = None
        if here is None or not need.specifier.contains(here, prereleases=True):
            found = "which is not installed" if here is None else f"here is {here}"
            raise BundleError(
                f"{wheel.shown} needs {need.name}{need.specifier}, {found}: give its wheel with --code as well, or add it "
                "to the predictor's image"
            )


def _metadata(wheel: Wheel) -> list[str]:
    """Return the header lines of the wheel's METADATA."""
    path = next((name for name in wheel.archive.namelist() if name.endswith(".dist-info/METADATA")), None)
    if path is None:
        raise BundleError(f"{wheel.shown} holds no METADATA: build it with `pip wheel`")
    head, _, _ = wheel.archive.read(path).decode(errors="replace").partition("\n\n")
    return head.splitlines()
