"""``make generate``: writes the committed copies of the CRDs, for kubectl and for the Helm chart.

Given a folder, it writes below that one instead (a test compares the two).
"""

import sys
from pathlib import Path
from typing import Any

from slipway_operator.api.crd import HEAD, crds, render

PLAIN = Path("manifests/crds")
TEMPLATE = Path("charts/slipway/templates/crd.yaml")
_METADATA = "metadata:\n  name:"
_KEPT = "metadata:\n  annotations:\n    helm.sh/resource-policy: keep\n  name:"


def files() -> dict[Path, str]:
    """What the committed files must hold, by path from the checkout's root."""
    plain = {_path(definition): render(definition) for definition in crds()}
    bodies = [text.removeprefix(HEAD).replace(_METADATA, _KEPT, 1) for text in plain.values()]
    body = "---\n".join(bodies).replace("{{", '{{ "{{" }}')  # or Helm would take a description for a template
    chart = f"{{{{- if .Values.crds.install }}}}\n{HEAD}{body}{{{{- end }}}}\n"
    return {**plain, TEMPLATE: chart}


def _path(definition: dict[str, Any]) -> Path:
    names = definition["spec"]["names"]
    return PLAIN / f"{definition['spec']['group']}_{names['plural']}.yaml"


def main() -> None:
    """Write the files."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    for path, text in files().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


if __name__ == "__main__":
    main()
