"""The CustomResourceDefinition, generated from ``spec`` and ``status``.

``python -m slipway_operator.api.crd`` prints it; the committed copies are made by ``make generate``.
Pydantic's JSON Schema becomes a structural schema: references inlined, null dropped (absent is how Kubernetes says
that), titles dropped, and only what apiextensions/v1 knows kept.
"""

import sys
from typing import Any

import yaml

from slipway_operator.api import names
from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.api.status import ModelDeploymentStatus

_KEPT = {
    "type", "description", "properties", "required", "items", "enum", "format", "pattern",
    "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "additionalProperties",
    "default", "nullable",
}  # fmt: skip

_ROOT_RULES = [
    {
        "rule": "self.metadata.name.size() <= 40",
        "message": "metadata.name may have 40 characters at most: KServe's objects add to it",
    },
    {
        "rule": "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
        "message": "metadata.name must be lower-case letters, digits and '-', starting with a letter",
    },
]

_COLUMNS = [
    ("Phase", "string", ".status.phase", "What happens now"),
    ("Stable", "string", ".status.stable.version", "The version that serves"),
    ("Canary", "string", ".status.canary.version", "The version on its way"),
    ("Weight", "integer", ".status.weight", "The canary's share of requests in percent"),
    ("Verdict", "string", ".status.verdict", "The latest verdict on the canary"),
    ("URL", "string", ".status.url", "Where clients reach the model"),
    ("Age", "date", ".metadata.creationTimestamp", ""),
]


def crd() -> dict[str, Any]:
    """The whole CustomResourceDefinition object."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names.PLURAL}.{names.GROUP}"},
        "spec": {
            "group": names.GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": names.KIND,
                "listKind": f"{names.KIND}List",
                "plural": names.PLURAL,
                "singular": names.KIND.lower(),
                "shortNames": ["md"],
                "categories": ["all"],
            },
            "versions": [_version()],
        },
    }


def _version() -> dict[str, Any]:
    return {
        "name": names.VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [_column(*column) for column in _COLUMNS],
        "schema": {
            "openAPIV3Schema": {
                "type": "object",
                "description": "A model that is rolled out on KServe by evidence: canary steps, verdicts, and a way back.",
                "required": ["spec"],
                "properties": {
                    "apiVersion": {"type": "string"},
                    "kind": {"type": "string"},
                    "metadata": {"type": "object"},
                    "spec": structural(ModelDeploymentSpec.model_json_schema(by_alias=True)),
                    "status": structural(
                        ModelDeploymentStatus.model_json_schema(by_alias=True, mode="serialization")
                    ),
                },
                "x-kubernetes-validations": _ROOT_RULES,
            }
        },
    }


def _column(name: str, kind: str, path: str, description: str) -> dict[str, str]:
    column = {"name": name, "type": kind, "jsonPath": path}
    return {**column, "description": description} if description else column


def structural(schema: dict[str, Any]) -> dict[str, Any]:
    """A structural schema from pydantic's JSON Schema."""
    return _convert(schema, schema.get("$defs", {}))


def _convert(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    node = _merge(node, definitions)
    kept = {key: value for key, value in node.items() if _is_kept(key) and value is not None}
    # A default of null or of an empty container would only be noise in every stored object.
    if not isinstance(kept.get("default"), str | int):
        kept.pop("default", None)
    if "properties" in kept:
        kept["properties"] = {name: _convert(part, definitions) for name, part in kept["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(kept.get(key), dict):
            kept[key] = _convert(kept[key], definitions)
    if kept.get("additionalProperties") is True:
        del kept["additionalProperties"]
    return kept


def _is_kept(key: str) -> bool:
    return key in _KEPT or key.startswith("x-kubernetes-")


def _merge(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Inline ``$ref`` and the one meant alternative of ``X | None``; what stands beside them wins."""
    if "$ref" in node:
        rest = {key: value for key, value in node.items() if key != "$ref"}
        return _merge({**definitions[node["$ref"].rpartition("/")[2]], **rest}, definitions)
    if "anyOf" in node:
        (meant,) = [part for part in node["anyOf"] if part.get("type") != "null"]
        rest = {key: value for key, value in node.items() if key != "anyOf"}
        return {**_merge(meant, definitions), **rest}
    return node


def render() -> str:
    """The CRD as the committed YAML file."""
    head = "# Generated by `make generate` from slipway_operator/api: do not edit.\n"
    return head + yaml.safe_dump(crd(), sort_keys=False, width=110, allow_unicode=True)


if __name__ == "__main__":
    sys.stdout.write(render())
