"""What the proxies say of newcomers, from expositions as Envoy gives them."""

import aiohttp
import pytest

from slipway_operator.evidence.warmth import cold

RULE = "httproute/ml/churn/rule/0"
GRPC = "grpcroute/ml/churn/rule/0"


def exposition(*healthy: int, rule: str = RULE) -> str:
    lines = ["# TYPE envoy_cluster_membership_healthy gauge"]
    for index, count in enumerate(healthy):
        lines.append(
            f'envoy_cluster_membership_healthy{{envoy_cluster_name="{rule}/backend/{index}"}} {count}'
        )
    return "\n".join(lines) + "\n"


def pod(ready="True"):
    return {
        "metadata": {"name": "proxy-1"},
        "status": {"podIP": "127.0.0.1", "conditions": [{"type": "Ready", "status": ready}]},
    }


@pytest.fixture
def ask(serve_text):
    async def asked(text, *proxies, rules=None, revisions=("new",)):
        port, _ = await serve_text("/stats/prometheus", text)
        async with aiohttp.ClientSession() as session:
            return await cold(session, proxies or [pod()], rules or {RULE: ["old", "new"]}, revisions, port)

    return asked


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (exposition(1, 2), set()),
        (exposition(1, 0), {"new"}),
        (exposition(1), {"new"}),
        (exposition(0, 1), set()),
        (exposition(1, 0, rule="httproute/ml/other/rule/0"), set()),
        ("", set()),
        ("envoy_cluster_membership_healthy{ nonsense\n", set()),
    ],
    ids=["there", "no endpoint", "no cluster", "another", "no such rule", "nothing", "nonsense"],
)
async def test_a_revision_is_cold_where_a_proxy_has_the_rule_but_no_endpoint(ask, text, found):
    assert await ask(text) == found


async def test_it_must_be_there_in_every_rule(ask):
    rules = {RULE: ["old", "new"], GRPC: [None, "new"]}
    both = exposition(1, 1) + exposition(1, 0, rule=GRPC)
    assert await ask(both, rules=rules, revisions=["new"]) == {"new"}


async def test_a_proxy_that_cannot_be_asked_keeps_nobody_waiting(ask):
    assert await ask(exposition(1, 0), pod(ready="False")) == set()
    async with aiohttp.ClientSession() as session:
        assert await cold(session, [pod()], {RULE: ["old", "new"]}, ["new"], port=1) == set()
