"""The plan of a run: only what is missing, in an order that overlaps."""

import itertools

import pytest

from slipway_lab import base, builds, images, tools, wheels
from slipway_lab.builds import Plan
from slipway_lab.cache import Cache


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path)


def step(plan, name):
    return next(step for step in plan.steps if step.name == name)


def test_needs_that_are_not_in_the_plan_are_fulfilled():
    plan = Plan()
    plan.add("a", "a", 1, lambda _: None)
    plan.add("b", "b", 2, lambda _: None, ["a", "not there"])
    assert step(plan, "b").needs == ("a",)
    assert plan.seconds == 3


def test_programs_are_built_one_group_after_another(cache):
    plan = Plan()
    last = builds.add_programs(plan, cache)
    names = [step.name for step in plan.steps if step.name.startswith("build-")]
    assert names == [f"build-{group.name}" for group in tools.GROUPS]
    assert last == names[-1]
    for before, after in itertools.pairwise(names):
        assert before in step(plan, after).needs


def test_only_the_asked_groups_and_only_the_stale_ones(cache):
    etcd = tools.GROUPS[0]
    cache.mark("go-etcd", etcd.digest())
    (cache.folder("bin") / "etcd").touch()
    plan = Plan()
    builds.add_programs(plan, cache, ["etcd", "helm"])
    assert [step.name for step in plan.steps if step.name.startswith("build-")] == ["build-helm"]


def test_a_cold_plan_holds_every_image_and_what_it_is_made_of(cache):
    plan = Plan()
    builds.add_programs(plan, cache)
    every = builds.add_images(plan, cache, {})
    assert [image.name for image in every] == ["pause", "operator", "predictor", "gateway"]
    assert "build-envoy-gateway" in step(plan, "image-gateway").needs
    assert "wheels-predictor" in step(plan, "image-predictor").needs
    assert {"packages", "debootstrap"} <= set(step(plan, "image-base").needs)
    assert plan.megabytes > 1000


def test_nothing_is_planned_where_everything_is_there(cache, monkeypatch):
    monkeypatch.setattr(builds.packages, "fresh", lambda _: True)
    for image in (
        images.pause(cache),
        images.gateway(cache),
        images.ours("operator"),
        images.ours("predictor"),
    ):
        cache.folder("images")
        image.archive(cache).touch()
        cache.mark(f"image-{image.name}", image.digest)
    plan = Plan()
    builds.add_images(plan, cache, {})
    assert plan.steps == []
    assert not builds.compiles(plan)


def test_a_tag_tells_the_content():
    operator, predictor = images.ours("operator"), images.ours("predictor")
    assert operator.tag != predictor.tag
    assert operator.reference == f"localhost/slipway-operator:{images.version()}-{operator.digest[:12]}"
    assert images.ours("operator").digest == operator.digest


def test_wheels_are_chosen_for_the_images_python():
    assert wheels.digest("operator") != wheels.digest("predictor")
    assert "python3" in base.INCLUDE
