"""Admission and bookkeeping around the core, the same for every transport: fast path, SDK route and gRPC.

    begin -> admit (ready? room? time left?) -> contract -> queue -> engine -> answer -> end (metrics)

Authentication and rate limits belong into `admit`. Used from the event loop's thread, except where it says otherwise.
"""

import asyncio
import logging
import time

from slipway_predictor.engines import Queue
from slipway_predictor.monitoring.journal import Journal
from slipway_predictor.monitoring.logs import LOGGER
from slipway_predictor.monitoring.metrics import Metrics
from slipway_predictor.protocol import (
    DeadlineExceeded,
    InferenceAnswer,
    InferenceRequest,
    NotReady,
    Overloaded,
    Rejected,
    RequestError,
)
from slipway_predictor.serving.core import Core, Identity, Job
from slipway_predictor.serving.ids import new_id
from slipway_predictor.serving.lifecycle import Lifecycle
from slipway_predictor.serving.limiter import Limiter
from slipway_predictor.serving.pending import Call, Outcome, Reply, Waiting
from slipway_predictor.serving.recent import Recent

__all__ = ["PATIENCE", "Call", "Outcome", "Reply", "Service"]

_log = logging.getLogger(LOGGER)
_now = time.perf_counter

PATIENCE = 0.05
"""Seconds of work ahead of it with which a request is still let in."""

_MANY = 4096  # values: a hand-over to a thread costs less than their check, which may be slow for texts
_QUICK = 200e-6  # seconds: an engine that answers a row in less is asked by gRPC's threads themselves


class Service:
    """The one door to the model."""

    def __init__(
        self,
        identity: Identity,
        lifecycle: Lifecycle,
        metrics: Metrics,
        timeout: float,
        journal: Journal | None = None,
    ) -> None:
        self.identity = identity
        self.lifecycle = lifecycle
        self.metrics = metrics
        self.recent = Recent()
        self.limiter = Limiter(_now)
        self.core: Core | None = None
        self.quick = False
        """Whether the engine takes so little time that any thread may ask it itself."""
        self._queue: Queue | None = None
        self._pending: set[Waiting] = set()
        self._timeout = timeout
        self._journal = journal

    def open(self, core: Core, queue: Queue) -> None:
        """Answer with this model from now on."""
        self._queue = queue
        if (cost := core.engine.cost) is not None:
            self.quick = cost.of(1) < _QUICK
            self.limiter.expect(cost)
        self.core = core

    def begin(self, protocol: str, request_id: str | None = None, budget: float | None = None) -> Call:
        """Count a request that has come; `budget` is how many seconds its client gives it. From any thread."""
        self.lifecycle.enter()
        now = _now()
        seconds = self._timeout if budget is None or budget > self._timeout else budget
        noted = self._journal is not None and self._journal.due()
        return Call(protocol, now, now + seconds, request_id, noted)

    def admit(self, _call: Call) -> None:
        """Let a request pass, before anything is done for it. Raises NotReady or Overloaded."""
        if self.core is None:
            raise NotReady(f"model '{self.identity.model_name}' is not ready: {self.lifecycle.state}")
        if self.limiter.full or self._late():
            raise Overloaded(
                f"{self.limiter.waiting} requests are waiting for the model already: try again in a second"
            )

    def _late(self) -> bool:
        """Whether the queue is too long for what the engine is seen to take. A quick one's is left to the limiter."""
        return not self.quick and self._queue is not None and self._queue.delay() > PATIENCE

    def ask(self, call: Call, request: InferenceRequest, reply: Reply) -> None:
        """Have an admitted request answered; `reply` is called once, perhaps before this returns.

        Raises RequestError, instead of calling `reply`, for a request that does not fit the contract.
        """
        self._submit(call, self._prepared(call, request), reply)

    def _submit(self, call: Call, job: Job, reply: Reply) -> None:
        core, queue = self.core, self._queue
        assert core is not None  # noqa: S101 (admit has seen to it)
        assert queue is not None  # noqa: S101
        waiting = Waiting(self, core, call, job, reply)
        queue.submit(job.table, job.outputs, waiting.done)
        if waiting.over:
            return
        self._pending.add(waiting)

    async def answer(self, call: Call, request: InferenceRequest) -> InferenceAnswer:
        """Have an admitted request answered. Raises RequestError. What takes long to check is checked in a thread."""
        if sum(tensor.array.size for tensor in request.inputs) > _MANY:
            job = await asyncio.to_thread(self._prepared, call, request)
        else:
            job = self._prepared(call, request)
        future: asyncio.Future[InferenceAnswer] = asyncio.get_running_loop().create_future()

        def reply(outcome: Outcome) -> None:
            if future.done():
                return
            if isinstance(outcome, RequestError):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

        self._submit(call, job, reply)
        return await future

    def answer_here(self, call: Call, request: InferenceRequest) -> InferenceAnswer:
        """Have an admitted request answered in the calling thread, for engines that take no time. Raises RequestError."""
        job = self._prepared(call, request)
        assert self.core is not None  # noqa: S101 (admit has seen to it)
        answer = self.core.answer(job)
        self.recent.add(call.request_id or answer.id, answer)
        self.metrics.answered(answer)
        return answer

    def forget(self, waiting: Waiting) -> None:
        """Wait for it no longer."""
        self._pending.discard(waiting)

    def sweep(self) -> None:
        """Give up on those whose time is over. Called every now and then: a timer for each would cost more."""
        now = _now()
        for waiting in [one for one in self._pending if one.call.deadline < now]:
            allowed = round(waiting.call.deadline - waiting.call.started, 3)
            waiting.give_up(DeadlineExceeded(f"the model has not answered within {allowed:g} s"))

    def cut_off(self) -> None:
        """Tell all that wait that there will be no answer: the process ends."""
        for waiting in list(self._pending):
            waiting.give_up(NotReady("the server shut down before the model had answered: ask again"))

    def end(self, call: Call, error: Exception | None = None) -> int:
        """Close the books on a request that was answered or failed; return its HTTP status. From any thread."""
        self.lifecycle.leave()
        if error is None:
            status = 200
        elif isinstance(error, RequestError):
            status = error.status
            self.metrics.failed(type(error).__name__, error.field if isinstance(error, Rejected) else None)
        else:
            status = 500
            self.metrics.failed(type(error).__name__, None)
            _log.error("an inference request failed inside the predictor", exc_info=error)
        if error is not None and call.request_id is not None:
            self.recent.add_failure(call.request_id, status)
        seconds = _now() - call.started
        self.metrics.request(call.protocol, status, seconds)
        if call.noted and self._journal is not None:
            self._journal.note(
                request_id=call.request_id,
                protocol=call.protocol,
                status=status,
                seconds=seconds,
                error=None if error is None else type(error).__name__,
                request=call.request,
            )
        return status

    def _prepared(self, call: Call, request: InferenceRequest) -> Job:
        """Apply the contract; from any thread."""
        assert self.core is not None  # noqa: S101 (admit has seen to it)
        if call.noted:
            self._remember(call, request)
        job = self.core.prepare(request, call.request_id)
        if job.filled:
            self.metrics.filled(job.filled)
        return job

    def _remember(self, call: Call, request: InferenceRequest) -> None:
        """Keep of a request what the journal will say of it."""
        if call.request_id is None:
            call.request_id = request.id or new_id()
        if self._journal is not None and self._journal.values:
            call.request = request
