"""A loaded model behind its contract: a request becomes a job for the engine, the engine's outputs become an answer.

The whole of inference but the wait in between, for every transport. Synchronous, thread-safe, no I/O.
"""

import logging
import math
import traceback
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
from slipway_predictor.serving.blame import too_large
from slipway_predictor.serving.ids import new_id

_log = logging.getLogger(LOGGER)
_all = np.logical_and.reduce
_FEW = 16


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answers: the name in the path, the version people call it, the revision the operator made ('' without one)."""

    model_name: str
    version: str
    revision: str = ""


@dataclass(slots=True)
class Job:
    """What a request asks of the engine."""

    id: str
    table: Table
    outputs: tuple[str, ...]


class Core:
    """A loaded model behind its contract."""

    def __init__(self, identity: Identity, manifest: Manifest, engine: Engine, intake: Intake) -> None:
        self.identity = identity
        self.manifest = manifest
        self.engine = engine
        self._intake = intake
        self._outputs = {output.name: _Form(output) for output in manifest.outputs}
        self._all_outputs = tuple(self._outputs)
        self._parameters = {"version": identity.version}
        if identity.revision:
            self._parameters["revision"] = identity.revision
        self._failures = Once()

    def infer(self, request: InferenceRequest, request_id: str | None = None) -> InferenceAnswer:
        """Answer one request, asking the engine here and now. Raises as `prepare` and `finish` do."""
        job = self.prepare(request, request_id)
        outcome: dict[str, NDArray[Any]] | Exception
        try:
            outcome = self.engine.predict(job.table, job.outputs)
        except Exception as error:
            outcome = error
        return self.finish(job, outcome)

    def prepare(self, request: InferenceRequest, request_id: str | None = None) -> Job:
        """Apply the contract. `request_id` stands in where the request itself has none.

        Raises BadRequest when the request does not fit.
        """
        outputs = self._all_outputs if request.outputs is None else self._wanted(request.outputs)
        name = request.id if request.id is not None else request_id or new_id()
        return Job(name, self._intake.table(request.inputs), outputs)

    def finish(self, job: Job, outcome: dict[str, NDArray[Any]] | Exception) -> InferenceAnswer:
        """Make the answer of what the engine gave or raised.

        Raises ModelFailed when that is no answer, or Rejected when a number in the request is why.
        """
        try:
            return self._answer(job, outcome)
        except ModelFailed:
            if (refusal := too_large(job.table, self.manifest.inputs)) is not None:
                raise refusal from None
            if isinstance(outcome, Exception):
                self._log_failure(outcome, job.id)
            raise

    def _answer(self, job: Job, outcome: dict[str, NDArray[Any]] | Exception) -> InferenceAnswer:
        if isinstance(outcome, Exception):
            raise ModelFailed(
                f"the model raised {type(outcome).__name__} on this request; its log has the details under id {job.id}"
            ) from outcome
        rows = len(job.table)
        return InferenceAnswer(
            job.id,
            self.identity.model_name,
            self.identity.version,
            tuple([self._outputs[name].tensor(outcome[name], rows) for name in job.outputs]),
            self._parameters,
        )

    def _wanted(self, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in self._outputs:
                raise BadRequest(f"unknown output '{name}'; this model answers {', '.join(self._outputs)}")
        return names

    def _log_failure(self, error: Exception, request_id: str) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        place = (frames[-1].filename, frames[-1].lineno) if frames else None
        first = self._failures.first((type(error), place))
        summary = " ".join(str(error).split())
        _log.error(
            "request %s: the model raised %s: %s",
            request_id,
            type(error).__name__,
            summary,
            exc_info=error if first else None,
        )


class _Form:
    """One output as the contract promises it."""

    def __init__(self, output: Output) -> None:
        self._name = output.name
        self._datatype = DATATYPES[DATATYPE_OF[output.type]]
        self._columns = output.columns
        self._real = output.type is ValueType.FLOAT

    def tensor(self, answer: NDArray[Any], rows: int) -> Tensor:
        """Turn an engine's answer into the promised tensor. Raises ModelFailed when it is none."""
        expected = (rows,) if self._columns is None else (rows, self._columns)
        if answer.shape != expected:
            raise ModelFailed(
                f"the model's {self._name} has shape {list(answer.shape)}, expected {list(expected)}"
            )
        if self._datatype.kind == "O":
            return Tensor(
                self._name, self._datatype.name, strings([str(v) for v in answer.flat]).reshape(expected)
            )
        array = answer if answer.dtype == self._datatype.dtype else answer.astype(self._datatype.dtype)
        if self._real and not _finite(array):
            raise ModelFailed(f"the model's {self._name} holds NaN or infinity, which is no answer")
        return Tensor(self._name, self._datatype.name, array)


def _finite(array: NDArray[Any]) -> bool:
    """Return whether all values are finite numbers; for a few, plain Python is the faster."""
    flat = array.reshape(-1)
    return all(map(math.isfinite, flat.tolist())) if len(flat) <= _FEW else bool(_all(np.isfinite(flat)))
