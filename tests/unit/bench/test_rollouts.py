"""The report on rollouts under traffic."""

import json

import pytest

from slipway_demo.traffic import Answer
from slipway_rollouts.priority import program
from slipway_rollouts.report import failures, summary, table
from slipway_rollouts.sending import Sending


def answers(*moments, seconds=0.01, status=200):
    return [Answer(at, 0, status, "a", 0, seconds) for at in moments]


def test_windows_around_a_change_are_told_from_the_others():
    quiet = answers(*[at / 10 for at in range(400) if not 180 <= at < 220])
    slow = answers(*[at / 10 for at in range(180, 220)], seconds=0.03)
    seen = summary(["promote", "promote", "abort"], [*slow, *quiet], [20.0], [])
    assert (seen.requests, seen.failed, seen.changes) == (400, 0, 1)
    assert seen.with_change == pytest.approx(0.03)
    assert seen.without == pytest.approx(0.01)
    text = table(seen)
    assert "| 30 | 3: 2 promote, 1 abort |" in text
    assert "30.0 ms / 10.0 ms (3.00 ×)" in text


@pytest.mark.parametrize(("start", "calm"), [(15.0, 0.01), (5.0, 0.02), (21.0, 0.02)])
def test_changes_while_pods_start_are_told_apart(start, calm):
    slow = answers(*[at / 10 for at in range(180, 220)], seconds=0.03)
    other = answers(*[at / 10 for at in range(400) if not 180 <= at < 220])
    seen = summary([], [*slow, *other], [20.0, 35.0], [start, 100.0])
    assert seen.with_change == pytest.approx(0.02)
    assert seen.calm_change == pytest.approx(calm)


def test_failures_are_counted():
    seen = summary([], [*answers(1.0), *answers(2.0, status=503)], [], [])
    assert (seen.requests, seen.failed) == (2, 1)
    assert failures(seen) == "  1 × 503 by a: \n"


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("/cache/bin/etcd --data-dir=/lab/node/etcd", "etcd"),
        ("/app/bin/python3 /app/bin/slipway-operator run", "slipway-operator"),
        ("/venv/bin/python -m slipway_standin --kubeconfig /lab/kubeconfig", "slipway_standin"),
        ("/usr/local/bin/envoy-gateway server --config-path=/config/envoy-gateway.yaml", "envoy-gateway"),
        ("envoy --service-cluster kserve/kserve-ingress-gateway", None),
        ("/app/bin/python3 /app/bin/slipway-predictor serve /mnt/models", None),
        ("containerd --config /lab/config/etcd", None),
        ("", None),
    ],
)
def test_the_control_plane_is_told_from_what_serves(command, name):
    assert program(command.split(" ")) == name


def test_what_the_client_says_is_read_to_the_end():
    said = [
        [0, 0],
        [2, 1],
        [[3.5, 0, 200, "a", 1, 0.01, ""], [4.5, 1, 503, "", None, 0.02, "no healthy upstream"]],
    ]
    seen = Sending()
    seen.take(iter(map(json.dumps, said)))
    assert (seen.sent, seen.failed) == (2, 1)
    assert [answer.failed for answer in seen.answers] == [False, True]
    assert seen.answers[0].at == 3.5
