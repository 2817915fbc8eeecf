"""The placeholders of serving runtimes."""

from typing import Any

import pytest

from slipway_standin.template import TemplateError, fill


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("--model={{.Name}}", "--model=m"),
        ("{{ .Namespace }}/{{.Name}}", "ns/m"),
        ("{{.Labels.team}}", "risk"),
        ("{{.Labels.nope}}", "<no value>"),
        ("{{.Annotations.note}}", "x"),
        ("{{index .Annotations `serving.kserve.io/deploymentMode`}}", "Standard"),
        ("{{index .Labels `nope`}}", ""),
    ],
)
def test_filled(an_isvc: Any, text: str, filled: str) -> None:
    assert fill({"args": [text], "n": 1}, an_isvc()) == {"args": [filled], "n": 1}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{{.Spec}}", "unknown placeholder {{.Spec}}"),
        ("{{.Name", "unclosed placeholder"),
        ("{{}}", "unknown"),
    ],
)
def test_refused(an_isvc: Any, text: str, sentence: str) -> None:
    with pytest.raises(TemplateError, match=sentence.replace("{", r"\{")):
        fill(text, an_isvc())
