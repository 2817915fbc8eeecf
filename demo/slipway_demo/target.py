"""Where the demo runs: the lab, a cluster the user has, or one that kind makes. The rest is the same everywhere."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slipway_lab.loopback import free_port

CHECKOUT = Path(__file__).resolve().parents[2]


class DemoError(Exception):
    """Something the user can act on; printed without a traceback."""


@dataclass(frozen=True)
class Target:
    """A cluster, and how to reach it."""

    title: str
    kubectl: Sequence[str]
    helm: Sequence[str]
    gateway: str
    """namespace/name of the Gateway."""
    operator_image: str
    predictor_image: str
    url: str = ""
    """Where the gateway answers from here; empty: through a port-forward."""
    host_folder: Path | None = None
    """A folder that the node shares with this machine; None where there is none."""
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, stdin: str | bytes | None = None, check: bool = True) -> str:
        """kubectl; returns what it prints, raises DemoError with what it says."""
        return self._call([*self.kubectl, *arguments], stdin, check)

    def run_helm(self, *arguments: str) -> str:
        """helm, likewise."""
        return self._call([*self.helm, *arguments], None, True)

    def get(self, *arguments: str) -> dict[str, Any] | None:
        """An object as JSON; None where there is none."""
        text = self.run("get", *arguments, "-o", "json", "--ignore-not-found")
        found: dict[str, Any] | None = json.loads(text) if text.strip() else None
        return found

    def apply(self, *documents: dict[str, Any]) -> None:
        """kubectl apply."""
        listing = {"apiVersion": "v1", "kind": "List", "items": list(documents)}
        self.run("apply", "-f", "-", stdin=json.dumps(listing))

    def _call(self, command: Sequence[str], stdin: str | bytes | None, check: bool) -> str:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            command, input=data, capture_output=True, env={**os.environ, **self.environment}, check=False
        )
        if check and done.returncode:
            shown = " ".join(str(part) for part in command[:6])
            raise DemoError(f"`{shown} …` failed: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode(errors="replace")


def context_target(name: str) -> Target:
    """A cluster of the user's, by kubeconfig context; the environment names its gateway and the images."""
    for program in ("kubectl", "helm"):
        if not shutil.which(program):
            raise DemoError(f"{program} is not on the PATH: it is needed to run the demo on context {name}")
    missing = [key for key in ("GATEWAY", "OPERATOR_IMAGE", "PREDICTOR_IMAGE") if not os.environ.get(key)]
    if missing:
        raise DemoError(
            f"make demo CONTEXT={name} also needs {', '.join(missing)}: GATEWAY=namespace/name of a Gateway, and the"
            " images as the cluster can pull them (build them with operator/Dockerfile and predictor/Dockerfile)"
        )
    return Target(
        title=f"the cluster of kubeconfig context {name}",
        kubectl=["kubectl", "--context", name],
        helm=["helm", "--kube-context", name],
        gateway=os.environ["GATEWAY"],
        operator_image=os.environ["OPERATOR_IMAGE"],
        predictor_image=os.environ["PREDICTOR_IMAGE"],
        url=os.environ.get("GATEWAY_URL", ""),
    )


@contextmanager
def reachable(target: Target) -> Iterator[str]:
    """The URL at which the gateway answers; a port-forward lasts as long as the block."""
    if target.url:
        yield target.url
        return
    namespace, _, name = target.gateway.partition("/")
    service = _gateway_service(target, namespace, name)
    port = free_port()
    forward = subprocess.Popen(
        [*target.kubectl, "-n", service[0], "port-forward", f"service/{service[1]}", f"{port}:80"],
        stdout=subprocess.DEVNULL,
        env={**os.environ, **target.environment},
    )
    try:
        _await_port(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        forward.terminate()
        forward.wait()


def _gateway_service(target: Target, namespace: str, name: str) -> tuple[str, str]:
    selectors = (
        f"gateway.networking.k8s.io/gateway-name={name}",
        f"gateway.envoyproxy.io/owning-gateway-name={name},gateway.envoyproxy.io/owning-gateway-namespace={namespace}",
    )
    for selector in selectors:
        found = target.get("services", "--all-namespaces", "-l", selector)
        for item in (found or {}).get("items", []):
            return item["metadata"]["namespace"], item["metadata"]["name"]
    raise DemoError(f"no Service of Gateway {target.gateway} was found: give GATEWAY_URL=http://host:port")


def _await_port(port: int, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise DemoError(f"the port-forward to the gateway did not come up within {seconds:.0f} s")
