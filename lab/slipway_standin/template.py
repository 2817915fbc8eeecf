"""The placeholders of a serving runtime: ``{{.Name}}``, ``{{.Namespace}}``, ``{{.Labels.x}}``, ``{{.Annotations.x}}``.

KServe runs the whole container through Go's text templates; this is the part of them that runtimes use. A label
or annotation that is not there reads ``<no value>``, as Go prints it.
"""

import re
from typing import Any

from slipway_standin.objects import Obj, annotations_of, labels_of

_PLACEHOLDER = re.compile(r"\{\{\s*(.*?)\s*\}\}")
_FIELD = re.compile(r"\.(Name|Namespace|(?P<map>Labels|Annotations)\.(?P<key>[A-Za-z_]\w*))")
_INDEX = re.compile(r"index\s+\.(?P<map>Labels|Annotations)\s+`(?P<key>[^`]*)`")


class TemplateError(ValueError):
    """A placeholder that cannot be read; the message names it."""


def fill(value: Any, isvc: Obj) -> Any:
    """``value`` (any JSON) with the placeholders in all its strings filled from the InferenceService's metadata.

    Raises TemplateError for a placeholder that is none of the known ones.
    """
    if isinstance(value, dict):
        return {key: fill(item, isvc) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, isvc) for item in value]
    return _fill_text(value, isvc) if isinstance(value, str) and "{{" in value else value


def _fill_text(text: str, isvc: Obj) -> str:
    filled = _PLACEHOLDER.sub(lambda match: _evaluate(match.group(1), isvc), text)
    if "{{" in _PLACEHOLDER.sub("", text):
        raise TemplateError(f"unclosed placeholder in {text!r}: every '{{{{' needs its '}}}}'")
    return filled


def _evaluate(expression: str, isvc: Obj) -> str:
    if match := _FIELD.fullmatch(expression):
        if kind := match["map"]:
            return _map(kind, isvc).get(match["key"], "<no value>")
        return str(isvc["metadata"][match[1].lower()])
    if match := _INDEX.fullmatch(expression):
        return _map(match["map"], isvc).get(match["key"], "")
    raise TemplateError(
        f"unknown placeholder {{{{{expression}}}}}: use .Name, .Namespace, .Labels.x or .Annotations.x"
    )


def _map(kind: str, isvc: Obj) -> dict[str, str]:
    return labels_of(isvc) if kind == "Labels" else annotations_of(isvc)
