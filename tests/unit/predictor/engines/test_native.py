"""The compiled library: how it is made, and that nothing needs it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from slipway_predictor.engines import native
from slipway_predictor.engines.native.words import words_of
from slipway_predictor.engines.trees import NODE, Ensemble

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


def test_all_is_compiled_or_nothing(tmp_path: Path) -> None:
    package = tmp_path / "predictor" / "slipway_predictor"
    for source, text in (("engines/native/trees.c", "int one;"), ("protocol/numbers.c", "#error broken")):
        (package / source).parent.mkdir(parents=True)
        (package / source).write_text(text)
    script = "import hatch_build, pathlib, sys; print(hatch_build.compile_all(pathlib.Path(sys.argv[1])))"
    result = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "broken" in result.stdout
    assert not list(tmp_path.rglob("*.so")), "one library is there without the other"


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


def test_siblings_are_words_side_by_side_and_a_tree_begins_with_a_root_of_its_own() -> None:
    nodes = np.array([(np.inf, 0, at) for at in range(9)], NODE)
    for at, split in {0: (0.5, 3, 1), 2: (1.5, 2, 3), 6: (2.5, 1, 7)}.items():
        nodes[at] = split
    ensemble = Ensemble(
        nodes=nodes,
        missing_left=np.zeros(9, np.uint8),
        roots=np.array([0, 5, 6], np.int32),
        values=np.zeros((9, 1)),
        features=4,
        columns=1,
        narrow=False,
        refuses_infinity=False,
        refuses_missing=False,
    )
    words = words_of(ensemble)
    splits = words.nodes.view(np.uint32).reshape(-1, 2)
    assert words.nodes.ctypes.data % 32 == 0, "a pair may lie in two lines of the cache"
    assert words.roots.tolist() == [1, 13, 17]
    assert words.nodes[[1, 4, 5, 8, 9, 13, 17, 20, 21]].tolist() == nodes["threshold"].tolist()
    assert splits[[3, 7, 19]].tolist() == [[3, 4], [2, 8], [1, 20]]
    assert splits[[6, 10, 11, 15, 22, 23], 1].tolist() == [4, 8, 9, 13, 20, 21], (
        "a leaf does not keep its walk"
    )
