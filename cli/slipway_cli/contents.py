"""What a model is made of: the libraries whose versions its bundle writes down, and classes that it would not find.

Seen by pickling it into nowhere and looking at what passes.
"""

import io
import pickle
import sys
from collections.abc import Mapping
from importlib.metadata import packages_distributions, version
from typing import Any

from slipway_contract import BundleError
from slipway_predictor.bundle.versions import SCIKIT, installed
from slipway_predictor.engines import OnnxEngine

_CANONICAL = {"sklearn": SCIKIT, "xgboost": "xgboost"}  # whichever distribution brings the module


def libraries_of(model: Any, keeper: str, wheels: Mapping[str, bytes]) -> dict[str, str]:
    """Return the libraries of a loaded model by their distributions' names, with their versions here.

    `keeper` is the library its format is of: joblib, skops or onnxruntime; `wheels` what the bundle brings itself.
    Raises BundleError naming a class of a script or notebook, which no other process can import; says on stderr which
    modules are of no installed package and of no wheel.
    """
    if isinstance(model, OnnxEngine):
        return {keeper: installed(keeper)}
    seen = _modules(model)
    _require_no_script(seen)
    found, lost = {name: installed(name) for name in (SCIKIT, "numpy", keeper)}, []
    homes = packages_distributions()
    for top in sorted({module.split(".")[0] for module in seen} - sys.stdlib_module_names):
        if name := _CANONICAL.get(top):
            found[name] = installed(name)
        elif top in homes:
            found[homes[top][0]] = version(homes[top][0])
        else:
            lost.append(top)
    if lost and not wheels:
        print(
            f"note: the pipeline uses {', '.join(lost)}, which no installed package brings: the predictor needs it as well. "
            "Make a wheel of it and give it with --code, or add it to the predictor's image",
            file=sys.stderr,
        )
    return found


def _require_no_script(seen: Mapping[str, str]) -> None:
    if name := seen.get("__main__"):
        raise BundleError(
            f"the pipeline holds '{name}', which a script or notebook defines itself, so that no server can import it: move "
            "it into a module, make a wheel of that, fit again, and give the wheel with --code"
        )


def _modules(model: Any) -> dict[str, str]:
    """Return the modules of all classes and functions in a model, each with one of their names."""
    seen: dict[str, str] = {}

    class Watcher(pickle.Pickler):
        def reducer_override(self, value: Any) -> Any:
            kind = value if isinstance(value, type) or hasattr(value, "__qualname__") else type(value)
            seen.setdefault(str(getattr(kind, "__module__", None)), getattr(kind, "__qualname__", ""))
            return NotImplemented

    class Nowhere(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            return len(data)

    Watcher(Nowhere()).dump(model)
    return seen
