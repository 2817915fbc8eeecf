"""The bundle as a KServe `Model`: what KServe's server, whatever the route, calls to get an answer.

The call into scikit-learn runs in a thread, so that the event loop goes on answering health probes.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slipway_contract import Manifest, ValueType
from slipway_predictor.features import DATATYPE_OF
from slipway_predictor.protocol import InferenceAnswer, InferenceRequest, NotReady
from slipway_predictor.serving import conversion
from slipway_predictor.serving.core import Core
from slipway_predictor.serving.sdk import InferRequest, InferResponse, Model

_MAX_THREADS = 4


class BundleModel(Model):  # type: ignore[misc]  # the SDK is untyped
    """A model that loads once, by `prepare`, and answers through its core."""

    def __init__(self, name: str, manifest: Manifest, prepare: Callable[[], Core]) -> None:
        super().__init__(name)
        self.core: Core | None = None
        self._manifest = manifest
        self._prepare = prepare
        self._threads = ThreadPoolExecutor(min(_MAX_THREADS, _cpus()), "model")

    def load(self) -> bool:
        """Load the bundle. Raises BundleError. Blocking: seconds."""
        self.core = self._prepare()
        self.ready = True
        return True

    async def predict(
        self,
        payload: InferenceRequest | InferRequest,
        headers: dict[str, str] | None = None,  # noqa: ARG002 (KServe's signature)
        response_headers: dict[str, str] | None = None,  # noqa: ARG002
    ) -> InferenceAnswer | InferResponse:
        """Answer our own request type with our own, and KServe's (from gRPC) with KServe's. Raises RequestError."""
        if isinstance(payload, InferenceRequest):
            return await self._answer(payload)
        return conversion.to_sdk(await self._answer(conversion.from_sdk(payload)), payload)

    async def _answer(self, request: InferenceRequest) -> InferenceAnswer:
        if self.core is None:
            raise NotReady(f"model '{self.name}' is loading")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.core.infer, request)

    def get_input_types(self) -> list[dict[str, Any]]:
        """Return the input tensors for the model's metadata; -1 is the number of rows."""
        return [_tensor(entry.name, entry.type, entry.columns) for entry in self._manifest.inputs]

    def get_output_types(self) -> list[dict[str, Any]]:
        """Return the output tensors for the model's metadata."""
        return [_tensor(entry.name, entry.type, entry.columns) for entry in self._manifest.outputs]


def _cpus() -> int:
    """Return how many CPUs this process may use, or how many there are where that is not told (macOS)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _tensor(name: str, kind: ValueType, columns: int | None) -> dict[str, Any]:
    return {"name": name, "datatype": DATATYPE_OF[kind], "shape": [-1] if columns is None else [-1, columns]}
