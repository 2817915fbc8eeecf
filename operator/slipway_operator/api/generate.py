"""``make generate``: writes the committed copies of the CRD, for kubectl and for the Helm chart.

Given a folder, it writes below that one instead (a test compares the two).
"""

import sys
from pathlib import Path

from slipway_operator.api.crd import HEAD, render

PLAIN = Path("manifests/crds/slipway.dev_modeldeployments.yaml")
TEMPLATE = Path("charts/slipway/templates/crd.yaml")
_METADATA = "metadata:\n  name:"
_KEPT = "metadata:\n  annotations:\n    helm.sh/resource-policy: keep\n  name:"


def files() -> dict[Path, str]:
    """What the committed files must hold, by path from the checkout's root."""
    plain = render()
    if "{{" in plain:
        raise ValueError("a description holds '{{', which Helm would take for a template")
    body = plain.removeprefix(HEAD).replace(_METADATA, _KEPT, 1)
    return {PLAIN: plain, TEMPLATE: f"{{{{- if .Values.crds.install }}}}\n{HEAD}{body}{{{{- end }}}}\n"}


def main() -> None:
    """Write the files."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    for path, text in files().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


if __name__ == "__main__":
    main()
