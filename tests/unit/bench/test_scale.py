"""The operator's benchmark: what it creates is what the operator takes, and a missed target is said to be missed."""

from dataclasses import replace

import pytest

from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.cluster.render.runtime import how_named, serving_container
from slipway_operator.rollout.effective import effective_gates
from slipway_scale import lines, objects, report
from slipway_scale.scenarios import Figures

GOOD = Figures(
    count=1000,
    rolling=100,
    settled=39,
    idle_seconds=600,
    idle_requests={"GET": 30},
    restart=10,
    reconcile_p99=0.5,
    latest_step=1.5,
    steps=200,
    step_writes=7.5,
    memory=250 * 2**20,
)


def verdicts(figures: Figures) -> list[bool]:
    page = report.render(figures, "make bench-operator", "2026-01-01", "2 cores")
    return [
        line.endswith("| yes |") for line in page.splitlines() if line.endswith(("| yes |", "| **no** |"))
    ]


def test_all_targets_are_on_the_page():
    assert verdicts(GOOD) == [True] * 7


@pytest.mark.parametrize(
    "missed",
    [
        {"settled": 41},
        {"idle_requests": {"PUT": 1}},
        {"restart": 16},
        {"reconcile_p99": 1.01},
        {"latest_step": 2.1},
        {"step_writes": 8.1},
        {"memory": 301 * 2**20},
    ],
)
def test_a_missed_target_is_said_to_be_missed(missed):
    assert verdicts(replace(GOOD, **missed)).count(False) == 1


def test_lines_are_read_by_window_and_the_lease_is_told_apart(tmp_path):
    path = tmp_path / "stopwatch"
    path.write_text(
        "1.000 reconcile 0.0200 bench/a\n"
        "2.000 PUT 0.0000 /apis/slipway.dev/a/status\n"
        "2.500 PUT 0.0000 /apis/coordination.k8s.io/v1/namespaces/bench/leases/operator\n"
        "3.000 reconcile 0.0100 bench/b\n"
        "3.500 PATCH 0.0000 /apis/gateway.networking.k8s.io/v1/namespaces/bench/httproutes/a?force=true\n"
        "4.000 GET 0.0000 /api/v1/pods\n"
    )
    found = lines.read(path, 1.5, 4.5)
    assert lines.requests(found) == {"PUT": 1, "PATCH": 1, "GET": 1}
    assert lines.writes(found) == 2
    assert lines.route_changes(found) == 1
    assert lines.durations(lines.read(path, 0, 9)) == [0.01, 0.02]


def test_quantiles_are_values_that_were_measured():
    values = [float(number) for number in range(1, 101)]
    assert lines.quantile(values, 0.99) == 100.0
    assert lines.quantile([1.0], 0.99) == 1.0
    assert lines.quantile([], 0.99) == 0.0


def test_the_operator_takes_what_is_created():
    spec = ModelDeploymentSpec.model_validate(objects.deployment(7, 2)["spec"])
    assert spec.model.version == "2"
    assert not effective_gates(spec.rollout.gates), "gates would ask predictors that are not there"
    paths = [path for path, _ in objects.surroundings(9000)]
    runtime = objects.surroundings(9000)[
        paths.index("/apis/serving.kserve.io/v1alpha1/clusterservingruntimes")
    ][1]
    assert how_named(runtime)
    assert serving_container(runtime["spec"])
    assert runtime["metadata"]["annotations"]["slipway.dev/metrics"] == "9000/metrics"
