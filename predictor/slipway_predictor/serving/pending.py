"""A call, and a job in the queue with who waits for it."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from slipway_predictor.monitoring.logs import LOGGER
from slipway_predictor.monitoring.metrics import Metrics
from slipway_predictor.protocol import InferenceAnswer, InferenceRequest, ModelFailed, RequestError
from slipway_predictor.serving.core import Core, Job
from slipway_predictor.serving.limiter import Limiter
from slipway_predictor.serving.recent import Recent

_log = logging.getLogger(LOGGER)
_now = time.perf_counter

Outcome = InferenceAnswer | RequestError
Reply = Callable[[Outcome], None]


@dataclass(slots=True)
class Call:
    """One inference request under way: how it came, since when, under which id, and until when it is wanted."""

    protocol: str
    started: float
    deadline: float
    request_id: str | None
    noted: bool = False
    """Whether the journal gets a line about it."""
    request: InferenceRequest | None = None
    """What was asked, where the journal wants it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request together with the call it belongs to, on its way through KServe's SDK."""

    call: Call
    request: InferenceRequest


class Keeper(Protocol):
    """What a waiting job needs of the service."""

    limiter: Limiter
    recent: Recent
    metrics: Metrics

    def forget(self, waiting: "Waiting") -> None:
        """Wait for it no longer."""


class Waiting:
    """A job in the queue and who waits for it."""

    __slots__ = ("_alone", "_core", "_entered", "_job", "_reply", "_service", "call", "over")

    def __init__(self, service: Keeper, core: Core, call: Call, job: Job, reply: Reply) -> None:
        self._service = service
        self._core = core
        self.call = call
        self._job = job
        self._reply = reply
        self._entered = _now()
        self._alone = service.limiter.enter()
        self.over = False

    def done(self, outcome: dict[str, NDArray[Any]] | Exception) -> None:
        """Take what the engine gave."""
        service = self._service
        service.limiter.leave(_now() - self._entered, alone=self._alone)
        if self.over:
            return
        self._close()
        try:
            answer = self._core.finish(self._job, outcome)
        except RequestError as error:
            self._reply(error)
            return
        except Exception as error:
            _log.exception("an engine's answer could not be read")
            self._reply(ModelFailed(f"the predictor failed on this request: {type(error).__name__}"))
            return
        service.recent.add(self.call.request_id or answer.id, answer)
        service.metrics.answered(answer)
        self._reply(answer)

    def give_up(self, error: RequestError) -> None:
        """Answer with an error, whatever the engine gives later."""
        if not self.over:
            self._close()
            self._reply(error)

    def _close(self) -> None:
        self.over = True
        self._service.forget(self)
