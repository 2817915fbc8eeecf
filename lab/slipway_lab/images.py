"""The images of the lab, built with buildah and kept as archives: no registry, no daemon, nothing left mounted.

The operator's and the predictor's come from the Dockerfiles that users have; the lab only gives them another base
and a wheel house. A tag tells the content, so a cluster never runs something older than it says.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from slipway_lab import base, packages, tools, wheels
from slipway_lab.cache import Cache, digest_of
from slipway_lab.golang import Toolchain
from slipway_lab.paths import CHECKOUT
from slipway_lab.steps import Task

RECIPES = CHECKOUT / "lab" / "images"
BASE = "localhost/slipway-base"
WHEELS = "/wheels"
TITLES = {"operator": "the operator", "predictor": "the predictor", "mlserver": "MLServer"}
"""How people call the images that are made from wheels."""
WITH_LIBRARIES = 'mount --bind "$0" /etc/ld.so.cache && exec "$@"'
"""buildah runs itself again with the container's environment, so LD_LIBRARY_PATH does not reach it."""


@dataclass(frozen=True)
class Image:
    """One image: where it is described and the digest of all that goes into it."""

    name: str
    dockerfile: Path
    context: Path
    digest: str
    size: int
    """Megabytes of its archive, about."""

    @property
    def tag(self) -> str:
        """The version and what the image contains, in twelve hex digits."""
        return f"{version()}-{self.digest[:12]}"

    @property
    def reference(self) -> str:
        """What a pod writes as its image."""
        return f"localhost/slipway-{self.name}:{self.tag}"

    def archive(self, cache: Cache) -> Path:
        """Where the built image is kept."""
        return cache.images / f"{self.name}-{self.tag}.tar"

    def fresh(self, cache: Cache) -> bool:
        """Whether it has been built."""
        return cache.fresh(f"image-{self.name}", self.digest, self.archive(cache))


def version() -> str:
    """The project's version, as pyproject.toml has it."""
    text = (CHECKOUT / "pyproject.toml").read_text()
    return str(re.findall(r'^version = "(.+)"$', text, re.MULTILINE)[0])


def ours(name: str) -> Image:
    """The operator's or the predictor's image."""
    dockerfile = CHECKOUT / name / "Dockerfile"
    sources = [
        CHECKOUT / part
        for part in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "contract", name)
    ]
    digest = digest_of(base.digest(), wheels.digest(name), *sources)
    return Image(name, dockerfile, CHECKOUT, digest, 480 if name == "predictor" else 290)


def pause(cache: Cache) -> Image:
    """The process that holds a pod's network."""
    folder = cache.root / "pause"
    return Image("pause", RECIPES / "Dockerfile.pause", folder, digest_of(RECIPES / "pause"), 2)


def gateway(cache: Cache) -> Image:
    """Envoy and Envoy Gateway in one image, for the control plane, the proxy and its shutdown manager."""
    recipe = RECIPES / "Dockerfile.gateway"
    group = next(group for group in tools.GROUPS if group.name == "envoy-gateway")
    digest = digest_of(recipe, base.digest(), group.digest(), wheels.REQUIREMENTS / "lab.txt")
    return Image("gateway", recipe, cache.root / "gateway", digest, 390)


def mlserver() -> Image:
    """MLServer from PyPI: a server that is not ours. Built only for who asks for it."""
    recipe = RECIPES / "Dockerfile.mlserver"
    digest = digest_of(recipe, base.digest(), wheels.digest("mlserver"))
    return Image("mlserver", recipe, wheels.REQUIREMENTS, digest, 620)


@dataclass(frozen=True)
class Builder:
    """Calls buildah with storage in the cache."""

    cache: Cache
    environment: dict[str, str]

    def base(self, task: Task) -> None:
        """Make the base image from debootstrap's archive, unless its layers are in the storage already."""
        recipe = RECIPES / "Dockerfile.base"
        self._bud(task, f"{BASE}:{base.digest()[:12]}", recipe, base.archive(self.cache).parent)

    def build(self, image: Image, task: Task, *, house: Path | None = None) -> None:
        """Build an image and keep its archive; archives of the same name with another tag are dropped."""
        options = ["--build-arg", f"BASE={BASE}:{base.digest()[:12]}"]
        if house:
            options += [
                "--build-arg",
                f"PIP_FLAGS=--no-index --find-links {WHEELS}",
                "--volume",
                f"{house}:{WHEELS}:ro",
            ]
        self._bud(task, image.reference, image.dockerfile, image.context, options)
        archive = image.archive(self.cache)
        archive.parent.mkdir(parents=True, exist_ok=True)
        building = archive.with_suffix(".new")
        building.unlink(missing_ok=True)
        task.note("writing the archive")
        self._buildah(
            task, "push", "--quiet", image.reference, f"docker-archive:{building}:{image.reference}"
        )
        for old in archive.parent.glob(f"{image.name}-{version()}-*.tar"):
            old.unlink()
        building.replace(archive)
        self.cache.mark(f"image-{image.name}", image.digest)

    def _bud(
        self, task: Task, reference: str, dockerfile: Path, context: Path, options: list[str] | None = None
    ) -> None:
        flags = ["--layers", "--format=docker", "--pull-never", *(options or [])]
        self._buildah(task, "bud", *flags, "--tag", reference, "--file", dockerfile, context)

    def _buildah(self, task: Task, command: str, *words: str | Path) -> None:
        storage = self.cache.folder("buildah")
        policy = self._policy(storage)
        where: list[str | Path] = [
            "--root",
            storage / "root",
            "--runroot",
            storage / "run",
            "--storage-driver=overlay",
        ]
        if command == "push":
            words = (f"--signature-policy={policy}", *words)
        else:
            words = ("--isolation=chroot", f"--signature-policy={policy}", *words)
        # In a mount namespace of its own: an interrupted build leaves no mount behind.
        enter: list[str | Path] = [
            "unshare",
            "--mount",
            "--",
            "/bin/sh",
            "-c",
            WITH_LIBRARIES,
            packages.library_cache(self.cache),
        ]
        task.run([*enter, "buildah", *where, command, *words], env=self._env(storage))

    def _env(self, storage: Path) -> dict[str, str]:
        own = {
            "HOME": str(storage / "home"),
            "TMPDIR": str(storage / "tmp"),
            "CONTAINERS_REGISTRIES_CONF": "/dev/null",
        }
        for folder in ("home", "tmp"):
            (storage / folder).mkdir(exist_ok=True)
        return self.environment | own

    def _policy(self, storage: Path) -> Path:
        policy = storage / "policy.json"
        policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}\n')
        return policy


def build_pause(cache: Cache, go: Toolchain, task: Task) -> None:
    """Compile the pause program: a few lines of Go, since a C compiler may be missing."""
    folder = cache.folder("pause")
    task.run(
        [go.program, "build", "-ldflags", "-s -w", "-o", folder / "pause", "."],
        cwd=RECIPES / "pause",
        env=go.environment,
    )


def stage_gateway(cache: Cache) -> None:
    """Lay the two programs of the gateway's image out as its build context."""
    with cache.fresh_folder("gateway") as folder:
        shutil.copy2(cache.root / "envoy" / "envoy", folder / "envoy")
        shutil.copy2(cache.bin / "envoy-gateway", folder / "envoy-gateway")
