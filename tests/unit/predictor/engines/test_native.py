"""The compiled library: how it is made, and that nothing needs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from slipway_predictor.engines import native

from .conftest import ROOT


@pytest.fixture
def _asked_anew() -> None:
    native.available.cache_clear()


@pytest.mark.usefixtures("_asked_anew")
def test_the_library_is_found(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "LIBRARY", library)
    assert native.available()
    native.available.cache_clear()


@pytest.mark.usefixtures("_asked_anew")
@pytest.mark.parametrize("content", [None, b"", b"no library"])
def test_a_library_that_cannot_be_used_is_none(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "_trees.so"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(native, "LIBRARY", path)
    assert not native.available()
    native.available.cache_clear()


@pytest.mark.usefixtures("_asked_anew")
def test_a_library_of_another_layout_is_not_used(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "LIBRARY", library)
    monkeypatch.setattr(native, "_LAYOUT", 0)
    assert not native.available()
    native.available.cache_clear()


@pytest.mark.parametrize("compiler", ["false", "no-such-compiler-here"])
def test_a_compiler_that_fails_leaves_nothing(compiler: str, tmp_path: Path) -> None:
    script = (
        "import hatch_build, pathlib, sys;"
        "print(hatch_build.compile_library(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))"
    )
    source, target = Path(native.__file__).with_name("trees.c"), tmp_path / "_trees.so"
    result = subprocess.run(
        [sys.executable, "-c", script, str(source), str(target)],
        cwd=ROOT,
        env={"CC": compiler, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert compiler in result.stdout
    assert not target.exists()
