"""The route /metrics: the figures of this process, or of all workers added up."""

from starlette.requests import Request
from starlette.responses import Response

from slipway_predictor.monitoring import exposition
from slipway_predictor.monitoring.snapshot import Snapshot, merge
from slipway_predictor.serving.core import Identity
from slipway_predictor.serving.peers import Peers


class MetricsRoute:
    """The handler."""

    def __init__(self, peers: Peers, identity: Identity) -> None:
        self._peers = peers
        self._identity = identity

    async def answer(self, request: Request) -> Response:
        """Return the text, in the form the reader asks for."""
        accept = request.headers.get("accept")
        if self._peers.alone:
            text, kind = exposition.own(accept)
        else:
            total = merge(map(Snapshot.from_json, await self._peers.gather("metrics")))
            identity = self._identity
            text, kind = exposition.together(total, identity.model_name, identity.revision, accept)
        return Response(text, headers={"content-type": kind})
