"""Writing a bundle: whole or not at all, never over another."""

import os
import stat
from pathlib import Path

import pytest

from slipway_contract import Bundle, BundleError, verify, write_bundle

from .conftest import FILES, manifest_of


def test_what_was_written_verifies(bundle: Bundle) -> None:
    assert verify(bundle.root) == bundle
    assert bundle.read("extra/notes.txt") == b"hello"


def test_the_same_bundle_may_be_written_again(bundle: Bundle) -> None:
    assert write_bundle(bundle.root, manifest_of(FILES), FILES) == bundle


def test_the_same_manifest_over_damaged_files_is_refused(bundle: Bundle) -> None:
    (bundle.root / "model.joblib").write_bytes(b"damaged")
    with pytest.raises(BundleError, match="not the one"):
        write_bundle(bundle.root, manifest_of(FILES), FILES)


def test_another_bundle_is_never_overwritten(bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="another bundle"):
        write_bundle(bundle.root, manifest_of(FILES, version="2"), FILES)
    assert verify(bundle.root).manifest.version == "1"


def test_other_files_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("x")
    with pytest.raises(BundleError, match="holds something else"):
        write_bundle(tmp_path, manifest_of(FILES), FILES)
    assert os.listdir(tmp_path) == ["precious.txt"]


def test_an_empty_folder_is_used_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    write_bundle(tmp_path / "new", manifest_of(FILES), FILES)
    assert os.listdir(tmp_path) == ["new"]


def test_parents_are_made_and_others_may_read(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        written = write_bundle(tmp_path / "a" / "b", manifest_of(FILES), FILES)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(written.root.stat().st_mode) == 0o755
    assert stat.S_IMODE((written.root / "model.yaml").stat().st_mode) == 0o644


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BundleError, match="cannot be written"):
        write_bundle(tmp_path / "file" / "below", manifest_of(FILES), FILES)


def test_a_manifest_of_other_files_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not list these files"):
        write_bundle(tmp_path / "x", manifest_of(FILES), {**FILES, "more": b""})
