"""KServe's protobuf messages without the rest of its SDK, whose import takes longer than a whole start.

The file that KServe generates needs nothing of KServe; it is loaded under its own name, so that an import of the SDK
later on finds it there.
"""

import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

_NAME = "kserve.protocol.grpc.grpc_predict_v2_pb2"


def _load() -> ModuleType:
    if _NAME in sys.modules:
        return sys.modules[_NAME]
    package = find_spec("kserve")  # looks for it without importing it
    if package is None or package.origin is None:
        raise ModuleNotFoundError("No module named 'kserve'", name="kserve")
    file = Path(package.origin).parent.joinpath(*_NAME.split(".")[1:]).with_suffix(".py")
    spec = spec_from_file_location(_NAME, file)
    assert spec is not None  # noqa: S101 (a .py file always has one)
    assert spec.loader is not None  # noqa: S101
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[_NAME] = module
    return module


pb = _load()
"""The messages, as attributes."""
SERVICE = pb.DESCRIPTOR.services_by_name["GRPCInferenceService"]
"""The protocol's service: its name and its methods."""
