"""KServe's SDK, imported so that it neither reads our command line nor writes to our log.

`kserve.model_server` parses `sys.argv` when imported, and takes abbreviations of its own flags for them.
"""

import sys

_arguments, sys.argv = sys.argv, sys.argv[:1]
try:
    from kserve import Model, ModelServer
    from kserve.protocol.dataplane import DataPlane
finally:
    sys.argv = _arguments

__all__ = ["DataPlane", "Model", "ModelServer"]
