"""Wheels made by hand, so that no build tool is needed to have one."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

DOUBLED = """
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

class Doubled(TransformerMixin, BaseEstimator):
    def fit(self, x, y=None):
        return self
    def transform(self, x):
        return np.asarray(x) * 2
"""
"""A module with a transformer of one's own."""


def make_wheel(
    folder: Path,
    name: str,
    files: Mapping[str, str],
    *,
    version: str = "1.0",
    tag: str = "py3-none-any",
    needs: Sequence[str] = (),
) -> Path:
    """Write a wheel of these files (path to text) into the folder."""
    stem = name.replace("-", "_")
    info = f"{stem}-{version}.dist-info"
    head = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    head += [f"Requires-Dist: {need}" for need in needs]
    path = folder / f"{stem}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
        archive.writestr(f"{info}/METADATA", "\n".join(head) + "\n\nA description: Requires-Dist: nothing\n")
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr(f"{info}/RECORD", "")
    return path
