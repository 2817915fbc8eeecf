"""Models where the cluster can read them: a PersistentVolumeClaim ``models`` in the demo's namespace.

In the lab it is a folder that the node shares with this machine. Elsewhere it is a claim of the default storage
class, filled through a pod that does nothing else.
"""

import io
import tarfile
from pathlib import Path
from typing import Any

from slipway_demo.target import DemoError, Target

CLAIM = "models"


def publish(target: Target, namespace: str, folder: Path) -> None:
    """Make the claim and put the folder's contents (bundles) into it."""
    if target.host_folder:
        _share(target, namespace, folder, target.host_folder / namespace)
    else:
        _fill(target, namespace, folder)


def _share(target: Target, namespace: str, folder: Path, shared: Path) -> None:
    shared.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(_packed(folder))) as archive:
        archive.extractall(shared, filter="data")
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"{namespace}-{CLAIM}"},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadOnlyMany"],
            "hostPath": {"path": str(shared)},
            "storageClassName": "",
            "claimRef": {"namespace": namespace, "name": CLAIM},
        },
    }
    claim = _claim(namespace, ["ReadOnlyMany"]) | {}
    claim["spec"] |= {"storageClassName": "", "volumeName": f"{namespace}-{CLAIM}"}
    # A volume whose claim is gone stays Released and takes no new one: its claimRef is set anew.
    if target.get("pv", f"{namespace}-{CLAIM}") and not target.get("pvc", CLAIM, "-n", namespace):
        target.run("delete", "pv", f"{namespace}-{CLAIM}", "--wait=true")
    target.apply(volume, claim)


def _fill(target: Target, namespace: str, folder: Path) -> None:
    mount = {"name": CLAIM, "mountPath": "/models"}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "loader", "namespace": namespace},
        "spec": {
            "securityContext": {"fsGroup": 65532},
            "containers": [
                {
                    "name": "loader",
                    "image": target.predictor_image,
                    "command": ["sleep", "600"],
                    "volumeMounts": [mount],
                }
            ],
            "volumes": [{"name": CLAIM, "persistentVolumeClaim": {"claimName": CLAIM}}],
        },
    }
    target.apply(*_new_claim(target, namespace), pod)
    target.run("wait", "-n", namespace, "pod/loader", "--for=condition=Ready", "--timeout=180s")
    target.run(
        "exec",
        "-n",
        namespace,
        "-i",
        "loader",
        "--",
        "tar",
        "-xf",
        "-",
        "-C",
        "/models",
        stdin=_packed(folder),
    )
    target.run("delete", "-n", namespace, "pod/loader", "--wait=false", "--grace-period=1")


def _new_claim(target: Target, namespace: str) -> list[dict[str, Any]]:
    """A claim, if there is none. Who binds it? Better asked now than waited for in vain."""
    if target.get("pvc", CLAIM, "-n", namespace):
        return []
    classes = (target.get("storageclass") or {}).get("items", [])
    default = "storageclass.kubernetes.io/is-default-class"
    if not any(part["metadata"].get("annotations", {}).get(default) == "true" for part in classes):
        raise DemoError(
            "the cluster has no default StorageClass, which the models' claim needs: mark one with"
            f" {default}=true, or make a PersistentVolumeClaim {CLAIM} in namespace {namespace} and run again"
        )
    return [_claim(namespace, ["ReadWriteOnce"])]


def _claim(namespace: str, modes: list[str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": CLAIM, "namespace": namespace},
        "spec": {"accessModes": modes, "resources": {"requests": {"storage": "1Gi"}}},
    }


def _packed(folder: Path) -> bytes:
    """The folder as a tar archive, readable by everyone."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(folder.rglob("*")):
            entry = archive.gettarinfo(path, str(path.relative_to(folder)))
            entry.mode = 0o755 if path.is_dir() else 0o644
            if path.is_file():
                with path.open("rb") as content:
                    archive.addfile(entry, content)
            else:
                archive.addfile(entry)
    return buffer.getvalue()
