"""What makes a revision: a hash over what the user wrote that reaches the pod.

Never over the operator's own rendering, so that an upgraded operator makes no new revision. Scale bounds are left
out: they are applied in place.
"""

import hashlib
import json
from typing import Any

from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.api.status import Revision

SCALE_FIELDS = ("minReplicas", "maxReplicas", "scaleTarget", "scaleMetric", "scaleMetricType", "autoScaling")
HASH_DIGITS = 8


def revision_of(spec: ModelDeploymentSpec) -> Revision:
    """The revision that this spec asks for."""
    transformer = spec.template and spec.template.spec and spec.template.spec.transformer
    return Revision(
        revision=revision_hash(spec),
        version=spec.model.version or default_version(spec.model.uri),
        uri=spec.model.uri,
        digest=spec.model.digest,
        component="transformer" if transformer else "predictor",
    )


def revision_hash(spec: ModelDeploymentSpec) -> str:
    """Eight hex digits; equal for specs that differ only in spelling out an empty block or in scale bounds."""
    content = {"model": spec.model.to_json(), "template": spec.template.to_json() if spec.template else {}}
    text = json.dumps(_pruned(content), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]


def default_version(uri: str) -> str:
    """The last segment of the uri, shortened to what a label-like field takes."""
    path = uri.partition("://")[2].rstrip("/")
    return (path.rpartition("/")[2] or path)[-63:]


def _pruned(value: Any) -> Any:
    """Without scale bounds (of any component) and without empty objects."""
    if not isinstance(value, dict):
        return value
    parts = {key: _pruned(part) for key, part in value.items() if key not in SCALE_FIELDS}
    return {key: part for key, part in parts.items() if part != {}}
