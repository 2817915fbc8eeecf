"""One request in, one answer out: the whole of inference, for every transport. Synchronous, thread-safe, no I/O.

What a fast path does differently from KServe's route ends here: both call `Core.infer`.
"""

import logging
import traceback
import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_contract import Manifest, Output, ValueType
from slipway_predictor.engines import Engine
from slipway_predictor.features import DATATYPE_OF, Intake, Table
from slipway_predictor.monitoring.logs import LOGGER, Once
from slipway_predictor.protocol import (
    DATATYPES,
    BadRequest,
    InferenceAnswer,
    InferenceRequest,
    ModelFailed,
    Tensor,
)
from slipway_predictor.protocol.messages import strings

_log = logging.getLogger(LOGGER)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answers: the name in the path, the version people call it, the revision the operator made ('' without one)."""

    model_name: str
    version: str
    revision: str = ""


class Core:
    """A loaded model behind its contract."""

    def __init__(self, identity: Identity, manifest: Manifest, engine: Engine, intake: Intake) -> None:
        self.identity = identity
        self.manifest = manifest
        self.engine = engine
        self._intake = intake
        self._outputs = {output.name: output for output in manifest.outputs}
        self._parameters = {"version": identity.version}
        if identity.revision:
            self._parameters["revision"] = identity.revision
        self._failures = Once()

    def infer(self, request: InferenceRequest) -> InferenceAnswer:
        """Answer one request.

        Raises BadRequest when it does not fit the contract and ModelFailed when the model raises or answers nonsense.
        """
        request_id = request.id or str(uuid.uuid4())
        wanted = self._wanted(request.outputs)
        table = self._intake.table(request.inputs)
        answers = self._ask(table, wanted, request_id)
        return InferenceAnswer(
            id=request_id,
            model_name=self.identity.model_name,
            model_version=self.identity.version,
            outputs=tuple(_tensor(self._outputs[name], answers[name], len(table)) for name in wanted),
            parameters=self._parameters,
        )

    def _wanted(self, names: tuple[str, ...] | None) -> list[str]:
        if names is None:
            return list(self._outputs)
        for name in names:
            if name not in self._outputs:
                raise BadRequest(f"unknown output '{name}'; this model answers {', '.join(self._outputs)}")
        return list(names)

    def _ask(self, table: Table, wanted: list[str], request_id: str) -> dict[str, NDArray[Any]]:
        try:
            return self.engine.predict(table, wanted)
        except Exception as error:
            self._log_failure(error, request_id)
            raise ModelFailed(
                f"the model raised {type(error).__name__} on this request; its log has the details under id {request_id}"
            ) from error

    def _log_failure(self, error: Exception, request_id: str) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        first = self._failures.first((type(error), frames[-1].filename, frames[-1].lineno))
        summary = " ".join(str(error).split())
        _log.error(
            "request %s: the model raised %s: %s",
            request_id,
            type(error).__name__,
            summary,
            exc_info=error if first else None,
        )


def _tensor(output: Output, answer: NDArray[Any], rows: int) -> Tensor:
    """Turn an engine's answer into the tensor the contract promises."""
    expected = (rows,) if output.columns is None else (rows, output.columns)
    if answer.shape != expected:
        raise ModelFailed(
            f"the model's {output.name} has shape {list(answer.shape)}, expected {list(expected)}"
        )
    datatype = DATATYPES[DATATYPE_OF[output.type]]
    if datatype.kind == "O":
        return Tensor(output.name, datatype.name, strings([str(v) for v in answer.flat]).reshape(expected))
    array = answer.astype(datatype.dtype, copy=False)
    if output.type is ValueType.FLOAT and not np.isfinite(array).all():
        raise ModelFailed(f"the model's {output.name} holds NaN or infinity, which is no answer")
    return Tensor(output.name, datatype.name, array)
