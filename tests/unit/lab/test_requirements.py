"""The pins of Python packages: all hashed, no addresses, and what must not be in an image is not."""

import re

import pytest

from slipway_lab.wheels import REQUIREMENTS

FILES = sorted(REQUIREMENTS.glob("*.txt"))


def names(file):
    return {name.lower() for name in re.findall(r"^([A-Za-z0-9._-]+)==", file.read_text(), re.MULTILINE)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_everything_is_pinned_with_hashes_and_without_addresses(file):
    text = file.read_text()
    assert "://" not in text
    assert "--index-url" not in text
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_each_image_leaves_the_others_weight_out():
    assert not names(REQUIREMENTS / "operator.txt") & {"kserve", "scikit-learn", "numpy", "pandas"}
    assert "kopf" not in names(REQUIREMENTS / "predictor.txt")
    assert "kopf" in names(REQUIREMENTS / "operator.txt")
    assert "kserve" in names(REQUIREMENTS / "predictor.txt")
