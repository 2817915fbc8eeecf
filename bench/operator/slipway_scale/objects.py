"""What the benchmark puts into the cluster: definitions, one gateway, one runtime, and ModelDeployments."""

from pathlib import Path
from typing import Any

import yaml

from slipway_lab.paths import CHECKOUT

Json = dict[str, Any]

NAMESPACE = "bench"
GATEWAY = "bench-gateway"
RUNTIME = "bench-runtime"
DIGEST = "sha256:" + "0" * 64
LABELS = {"gateway.networking.k8s.io/gateway-name": GATEWAY}


def definitions() -> list[Json]:
    """The CRDs: ours as it is, KServe's and the Gateway API's without their schemas."""
    files = ("manifests/crds/slipway.dev_modeldeployments.yaml", "lab/crds/kserve-minimal.yaml")
    found = [crd for file in files for crd in yaml.safe_load_all((CHECKOUT / file).read_text())]
    return [*found, schemaless("HTTPRoute", "httproutes"), schemaless("Gateway", "gateways")]


def surroundings(metrics_port: int) -> list[tuple[str, Json]]:
    """Everything that a ModelDeployment needs around it, with the paths to create it at."""
    core = f"/api/v1/namespaces/{NAMESPACE}"
    return [
        ("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}}),
        (f"{core}/serviceaccounts", {"metadata": {"name": "default"}}),  # or no pod would be admitted
        (
            f"{core}/services",
            {"metadata": {"name": GATEWAY, "labels": LABELS}, "spec": {"ports": [{"port": 80}]}},
        ),
        (
            f"/apis/gateway.networking.k8s.io/v1/namespaces/{NAMESPACE}/gateways",
            {
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "Gateway",
                "metadata": {"name": GATEWAY},
                "spec": {"listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
            },
        ),
        ("/apis/serving.kserve.io/v1alpha1/clusterservingruntimes", _runtime(metrics_port)),
    ]


def deployment(number: int, version: int = 1) -> Json:
    """One ModelDeployment: two steps of half a minute, looked at every 15 seconds."""
    return {
        "apiVersion": "slipway.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": f"model-{number}", "namespace": NAMESPACE},
        "spec": {
            "model": {
                "uri": f"s3://models/{number}/{version}",
                "version": str(version),
                "digest": DIGEST,
                "runtime": RUNTIME,
            },
            "rollout": {
                "gates": {name: {"enabled": False} for name in ("contract", "artifact", "warmup", "golden")},
                "steps": [{"weight": 10, "hold": "45s"}, {"weight": 50, "hold": "45s"}],
                "analysis": {"interval": "15s"},
                "keepStable": {"for": "0s"},
            },
        },
    }


def _runtime(metrics_port: int) -> Json:
    """The chart's runtime, as far as the operator reads it; its pods' counters are the benchmark's."""
    chart = yaml.safe_load_all((CHECKOUT / "manifests/install.yaml").read_text())
    runtime: Json = next(part for part in chart if part and part["kind"] == "ClusterServingRuntime")
    runtime["metadata"]["name"] = RUNTIME
    annotations = runtime["metadata"]["annotations"]
    del annotations["slipway.dev/admin"]
    annotations["slipway.dev/metrics"] = f"{metrics_port}/metrics"
    return runtime


def schemaless(kind: str, plural: str, group: str = "gateway.networking.k8s.io", version: str = "v1") -> Json:
    """A definition of the Gateway API's, or of another group, without its schema."""
    served = {
        "name": version,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, for measuring only"},
        },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()},
            "versions": [served],
        },
    }


def results_file() -> Path:
    """The committed table."""
    return CHECKOUT / "bench/operator/RESULTS.md"
