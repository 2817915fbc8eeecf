"""Which kinds are watched, and how."""

from slipway_operator.cluster.cache.watched import WATCHED
from slipway_operator.cluster.kinds import HTTP_ROUTE
from slipway_operator.cluster.routes.own import MADE


def test_what_only_some_ask_for_is_optional_and_nothing_else_is():
    assert {part.kind for part in WATCHED if part.optional} == {
        kind for kind in MADE if kind is not HTTP_ROUTE
    }
