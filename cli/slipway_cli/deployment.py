"""The ModelDeployment for a bundle, as YAML to apply."""

import re

import yaml

from slipway_contract import Bundle


def deployment_yaml(bundle: Bundle, uri: str | None = None) -> str:
    """Return the smallest ModelDeployment that serves the bundle, pinned to its digest.

    `uri` is where the bundle will lie, in KServe's own words; without it a place on a volume claim is proposed.
    """
    manifest = bundle.manifest
    resource = _resource_name(manifest.name)
    model: dict[str, str] = {} if resource == manifest.name else {"name": manifest.name}
    model |= {
        "uri": uri or f"pvc://models/{manifest.name}/{manifest.version}",
        "version": manifest.version,
        "digest": bundle.digest,
    }
    document = {
        "apiVersion": "slipway.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": resource},
        "spec": {"model": model},
    }
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=2**31)
    if uri is None:
        text = re.sub(
            r"(?m)^(    uri: .*)$", r"\1  # where you put the bundle: change it, or give --uri", text
        )
    return text


def _resource_name(name: str) -> str:
    """Return a Kubernetes object name for a model's name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50].strip("-")
