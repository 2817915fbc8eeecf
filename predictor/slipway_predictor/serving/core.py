"""A loaded model behind its contract: a request becomes a job for the engine, the engine's outputs become an answer.

The whole of inference but the wait in between, for every transport. Synchronous, thread-safe, no I/O.
"""

import logging
import traceback
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from slipway_contract import Manifest
from slipway_predictor.engines import Engine
from slipway_predictor.features import DATATYPE_OF, Filled, Intake, Table
from slipway_predictor.monitoring.logs import LOGGER, Once
from slipway_predictor.protocol import (
    BadRequest,
    InferenceAnswer,
    InferenceRequest,
    ModelFailed,
    Tensor,
)
from slipway_predictor.serving.blame import too_large
from slipway_predictor.serving.held import HeldEngine
from slipway_predictor.serving.ids import new_id

_log = logging.getLogger(LOGGER)


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
    filled: Filled
    """For how many values of its inputs the contract's defaults stand in."""


class Core:
    """A loaded model behind its contract."""

    def __init__(self, identity: Identity, manifest: Manifest, engine: Engine, intake: Intake) -> None:
        self.identity = identity
        self.manifest = manifest
        self.engine: Engine = HeldEngine(engine, manifest.outputs)
        self._intake = intake
        self._datatypes = {output.name: DATATYPE_OF[output.type] for output in manifest.outputs}
        self._all_outputs = tuple(self._datatypes)
        self._parameters = {"version": identity.version}
        if identity.revision:
            self._parameters["revision"] = identity.revision
        self.fills = intake.fills
        self._failures = Once()

    def infer(self, request: InferenceRequest, request_id: str | None = None) -> InferenceAnswer:
        """Answer one request here and now. Raises as `prepare` and `finish` do."""
        return self.answer(self.prepare(request, request_id))

    def answer(self, job: Job) -> InferenceAnswer:
        """Ask the engine here and now. Raises as `finish` does."""
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
        table, filled = self._intake.read(request.inputs)
        return Job(name, table, outputs, filled)

    def finish(self, job: Job, outcome: dict[str, NDArray[Any]] | Exception) -> InferenceAnswer:
        """Make the answer of what the engine gave or raised.

        Raises ModelFailed when that is no answer, or Rejected when a number in the request is why.
        """
        try:
            return self._answer(job, outcome)
        except ModelFailed:
            if (refusal := too_large(job.table, self.manifest.inputs)) is not None:
                raise refusal from None
            if isinstance(outcome, Exception) and not isinstance(outcome, ModelFailed):
                self._log_failure(outcome, job.id)
            raise

    def _answer(self, job: Job, outcome: dict[str, NDArray[Any]] | Exception) -> InferenceAnswer:
        if isinstance(outcome, ModelFailed):
            raise outcome
        if isinstance(outcome, Exception):
            raise ModelFailed(
                f"the model raised {type(outcome).__name__} on this request; its log has the details under id {job.id}"
            ) from outcome
        datatypes = self._datatypes
        return InferenceAnswer(
            job.id,
            self.identity.model_name,
            self.identity.version,
            tuple([Tensor(name, datatypes[name], outcome[name]) for name in job.outputs]),
            self._parameters,
        )

    def _wanted(self, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in self._datatypes:
                raise BadRequest(f"unknown output '{name}'; this model answers {', '.join(self._datatypes)}")
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
