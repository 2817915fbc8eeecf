"""The cluster's programs, built from Go modules that are pinned by go.mod and go.sum in ``lab/tools``.

One folder there is one group: all of its ``tool`` directives are built by one ``go build``. Two groups also give
files that lie in a module's source: Envoy Gateway's chart and the custom resource definitions.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from slipway_lab.cache import Cache, digest_of
from slipway_lab.golang import TOOLS, Toolchain
from slipway_lab.steps import Task

STRIP = "-s -w"
VERSION = "k8s.io/component-base/version"


@dataclass(frozen=True)
class Group:
    """Programs that are built together."""

    name: str
    title: str
    programs: tuple[str, ...]
    seconds: int
    rename: tuple[str, str] | None = None
    """Go names a program after its folder; this is the name it should have."""

    @property
    def folder(self) -> Path:
        """Where its go.mod lies."""
        return TOOLS / self.name

    @property
    def flags(self) -> str:
        """What the linker is told; Kubernetes takes its own version from there."""
        if self.name != "kubernetes":
            return STRIP
        version = module_version(self, "k8s.io/kubernetes")
        major, minor, _ = version.removeprefix("v").split(".")
        return f"{STRIP} -X {VERSION}.gitVersion={version} -X {VERSION}.gitMajor={major} -X {VERSION}.gitMinor={minor}"

    def digest(self) -> str:
        """What the programs are made from."""
        return digest_of(self.folder / "go.mod", self.folder / "go.sum", self.flags)

    def fresh(self, cache: Cache) -> bool:
        """Whether there is nothing to build."""
        return cache.fresh(f"go-{self.name}", self.digest(), *(cache.bin / name for name in self.programs))


GROUPS = (
    Group("etcd", "etcd", ("etcd",), 40, rename=("server", "etcd")),
    Group(
        "kubernetes",
        "Kubernetes (six programs)",
        ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"),
        290,
    ),
    Group("helm", "Helm", ("helm",), 100),
    Group("envoy-gateway", "Envoy Gateway", ("envoy-gateway",), 170),
    Group("coredns", "CoreDNS", ("coredns",), 100),
    Group("metrics-server", "metrics-server", ("metrics-server",), 80),
)


def module_version(group: Group, module: str) -> str:
    """The version of a module that the group's go.mod pins."""
    text = (group.folder / "go.mod").read_text()
    found = re.search(rf"^\s*(?:require )?{re.escape(module)} (v\S+)", text, re.MULTILINE)
    if not found:
        raise ValueError(f"{group.folder}/go.mod does not name {module}")
    return found[1]


def build(group: Group, cache: Cache, go: Toolchain, task: Task) -> None:
    """Build a group's programs into the cache."""
    digest = group.digest()
    target = cache.folder(f"bin.new/{group.name}")
    command = [go.program, "build", "-v", "-ldflags", group.flags, "-o", f"{target}/", "tool"]
    task.run(command, cwd=group.folder, env=go.environment)
    if group.rename:
        (target / group.rename[0]).rename(target / group.rename[1])
    if group.name == "envoy-gateway":
        _take_sources(group, cache, go, task)
    cache.bin.mkdir(exist_ok=True)
    for program in group.programs:
        (target / program).replace(cache.bin / program)
    shutil.rmtree(target)
    cache.mark(f"go-{group.name}", digest)


def _take_sources(group: Group, cache: Cache, go: Toolchain, task: Task) -> None:
    """Keep the chart and the definitions; the modules themselves are thrown away at the end."""
    sources = {module: _source(module, group, go, task) for module in (GATEWAY, GATEWAY_API)}
    with cache.fresh_folder("charts") as charts:
        shutil.copytree(sources[GATEWAY] / "charts" / "gateway-helm", charts / "gateway-helm")
        _writable(charts)
    experimental = sources[GATEWAY_API] / "config" / "crd" / "experimental"
    with cache.fresh_folder("crds") as crds:
        generated = sources[GATEWAY] / "charts" / "gateway-helm" / "charts" / "crds" / "crds" / "generated"
        for name, source in (("envoy-gateway", generated), ("gateway-api", experimental)):
            shutil.copytree(source, crds / name, ignore=shutil.ignore_patterns("kustomization.yaml"))
        _writable(crds)


GATEWAY = "github.com/envoyproxy/gateway"
GATEWAY_API = "sigs.k8s.io/gateway-api"


def _source(module: str, group: Group, go: Toolchain, task: Task) -> Path:
    command = [go.program, "list", "-m", "-f", "{{.Dir}}", module]
    return Path(task.runner.output(command, cwd=group.folder, env=go.environment).strip())


def _writable(folder: Path) -> None:
    """Files of the module cache are read-only; copies that nobody can remove would be a nuisance."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def drop_go_caches(cache: Cache, go: Toolchain, task: Task) -> None:
    """Free what only a build needs (about 13 GB)."""
    task.run([go.program, "clean", "-cache", "-modcache"], cwd=Path("/"), env=go.environment)
    for name in ("go-build", "go-mod", "bin.new"):
        shutil.rmtree(cache.root / name, ignore_errors=True)
