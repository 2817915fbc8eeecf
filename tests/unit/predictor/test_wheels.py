"""Code that a bundle brings: imported from a private copy, and refused by name where it clashes."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slipway_contract import BundleError
from slipway_predictor.bundle.wheels import bring
from tests.unit.cli.wheelwright import make_wheel


@pytest.fixture(autouse=True)
def path() -> Iterator[None]:
    """What is put on the import path, and imported from it, goes again."""
    before, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = before
    for name in set(sys.modules) - modules:
        if name.startswith("slipway_brought"):
            del sys.modules[name]


def taken(*wheels: Path, **options: Any) -> None:
    bring({wheel.name: wheel.read_bytes() for wheel in wheels}, **options)


def test_a_module_is_imported_from_a_private_copy(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "slipway-brought", {"slipway_brought/__init__.py": "VALUE = 7"})
    taken(wheel)
    wheel.unlink()
    import slipway_brought

    assert slipway_brought.VALUE == 7
    assert tmp_path not in Path(slipway_brought.__file__).parents
    assert sys.path[-1] == str(Path(slipway_brought.__file__).parents[1])


def test_a_wheel_s_data_folders_are_importable_too(tmp_path: Path) -> None:
    taken(
        make_wheel(
            tmp_path, "slipway-brought", {"slipway_brought-1.0.data/purelib/slipway_brought_b.py": "X = 1"}
        )
    )
    import slipway_brought_b

    assert slipway_brought_b.X == 1


def test_the_same_wheel_twice_is_once(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "slipway-brought", {"slipway_brought.py": ""})
    taken(wheel)
    length = len(sys.path)
    taken(wheel)
    assert len(sys.path) == length


def test_wheels_may_need_each_other_and_what_is_installed(tmp_path: Path) -> None:
    first = make_wheel(
        tmp_path,
        "slipway-brought",
        {"slipway_brought.py": ""},
        needs=[
            "slipway-brought-base>=1",
            "numpy>=1",
            "no-such>=1; extra == 'docs'",
            "none; python_version < '3'",
        ],
    )
    second = make_wheel(tmp_path, "slipway-brought-base", {"slipway_brought_base.py": ""})
    taken(first, second)


@pytest.mark.parametrize(
    ("files", "options", "sentence"),
    [
        ({"numpy/__init__.py": ""}, {}, "brings module 'numpy', which is here already"),
        ({"json.py": ""}, {}, "brings module 'json', which is here already"),
        (
            {"slipway_brought.py": ""},
            {"needs": ["no-such-thing>=3"]},
            "needs no-such-thing>=3, which is not installed",
        ),
        ({"slipway_brought.py": ""}, {"needs": ["numpy<1"]}, r"needs numpy<1, here is \d"),
        ({"slipway_brought.py": ""}, {"needs": ["numpy 1 ?"]}, "which is no requirement"),
        (
            {"slipway_brought.py": ""},
            {"tag": "cp39-cp39-win_amd64"},
            "is for cp39-cp39-win_amd64; here is cp3",
        ),
        ({".": ""}, {}, r"is damaged \(it holds a file named '\.'\)"),
        ({"__main__.py": ""}, {}, "brings module '__main__', which is the running program's own"),
        ({"../escape.py": ""}, {}, "holds the path '../escape.py', which leaves its folder"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(
    files: dict[str, str], options: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    wheel = make_wheel(tmp_path, "slipway-brought", files, **options)
    before = list(sys.path)
    with pytest.raises(BundleError, match=f"'slipway_brought-1.0-.*{sentence}"):
        taken(wheel)
    assert options.get("needs") or sys.path == before


def test_another_version_of_what_is_installed_is_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "scikit-learn", {"sklearn/__init__.py": ""}, version="0.1")
    with pytest.raises(BundleError, match="scikit-learn is here in version"):
        taken(wheel)


def test_where_the_pipeline_was_made_its_modules_may_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slipway_brought_own.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    wheel = make_wheel(tmp_path, "slipway-brought-own", {"slipway_brought_own.py": ""})
    with pytest.raises(BundleError, match="which is here already"):
        taken(wheel)
    taken(wheel, beside_own=True)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("thing.whl", b"", "'thing.whl' has no wheel's name"),
        ("thing-1-py3-none-any.whl", b"text", "is damaged: it is no zip file"),
    ],
)
def test_what_is_no_wheel_is_refused(name: str, data: bytes, sentence: str) -> None:
    with pytest.raises(BundleError, match=sentence):
        bring({name: data})


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(BundleError, match=r"cannot be unpacked into .*such as an emptyDir"):
        taken(make_wheel(tmp_path, "slipway-brought", {"slipway_brought.py": ""}))
