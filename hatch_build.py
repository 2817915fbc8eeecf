"""Compiles the predictor's C when a wheel is built or the checkout is installed, if there is a compiler.

Taken in this order: $CC, the `ziglang` package (a pinned compiler as a wheel: requirements/native.txt), cc, gcc, clang.
Without any the wheel is pure Python and everything works, tree ensembles slower; SLIPWAY_NATIVE=require makes that an
error instead, as the image's build does. The library holds no Python objects, so one wheel serves every version.
"""

import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = Path("predictor", "slipway_predictor")
LIBRARIES = {
    PACKAGE / "engines" / "native" / "_trees.so": PACKAGE / "engines" / "native" / "trees.c",
    PACKAGE / "protocol" / "_numbers.so": PACKAGE / "protocol" / "numbers.c",
}
# No -march: the wheel must run on the oldest machine of its kind. No contraction: a fused multiply-add rounds once
# where scikit-learn rounds twice.
FLAGS = ("-O3", "-std=c99", "-ffp-contract=off", "-fPIC", "-shared", "-s")
GLIBC = "2.17"  # what the library asks for when zig makes it


class NativeHook(BuildHookInterface[Any]):
    """The hook of both the wheel and the editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (hatch's signature)
        """Compile into the source tree and have the wheel carry the library."""
        root = Path(self.root)
        if self.target_name != "wheel" or not (root / PACKAGE).exists():
            return
        failure = compile_all(root)
        if failure is None:
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{_platform()}"
            build_data["artifacts"] += map(str, LIBRARIES)
        elif os.environ.get("SLIPWAY_NATIVE") == "require":
            raise RuntimeError(f"the predictor's C was not compiled: {failure}")
        else:
            self.app.display_warning(f"Building without the predictor's C: {failure}")


def compile_all(root: Path) -> str | None:
    """Compile all libraries of the checkout anew, or none; return why one could not be, or None."""
    _remove(root)
    failures = (compile_library(root / source, root / library) for library, source in LIBRARIES.items())
    failure = next(filter(None, failures), None)
    if failure is not None:
        _remove(root)
    return failure


def _remove(root: Path) -> None:
    for library in LIBRARIES:
        (root / library).unlink(missing_ok=True)


def compile_library(source: Path, library: Path) -> str | None:
    """Compile `source` to `library`, whole or not at all; return why not, or None."""
    compiler = _compiler()
    if compiler is None:
        return "no C compiler; the package ziglang is one: pip install ziglang"
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / library.name
        caches = {"ZIG_GLOBAL_CACHE_DIR": f"{folder}/zig", "ZIG_LOCAL_CACHE_DIR": f"{folder}/zig"}
        command = [*compiler, *FLAGS, "-o", str(built), str(source), "-lm"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, env=os.environ | caches)
        except OSError as error:
            return f"{compiler[0]}: {error.strerror}"
        if done.returncode:
            return f"{shlex.join(compiler)} failed: {done.stderr.strip()}"
        shutil.move(built, library)
    return None


def _compiler() -> list[str] | None:
    if os.environ.get("CC"):
        return shlex.split(os.environ["CC"])
    if importlib.util.find_spec("ziglang") is not None:
        return [sys.executable, "-m", "ziglang", "cc", *_zig_target()]
    found = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    return [found] if found else None


def _zig_target() -> list[str]:
    return ["-target", f"{platform.machine()}-linux-gnu.{GLIBC}"] if sys.platform == "linux" else []


def _platform() -> str:
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
