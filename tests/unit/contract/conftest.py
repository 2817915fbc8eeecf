"""A small bundle that needs no machine learning."""

from pathlib import Path

import pytest

from slipway_contract import Bundle, Input, Manifest, Output, checksums, write_bundle

FILES = {"model.joblib": b"not really a pickle", "extra/notes.txt": b"hello"}


def manifest_of(files: dict[str, bytes], version: str = "1") -> Manifest:
    return Manifest(
        name="churn",
        version=version,
        artifact="model.joblib",
        inputs=[Input(name="age", type="float")],
        outputs=[Output(name="value", type="float")],
        libraries={},
        files=checksums(files),
    )


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return write_bundle(tmp_path / "bundle", manifest_of(FILES), FILES)
