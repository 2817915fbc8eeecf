"""Pipelines over text: scikit-learn's vectorizers take a list of documents where every other estimator takes a table."""

from typing import Any

from slipway_predictor.engines.wrapped import handed


def takes_documents(estimator: Any) -> bool:
    """Tell whether what a fitted estimator does first is to take documents apart, so that it wants [n] texts."""
    if inner := handed(estimator):
        return takes_documents(inner[0])
    if steps := getattr(estimator, "steps", None):
        first = next((step for _, step in steps if step not in (None, "passthrough")), None)
        return takes_documents(first)
    if type(estimator).__name__ == "FeatureUnion":
        return any(takes_documents(part) for _, part in estimator.transformer_list)
    kinds = {(kind.__module__, kind.__name__) for kind in type(estimator).__mro__}
    return ("sklearn.feature_extraction.text", "_VectorizerMixin") in kinds
