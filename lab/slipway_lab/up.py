"""``up``: from whatever there is now to a running lab. Safe to run again at any point.

Every step looks before it acts, so a second run does only what is missing: after Ctrl-C it goes on, after a crash of
one process it starts that one, with another ``KSERVE`` it exchanges the controller. Only when the lab's namespaces
are gone (first run, ``down``, reboot) does it begin with an empty cluster.
"""

import os
import shutil
import sys
import time
from collections.abc import Callable

from slipway_lab import (
    builds,
    cgroups,
    containerd,
    controllers,
    down,
    gateway,
    kserve,
    metrics,
    namespaces,
    node,
    ports,
    state,
)
from slipway_lab.builds import Plan
from slipway_lab.cache import locked
from slipway_lab.errors import LabError
from slipway_lab.identity import end
from slipway_lab.images import Image
from slipway_lab.kserve import Mode
from slipway_lab.lab import Lab
from slipway_lab.paths import Paths
from slipway_lab.report import Report, duration
from slipway_lab.state import State
from slipway_lab.steps import Steps, Task


def why_not() -> str | None:
    """Why the lab cannot run on this machine, in one sentence; None if it can."""
    if sys.platform != "linux":
        return f"the lab needs Linux (namespaces, cgroups, containerd), and this is {sys.platform}"
    if os.geteuid() != 0:
        return "the lab needs root, to make namespaces and mounts: run it with sudo"
    if not shutil.which("apt-get"):
        return "the lab needs apt-get: it runs on Debian 12 and later and on Ubuntu 22.04 and later"
    return None


def up(mode: Mode | None = None, paths: Paths | None = None, report: Report | None = None) -> State:
    """Build what is missing and start what does not run; raises ``LabError`` with a sentence for people."""
    if reason := why_not():
        raise LabError(reason)
    mode, paths, report = mode or Mode.from_environment(), paths or Paths.here(), report or Report()
    begin = time.monotonic()
    paths.lab.mkdir(parents=True, exist_ok=True)
    with (
        locked(paths.lock, "another `up` or `down` of this lab is at work; waiting for it", report.say),
        locked(paths.cache / "lock", "another lab fills the cache; waiting for it", report.say),
    ):
        _clear_leftovers(paths)
        lab = Lab.here(paths)
        known = state.load(paths.lab) or State(paths.name, state.boot_id())
        plan = Plan()
        images = _plan(plan, lab, mode, known)
        for line in introduction(plan, paths, mode):
            report.say(line)
        _check_room(plan, paths)
        Steps(plan.steps, paths.logs / "steps", lab.runner, report).run()
        _describe(known, lab, mode, images)
        known.save(paths)
    for line in farewell(known, time.monotonic() - begin):
        report.say(line)
    return known


def _clear_leftovers(paths: Paths) -> None:
    """End what an ``up`` that was killed left at work; begin anew where the namespaces are gone."""
    end(cgroups.within(cgroups.steps(paths.name)), grace=1.0)
    if not namespaces.exist(paths):
        down.clear(paths)
        for log in paths.logs.glob("*.log"):
            log.unlink()  # of the cluster before this one


def _plan(plan: Plan, lab: Lab, mode: Mode, known: State) -> list[Image]:
    """All steps: first what fills the cache, then the cluster; they overlap as far as their needs allow."""
    last = builds.add_programs(plan, lab.cache)
    images = builds.add_images(plan, lab.cache, dict(lab.environment))
    builds.add_cleaning(plan, lab.cache, last)
    _plan_node(plan, lab, images)
    _plan_services(plan, lab, mode, known, images)
    return images


def _plan_node(plan: Plan, lab: Lab, images: list[Image]) -> None:
    """The control plane and the node."""
    pause = images[0]
    environment = dict(lab.environment)
    plan.add("network", "namespaces", 1, lambda _: namespaces.create(lab.paths, environment), ["packages"])
    plan.add("credentials", "keys and tokens", 1, lambda _: controllers.make_credentials(lab))
    plan.add("containerd", "containerd", 1, lambda _: containerd.start(lab, pause), ["network"])
    for image in images:
        needs = ["containerd", f"image-{image.name}"]
        plan.add(f"load-{image.name}", f"load the image {image.name}", 8, _loader(lab, image), needs)
    needs = ["network", "credentials", "build-etcd", "build-kubernetes"]
    plan.add("api", "API server", 4, lambda _: controllers.start_api(lab), needs)
    plan.add("rights", "rights of the cluster's programs", 1, lambda _: node.grant(lab), ["api"])
    plan.add(
        "controllers", "controllers and scheduler", 1, lambda _: controllers.start_controllers(lab), ["api"]
    )
    plan.add("kubelet", "kubelet", 1, lambda _: node.start_kubelet(lab), ["api", "load-pause"])
    plan.add("proxy", "kube-proxy", 1, lambda _: node.start_proxy(lab), ["rights"])
    plan.add("dns", "CoreDNS", 1, lambda _: node.start_dns(lab), ["rights", "build-coredns"])
    needs = ["rights", "kubelet", "build-metrics-server"]
    plan.add("metrics", "metrics-server", 2, lambda _: metrics.start(lab), needs)
    plan.add("node", "node Ready", 5, lambda _: node.wait_ready(lab), ["kubelet", "controllers"])


def _plan_services(plan: Plan, lab: Lab, mode: Mode, known: State, images: list[Image]) -> None:
    """What runs on the node: the gateway, KServe's controller and the ways in from the host."""
    image = next(image for image in images if image.name == "gateway")

    def expose_api(_: Task) -> None:
        known.api_port = ports.expose_api(lab, known.api_port)
        known.save(lab.paths)

    def expose_gateway(_: Task) -> None:
        known.gateway_port = ports.expose_gateway(lab, known.gateway_port, gateway.address(lab))

    plan.add("relay-api", "API server on the host", 1, expose_api, ["api"])
    needs = ["api", "build-envoy-gateway"]
    plan.add("definitions", "Gateway API's definitions", 3, lambda _: gateway.install_definitions(lab), needs)
    plan.add("kserve", "InferenceService controller", 5, lambda _: kserve.install(lab, mode), ["definitions"])
    needs = ["definitions", "node", "proxy", "dns", "load-gateway", "build-helm"]
    plan.add("gateway", "Envoy Gateway", 25, lambda task: gateway.install(lab, image, task), needs)
    plan.add("relay-gateway", "gateway on the host", 1, expose_gateway, ["gateway"])


def _loader(lab: Lab, image: Image) -> Callable[[Task], None]:
    return lambda _: containerd.load(lab, image)


def _describe(known: State, lab: Lab, mode: Mode, images: list[Image]) -> None:
    """Fill in what the run settled."""
    known.kserve = mode.name
    known.images = {image.name: image.reference for image in images}
    known.bin = str(lab.cache.bin)
    known.kubeconfig = str(lab.paths.kubeconfig)
    known.kubeconfig_inside = str(lab.paths.kubeconfig_inside)
    lab.paths.models.mkdir(exist_ok=True)


def _check_room(plan: Plan, paths: Paths) -> None:
    """Refuse before the work rather than in the middle of it."""
    needed = plan.megabytes * 2 + (builds.GO_SCRATCH if builds.compiles(plan) else 0) + 500
    free = builds.free_space(paths.cache)
    if free < needed:
        raise LabError(
            f"{paths.cache} has {free / 1000:.1f} GB free and {needed / 1000:.1f} GB are needed: "
            "make room, or name another folder with SLIPWAY_CACHE=…"
        )


def introduction(plan: Plan, paths: Paths, mode: Mode) -> list[str]:
    """What is going to happen, where, how long and how large."""
    lines = [
        "Slipway's lab: a real single-node Kubernetes in namespaces of its own; nothing is installed on this host.",
        f"  lab     {paths.lab}  (`make down` ends it)",
        f"  cache   {paths.cache}  (kept for the next time; to free it, remove the folder)",
        f"  KServe  {mode.describe()}",
    ]
    if plan.brings:
        lines.append("Downloaded or built now, once:")
        lines += [f"  {size:>5} MB  {what}" for what, size in plan.brings]
        scratch = f", {builds.GO_SCRATCH / 1000:.0f} GB more while Go builds" if builds.compiles(plan) else ""
        lines.append(f"  {plan.megabytes / 1000:.1f} GB to keep{scratch}.")
    lines.append(
        f"About {duration(plan.seconds)} on two cores. Ctrl-C stops; the next run goes on from there."
    )
    return lines


def farewell(known: State, seconds: float) -> list[str]:
    """How to go on."""
    return [
        f"The lab is up after {duration(seconds)}.",
        f"  kubectl  export KUBECONFIG={known.kubeconfig} PATH={known.bin}:$PATH",
        f"  gateway  http://127.0.0.1:{known.gateway_port}  (routes are told apart by their Host header)",
        "  inside   lab/exec CMD…  runs a command in the cluster's network",
        "  stop     make down",
    ]
