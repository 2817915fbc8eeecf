"""Which InferenceService controller the lab runs, and how one is put in another's place.

``standin`` is ours (``slipway_standin``); ``manager`` is KServe's own binary, given by ``KSERVE_MANAGER`` with its
definitions and configuration in ``KSERVE_CONFIG``; ``none`` leaves the place free and installs no definitions.
"""

import base64
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from slipway_lab import credentials
from slipway_lab.addresses import (
    GATEWAY_NAME,
    GATEWAY_NAMESPACE,
    KSERVE_HEALTH_PORT,
    KSERVE_METRICS_PORT,
    NODE_ADDRESS,
    WEBHOOK_PORT,
)
from slipway_lab.cache import digest_of
from slipway_lab.errors import LabError
from slipway_lab.lab import Lab
from slipway_lab.paths import CHECKOUT

PROCESS = "kserve"
GROUP = "serving.kserve.io"
GATEWAY = f"{GATEWAY_NAMESPACE}/{GATEWAY_NAME}"
WEBHOOKS_URL = f"https://{NODE_ADDRESS}:{WEBHOOK_PORT}"
MINIMAL = CHECKOUT / "lab" / "crds" / "kserve-minimal.yaml"
NAMESPACE = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {GATEWAY_NAMESPACE}}}\n"


@dataclass(frozen=True)
class Mode:
    """What was asked for."""

    name: str
    config: Path | None = None
    manager: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Mode":
        """Read KSERVE, KSERVE_MANAGER and KSERVE_CONFIG; raises ``LabError`` where they make no sense."""
        kserve = environment.get("KSERVE") or "standin"
        config = _existing(environment, "KSERVE_CONFIG", "a folder laid out like KServe's crds/ and config/")
        manager = _existing(environment, "KSERVE_MANAGER", "KServe's controller binary")
        if kserve not in ("standin", "none"):
            raise LabError(
                f"KSERVE={kserve}: say KSERVE=none for no controller, or leave it out for the stand-in"
            )
        if manager and kserve == "none":
            raise LabError("KSERVE=none and KSERVE_MANAGER contradict each other: leave one of them out")
        if config and not (config / "crds").is_dir():
            raise LabError(f"KSERVE_CONFIG={config} has no folder crds/ with KServe's definitions")
        if manager and not config:
            raise LabError(
                "KSERVE_MANAGER needs KSERVE_CONFIG too: the folder with KServe's crds/ and config/"
            )
        if manager and not os.access(manager, os.X_OK):
            raise LabError(f"KSERVE_MANAGER={manager} is not executable: chmod +x {manager}")
        return cls("manager" if manager else kserve, None if kserve == "none" else config, manager)

    def describe(self) -> str:
        """For people."""
        if self.name == "none":
            return "no InferenceService controller, no KServe definitions (KSERVE=none)"
        definitions = (
            f"KServe's definitions from {self.config}" if self.config else "minimal definitions of our own"
        )
        who = f"KServe's controller {self.manager}" if self.manager else "a stand-in for KServe's controller"
        return f"{who}, {definitions}"


def install(lab: Lab, mode: Mode) -> None:
    """Make the cluster have exactly this controller and its definitions, whatever was there before."""
    if mode.name == "none":
        uninstall(lab)
        return
    lab.apply(NAMESPACE)
    _define(lab, mode.config / "crds" if mode.config else MINIMAL)
    command, environment = _manager(lab, mode) if mode.manager else _standin(lab)
    _make_way(lab, command)
    if mode.manager and mode.config:
        configure(lab, mode.config)
    lab.launcher.ensure(PROCESS, command, environment=environment)
    health = f"http://127.0.0.1:{KSERVE_HEALTH_PORT}/readyz"
    lab.wait_for(PROCESS, lambda: lab.answers(health), "the InferenceService controller was not ready", 90)
    if mode.manager and mode.config:
        lab.apply(json.dumps(webhooks(mode.config, lab.credentials.authority.read_bytes())))


def _define(lab: Lab, definitions: Path) -> None:
    digest = digest_of(definitions)
    if not lab.done_before("kserve-definitions", digest):
        lab.apply(definitions)
        lab.kubectl("wait", "--for=condition=Established", "--timeout=60s", *_definitions(lab))
        lab.mark_done("kserve-definitions", digest)


def uninstall(lab: Lab) -> None:
    """Remove the controller, its webhooks, its definitions and with them every object of theirs.

    Once: what is there after that is somebody else's, who has put a controller in the free place.
    """
    if lab.done_before("kserve-definitions", "none"):
        return
    names = _definitions(lab)
    lab.mark_done("kserve-definitions", "none")
    lab.launcher.stop(PROCESS)
    _drop_webhooks(lab)
    for name in names:
        # Nobody is left who would take a finalizer away, and a definition goes only when its last object has.
        kind = name.removeprefix("customresourcedefinition.apiextensions.k8s.io/")
        for item in lab.items(kind, "--all-namespaces"):
            if item["metadata"].get("finalizers"):
                where = (
                    ["--namespace", item["metadata"]["namespace"]] if "namespace" in item["metadata"] else []
                )
                patch = ["--type=merge", "--patch", '{"metadata":{"finalizers":null}}']
                lab.kubectl("patch", kind, item["metadata"]["name"], *where, *patch)
    if names:
        lab.kubectl("delete", "--timeout=60s", *names)


def configure(lab: Lab, config: Path) -> None:
    """Apply KServe's configuration, turned to Standard mode and the lab's Gateway, and a certificate."""
    for document in _documents(config / "config" / "inferenceservice-config.yaml"):
        lab.apply(json.dumps(standard_mode(document)))
    lab.apply(config / "config" / "clusterstoragecontainer-default.yaml")
    credentials.issue(lab.credentials, "webhook", [NODE_ADDRESS])
    folder = _temporary(lab) / "k8s-webhook-server" / "serving-certs"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tls.crt").write_bytes(lab.credentials.certificate("webhook").read_bytes())
    (folder / "tls.key").write_bytes(lab.credentials.key("webhook").read_bytes())


def standard_mode(config: Mapping[str, Any]) -> dict[str, Any]:
    """KServe's ConfigMap with Standard mode and Gateway API on; everything else as it was."""
    data = dict(config["data"])
    changes: dict[str, dict[str, Any]] = {
        "deploy": {"defaultDeploymentMode": "Standard"},
        "ingress": {
            "enableGatewayApi": True,
            "disableIstioVirtualHost": True,
            "kserveIngressGateway": GATEWAY,
        },
    }
    for key, change in changes.items():
        data[key] = json.dumps(json.loads(data[key]) | change)
    return {**config, "data": data}


def webhooks(config: Path, authority: bytes) -> dict[str, Any]:
    """KServe's webhook configurations, led to the process on the node instead of a Service."""
    documents = _documents(config / "config" / "webhooks.yaml")
    for document in documents:
        for webhook in document["webhooks"]:
            path = webhook["clientConfig"].pop("service")["path"]
            webhook["clientConfig"]["url"] = WEBHOOKS_URL + path
            webhook["clientConfig"]["caBundle"] = base64.b64encode(authority).decode()
        document["metadata"].pop("creationTimestamp", None)
    return {"apiVersion": "v1", "kind": "List", "items": documents}


def _standin(lab: Lab) -> tuple[list[str], dict[str, str]]:
    command = [
        *(sys.executable, "-m", "slipway_standin"),
        *("--kubeconfig", str(lab.paths.kubeconfig_inside)),
        *("--gateway", GATEWAY),
        *("--webhook-address", f"{NODE_ADDRESS}:{WEBHOOK_PORT}"),
    ]
    return command, {"PYTHONPATH": str(CHECKOUT / "lab"), "PYTHONUNBUFFERED": "1"}


def _manager(lab: Lab, mode: Mode) -> tuple[list[str], dict[str, str]]:
    command = [
        str(mode.manager),
        f"--metrics-addr=127.0.0.1:{KSERVE_METRICS_PORT}",
        f"--health-probe-addr=127.0.0.1:{KSERVE_HEALTH_PORT}",
    ]
    environment = {
        "POD_NAMESPACE": GATEWAY_NAMESPACE,
        "KUBECONFIG": str(lab.paths.kubeconfig_inside),
        "TMPDIR": str(_temporary(lab)),
    }
    return command, environment


def _make_way(lab: Lab, command: list[str]) -> None:
    """Stop another controller that holds the place, and its webhooks: nobody would answer them."""
    if not lab.launcher.runs_as(PROCESS, command):
        lab.launcher.stop(PROCESS)
        _drop_webhooks(lab)


def _drop_webhooks(lab: Lab) -> None:
    for kind in ("validatingwebhookconfiguration", "mutatingwebhookconfiguration"):
        for item in lab.items(kind):
            urls = [webhook["clientConfig"].get("url", "") for webhook in item.get("webhooks", [])]
            if any(url.startswith(WEBHOOKS_URL) for url in urls):
                lab.kubectl("delete", kind, item["metadata"]["name"], "--ignore-not-found")


def _definitions(lab: Lab) -> list[str]:
    names = lab.kubectl("get", "crd", "--output=name").split()
    return [name for name in names if name.endswith(f".{GROUP}")]


def _temporary(lab: Lab) -> Path:
    return lab.paths.config / "kserve"


def _documents(path: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def _existing(environment: Mapping[str, str], name: str, what: str) -> Path | None:
    if not environment.get(name):
        return None
    path = Path(environment[name]).absolute()
    if not path.exists():
        raise LabError(f"{name}={environment[name]} does not exist: it should be {what}")
    return path
