"""Trusting a bundle: every way in which its bytes may not be the promised ones."""

from pathlib import Path

import pytest

from slipway_contract import MANIFEST_NAME, Bundle, BundleError, digest_of, open_bundle, parse_digest, verify


def test_a_whole_bundle_passes_with_and_without_its_digest(bundle: Bundle) -> None:
    assert verify(bundle.root).digest == bundle.digest
    assert verify(bundle.root, bundle.digest.upper().replace("SHA256", "sha256")) == verify(bundle.root)
    assert bundle.digest == digest_of((bundle.root / MANIFEST_NAME).read_bytes())


def test_another_digest_is_refused_before_the_manifest_is_read(bundle: Bundle) -> None:
    (bundle.root / MANIFEST_NAME).write_bytes(b"[this is no yaml")
    with pytest.raises(BundleError, match=f"its digest is sha256:.*expected {bundle.digest}"):
        verify(bundle.root, bundle.digest)


@pytest.mark.parametrize(
    "text", ["", "sha256:", "sha256:xyz", "md5:" + "a" * 64, "a" * 64, "sha256:" + "a" * 65]
)
def test_what_is_no_digest_is_said_so(text: str) -> None:
    with pytest.raises(BundleError, match="is not a digest"):
        parse_digest(text)


@pytest.mark.parametrize("path", ["model.joblib", "extra/notes.txt"])
def test_a_changed_file_is_named(bundle: Bundle, path: str) -> None:
    (bundle.root / path).write_bytes(b"changed")
    with pytest.raises(BundleError, match=f"'{path}' is not the one"):
        verify(bundle.root)


@pytest.mark.parametrize("path", ["model.joblib", "extra/notes.txt"])
def test_a_missing_file_is_named(bundle: Bundle, path: str) -> None:
    (bundle.root / path).unlink()
    with pytest.raises(BundleError, match=f"'{path}' is missing"):
        verify(bundle.root)


def test_a_file_changed_after_verification_is_noticed_when_read(bundle: Bundle) -> None:
    verified = verify(bundle.root)
    assert verified.read("model.joblib") == b"not really a pickle"
    (bundle.root / "model.joblib").write_bytes(b"swapped")
    with pytest.raises(BundleError, match="not the one"):
        verified.read("model.joblib")


def test_only_listed_files_are_read(bundle: Bundle) -> None:
    (bundle.root / "other.txt").write_text("x")
    with pytest.raises(BundleError, match="not listed"):
        bundle.read("other.txt")


def test_a_link_out_of_the_folder_is_refused_even_with_the_right_bytes(
    bundle: Bundle, tmp_path: Path
) -> None:
    artifact = bundle.root / "model.joblib"
    outside = tmp_path / "outside"
    artifact.rename(outside)
    artifact.symlink_to(outside)
    with pytest.raises(BundleError, match="leaves the bundle's folder"):
        verify(bundle.root)


def test_a_linked_manifest_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    manifest = bundle.root / MANIFEST_NAME
    manifest.rename(tmp_path / "outside.yaml")
    manifest.symlink_to(tmp_path / "outside.yaml")
    with pytest.raises(BundleError, match=r"model\.yaml is a link"):
        verify(bundle.root)


def test_the_folder_itself_and_links_inside_it_may_be_links(bundle: Bundle, tmp_path: Path) -> None:
    (bundle.root / "model.joblib").rename(bundle.root / "blob")
    (bundle.root / "model.joblib").symlink_to("blob")
    (tmp_path / "link").symlink_to(bundle.root)
    assert verify(tmp_path / "link").digest == bundle.digest


def test_a_folder_in_a_file_s_place_is_refused(bundle: Bundle) -> None:
    (bundle.root / "model.joblib").unlink()
    (bundle.root / "model.joblib").mkdir()
    with pytest.raises(BundleError, match="not a regular file"):
        verify(bundle.root)


@pytest.mark.parametrize("name", ["other.joblib", "deep/er/x.PKL", "y.pickle", "z.dill", "w.sav"])
def test_an_unlisted_pickle_is_refused(bundle: Bundle, name: str) -> None:
    path = bundle.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    with pytest.raises(BundleError, match=r"a pickle that model\.yaml does not list"):
        verify(bundle.root)


def test_other_unlisted_files_and_kubernetes_own_folders_are_no_matter(bundle: Bundle) -> None:
    (bundle.root / "README.md").write_text("hello")
    (bundle.root / "..2026_11_22").mkdir()
    (bundle.root / "..2026_11_22" / "model.joblib").write_bytes(b"x")
    verify(bundle.root)


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda root: None, "is not a folder"),
        (lambda root: root.mkdir(), "holds no model.yaml"),
        (lambda root: root.write_text("x"), "is not a folder"),
        (lambda root: (root / MANIFEST_NAME).mkdir(parents=True), "cannot be read"),
    ],
)
def test_what_is_no_bundle_is_said_so(tmp_path: Path, prepare, sentence: str) -> None:
    prepare(tmp_path / "bundle")
    with pytest.raises(BundleError, match=sentence):
        open_bundle(tmp_path / "bundle")


def test_a_huge_manifest_is_not_read(bundle: Bundle) -> None:
    with (bundle.root / MANIFEST_NAME).open("r+b") as file:
        file.truncate(17 * 2**20)
    with pytest.raises(BundleError, match="larger than 16 MiB"):
        verify(bundle.root)
