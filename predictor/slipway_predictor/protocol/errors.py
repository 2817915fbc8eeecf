"""What a request can fail with, each with its HTTP status. The text goes to the client as it is: `{"error": text}`.

A 4xx is the client's to mend, a 5xx the predictor's; the operator counts them apart, so choose with care.
"""

# ruff: noqa: N818 (named after the answers they become)

from typing import ClassVar


class RequestError(Exception):
    """A request that gets no answer but a reason. Raised as one of the classes below."""

    status: ClassVar[int]


class BadRequest(RequestError):
    """The body is not a request this model can answer: JSON, shape, datatype, names or values."""

    status = 400


class Rejected(BadRequest):
    """A value breaks a rule of the contract."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field
        """The input whose rule it is."""


class NotFound(RequestError):
    """No such model, version or path here."""

    status = 404


class TooLarge(RequestError):
    """The body is over the size limit."""

    status = 413


class UnsupportedMedia(RequestError):
    """The body comes in an encoding that is not read here."""

    status = 415


class ModelFailed(RequestError):
    """The model itself raised, or answered something that is no answer."""

    status = 500


class NotReady(RequestError):
    """The model is still loading."""

    status = 503


class Overloaded(RequestError):
    """More work is waiting than can be done in time; refused before any was done on this request."""

    status = 503
    retry_after: ClassVar[int] = 1
    """Whole seconds after which to try again."""


class DeadlineExceeded(RequestError):
    """The client's time, or the server's for one request, was over before the model had answered."""

    status = 504
