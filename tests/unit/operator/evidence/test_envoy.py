"""Reading the gateway's counters by backend, from real HTTP servers."""

import aiohttp
import pytest

from slipway_operator.evidence.envoy import Counted, parse, read

RULE, OTHER = "httproute/ml/churn/rule/0", "grpcroute/ml/churn/rule/0"
CLUSTER = f'envoy_cluster_name="{RULE}/backend/{{}}"'


def exposition():
    lines = [
        "# TYPE envoy_cluster_upstream_rq_xx counter",
        *(
            f'envoy_cluster_upstream_rq_xx{{envoy_response_code_class="{code}",{CLUSTER.format(index)}}} {count}'
            for index, code, count in ((0, 2, 900), (0, 4, 7), (0, 5, 3), (1, 2, 80), (1, 5, 20))
        ),
        "# TYPE envoy_cluster_upstream_rq_time histogram",
        *(
            f'envoy_cluster_upstream_rq_time_bucket{{{CLUSTER.format(1)},le="{bound}"}} {count}'
            for bound, count in (("0.5", 10), ("25", 90), ("1000", 99), ("+Inf", 100))
        ),
        'envoy_cluster_upstream_rq_xx{envoy_response_code_class="2",envoy_cluster_name="xds_cluster"} 5',
    ]
    return "\n".join(lines) + "\n"


def test_parse_tells_backends_apart_and_counts_in_seconds():
    assert parse(exposition()) == {
        (RULE, 0): Counted({"requests": 910, "errors": 3}),
        (RULE, 1): Counted(
            {
                "requests": 100,
                "errors": 20,
                "timed": 100,
                "slower:0.0005": 90,
                "slower:0.025": 10,
                "slower:1": 1,
            }
        ),
    }


def grpc(*, statuses):
    """As Envoy 1.40 tells of gRPC: a piece of the method's name is in the series' own."""
    cluster, method = (
        f'envoy_cluster_name="{OTHER}/backend/0"',
        'envoy_grpc_bridge_method="GRPCInferenceService"',
    )
    lines = [
        f'envoy_cluster_upstream_rq_xx{{envoy_response_code_class="2",{cluster}}} 96',
        f'envoy_cluster_upstream_rq_xx{{envoy_response_code_class="5",{cluster}}} 4',
        f'envoy_cluster_upstream_rq_time_bucket{{{cluster},le="25"}} 90',
        f'envoy_cluster_upstream_rq_time_bucket{{{cluster},le="+Inf"}} 100',
    ]
    counts = {"0": 80, "3": 7, "13": 9, "14": 4, "total": 100, "failure": 20, "request_message_count": 100}
    for name, count in counts.items() if statuses else ():
        lines.append(f"envoy_cluster_grpc_ModelInfer_{name}{{{method},{cluster}}} {count}")
    return "\n".join(lines) + "\n"


def test_what_the_model_fails_over_grpc_is_told_by_the_statuses():
    counts = {"requests": 100, "errors": 13, "timed": 100, "slower:0.025": 10}
    assert parse(grpc(statuses=True)) == {(OTHER, 0): Counted(counts)}, (
        "INVALID_ARGUMENT is the client's failure"
    )


@pytest.mark.parametrize(
    ("statuses", "errors"), [({0: 3}, 20), ({14: 15}, 20), ({14: 25}, 25), ({13: 2, 3: 9}, 22)]
)
def test_a_few_answers_over_grpc_do_not_hide_what_fails_over_rest(statuses, errors):
    cluster = CLUSTER.format(1)
    lines = [
        f"envoy_cluster_grpc_grpc_health_v1_Health_Check_{status}{{{cluster}}} {count}"
        for status, count in statuses.items()
    ]
    found = parse(exposition() + "\n".join(lines) + "\n")[RULE, 1]
    assert (found.counts["requests"], found.counts["errors"], found.whole) == (100, errors, True)


def test_without_statuses_the_errors_over_grpc_are_known_in_part_only():
    counts = {"requests": 100, "errors": 4, "timed": 100, "slower:0.025": 10}
    assert parse(grpc(statuses=False)) == {(OTHER, 0): Counted(counts, whole=False)}


def test_parse_of_nothing_is_nothing():
    assert parse("") == {}


@pytest.fixture
async def proxy(serve_text):
    return await serve_text("/stats/prometheus", exposition())


def pod(name="proxy-1", ready="True"):
    return {
        "metadata": {"name": name},
        "status": {"podIP": "127.0.0.1", "conditions": [{"type": "Ready", "status": ready}]},
    }


async def read_one(port, pods, backends=("old", "new")):
    async with aiohttp.ClientSession() as session:
        return await read(session, pods, {RULE: backends}, port=port)


async def test_every_backend_of_every_proxy_is_read(proxy):
    port, asked = proxy
    entries = await read_one(port, [pod(), pod("coming", ready="False")], ("old", "new", "newest"))
    assert entries[f"proxy-1/{RULE}/0/old"] == ("old", {"requests": 910, "errors": 3})
    assert entries[f"proxy-1/{RULE}/1/new"][1]["errors"] == 20
    assert entries[f"proxy-1/{RULE}/2/newest"] == ("newest", {"requests": 0, "errors": 0}), "no request yet"
    assert len(entries) == 3
    assert [query["filter"] for query in asked] == ["(httproute/ml/churn/rule/0)/backend/"]


async def test_the_rules_of_a_route_are_added_up(proxy):
    port, asked = proxy
    async with aiohttp.ClientSession() as session:
        entries = await read(session, [pod()], {RULE: ["old", "new"], OTHER: ["new"]}, port=port)
    assert [query["filter"] for query in asked] == [f"({RULE}|{OTHER})/backend/"]
    revision, counts = entries[f"proxy-1/{RULE}/1+{OTHER}/0/new"]
    assert (revision, counts["requests"], counts["timed"]) == ("new", 100, 100), (
        "a rule that nobody has used yet must not hide the latency of the others"
    )


async def test_a_place_that_nobody_has_is_left_out(proxy):
    port, _ = proxy
    async with aiohttp.ClientSession() as session:
        entries = await read(session, [pod()], {RULE: [None, "new"]}, port=port)
    assert {name: counts["requests"] for name, (_, counts) in entries.items()} == {
        f"proxy-1/{RULE}/1/new": 100
    }, "what its cluster has counted was somebody else's"


async def test_a_proxy_that_does_not_answer_is_named():
    assert "proxy proxy-1: " in await read_one(1, [pod()])


async def test_no_ready_proxy_is_told():
    assert await read_one(1, [pod(ready="False")]) == "no proxy of the gateway is ready"
    assert await read_one(1, []) == "no proxy of the gateway is ready"


@pytest.mark.parametrize("statuses", [True, False])
@pytest.mark.parametrize("blind", [True, False])
async def test_errors_that_are_known_in_part_are_left_to_the_pods_own_counters_if_there_are_any(
    serve_text, statuses, blind
):
    port, _ = await serve_text("/stats/prometheus", exposition() + grpc(statuses=statuses))
    async with aiohttp.ClientSession() as session:
        rules = {RULE: ["old", "new"], OTHER: ["new"]}
        entries = await read(session, [pod()], rules, port=port, blind=blind)
    found = dict(entries.values())
    assert found["old"]["errors"] == 3, "nobody asks it over gRPC"
    assert found["new"]["timed"] == 200
    assert ("errors" in found["new"], "requests" in found["new"]) == (statuses or blind,) * 2
    if statuses:
        assert (found["new"]["errors"], found["new"]["requests"]) == (33, 200)
