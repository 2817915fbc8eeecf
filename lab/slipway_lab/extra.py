"""Images that a lab does not need for itself, built and loaded for who asks: servers that are not ours."""

from slipway_lab import builds, containerd, images, state
from slipway_lab.cache import locked
from slipway_lab.errors import LabError
from slipway_lab.images import Image
from slipway_lab.lab import Lab
from slipway_lab.paths import Paths
from slipway_lab.report import Report
from slipway_lab.steps import Steps

EXTRA = {"mlserver": images.mlserver}


def load(name: str, paths: Paths | None = None, report: Report | None = None) -> str:
    """Have the running lab hold this image; returns what a pod writes as its image. Raises LabError."""
    if name not in EXTRA:
        raise LabError(f"there is no image {name}: {', '.join(EXTRA)} can be had")
    paths, report = paths or Paths.here(), report or Report()
    if state.load(paths.lab) is None:
        raise LabError(f"no lab at {paths.lab}: start one with `make up`")
    image, lab = EXTRA[name](), Lab.here(paths)
    with locked(paths.cache / "lock", "another lab fills the cache; waiting for it", report.say):
        _build(lab, image, report)
    containerd.load(lab, image)
    return image.reference


def _build(lab: Lab, image: Image, report: Report) -> None:
    plan = builds.Plan()
    builds.add_images(plan, lab.cache, dict(lab.environment), [image])
    if plan.steps:
        report.say(f"Building {image.reference}, once; about {plan.seconds / 60:.0f} minutes.")
        Steps(plan.steps, lab.paths.logs / "steps", lab.runner, report).run()
