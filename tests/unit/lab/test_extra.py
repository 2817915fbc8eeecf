"""Images that a lab does not need for itself: what is refused, and what building one takes."""

import pytest

from slipway_lab import builds, extra, images
from slipway_lab.builds import Plan
from slipway_lab.cache import Cache
from slipway_lab.errors import LabError
from slipway_lab.paths import Paths


def test_an_unknown_image_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(LabError, match="no image triton: mlserver can be had"):
        extra.load("triton", Paths(lab=tmp_path, cache=tmp_path))


def test_without_a_lab_there_is_nowhere_to_load_it(tmp_path):
    with pytest.raises(LabError, match="start one with `make up`"):
        extra.load("mlserver", Paths(lab=tmp_path, cache=tmp_path))


def test_it_is_made_of_the_base_and_a_wheel_house_of_its_own(tmp_path):
    plan = Plan()
    builds.add_images(plan, Cache(tmp_path), {}, [images.mlserver()])
    names = [step.name for step in plan.steps]
    assert names == ["packages", "debootstrap", "image-base", "wheels-mlserver", "image-mlserver"]
    assert set(plan.steps[-1].needs) == {"image-base", "wheels-mlserver"}
