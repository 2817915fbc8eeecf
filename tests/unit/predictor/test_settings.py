"""The command line and its defaults from the environment."""

from dataclasses import replace
from pathlib import Path

import pytest

from slipway_predictor.settings import command_line, parse

DIGEST = "sha256:" + "a" * 64


def test_a_laptop_listens_on_itself_and_a_pod_on_all() -> None:
    laptop = parse(["serve", "bundle"], {})
    pod = parse(["serve", "bundle"], {"KUBERNETES_SERVICE_HOST": "10.96.0.1"})
    assert (laptop.host, laptop.in_cluster, laptop.folder) == ("127.0.0.1", False, Path("bundle"))
    assert (pod.host, pod.in_cluster) == ("0.0.0.0", True)
    assert parse(["serve", "b", "--host", "::1"], {}).host == "::1"


def test_the_environment_gives_the_defaults_and_flags_win() -> None:
    environment = {
        "SLIPWAY_MODEL_NAME": "churn",
        "SLIPWAY_MODEL_VERSION": "2",
        "SLIPWAY_MODEL_DIGEST": DIGEST.upper().replace("SHA256", "sha256"),
        "SLIPWAY_REVISION": "churn-abc",
        "SLIPWAY_ALLOW_UNVERIFIED": "True",
        "SLIPWAY_POD_GRACE_SECONDS": "45",
    }
    settings = parse(["serve", "b"], environment)
    assert (settings.model_name, settings.model_version, settings.revision) == ("churn", "2", "churn-abc")
    assert (settings.digest, settings.allow_unverified, settings.drain) == (DIGEST, True, 35)
    assert parse(["serve", "b", "--revision", "other"], environment).revision == "other"


def test_empty_variables_are_as_good_as_none() -> None:
    names = (
        "MODEL_NAME",
        "MODEL_VERSION",
        "MODEL_DIGEST",
        "REVISION",
        "ALLOW_UNVERIFIED",
        "POD_GRACE_SECONDS",
    )
    assert parse(["serve", "b"], {f"SLIPWAY_{name}": "" for name in names}) == parse(["serve", "b"], {})


def test_a_pod_logs_one_request_in_a_hundred_and_a_laptop_none() -> None:
    pod = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}
    assert parse(["serve", "b"], {}).log_share == 0
    assert parse(["serve", "b"], pod).log_share == 0.01
    assert parse(["serve", "b"], pod | {"SLIPWAY_LOG_REQUESTS": "0"}).log_share == 0
    assert parse(["serve", "b", "--log-requests", "1"], pod | {"SLIPWAY_LOG_REQUESTS": "0"}).log_share == 1


WORDS = {
    "defaults": [],
    "all": [
        *("--host", "::1", "--http-port", "1", "--grpc-port", "2", "--admin-port", "3", "--workers", "4"),
        *("--model-name=-odd name", "--model-version", "2", "--revision", "r", "--digest", DIGEST),
        *(
            "--engine",
            "sklearn",
            "--max-body-mib",
            "0.005",
            "--timeout-seconds",
            "0.5",
            "--read-seconds",
            "7",
        ),
        *("--idle-seconds", "8.25", "--grace-seconds", "45", "--log-requests", "0.01", "--log-values"),
        *("--no-fast-lane", "--allow-unverified"),
    ],
}


@pytest.mark.parametrize(
    "environment", [{}, {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "SLIPWAY_REVISION": "churn-abc"}]
)
@pytest.mark.parametrize("words", WORDS)
def test_settings_make_a_command_line_that_means_the_same(words: str, environment: dict[str, str]) -> None:
    settings = parse(["serve", "./-m.joblib", *WORDS[words]], environment)
    again = parse(command_line(settings), environment)
    assert again.folder == settings.folder.absolute()
    assert replace(again, folder=settings.folder) == settings


def test_a_short_grace_period_leaves_a_second() -> None:
    assert parse(["serve", "b", "--grace-seconds", "3"], {}).drain == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "required: COMMAND"),
        (["serve"], "required: DIR"),
        (["serve", "b", "--digest", "x"], "'x' is not a digest"),
        (["serve", "b", "--http-port", "70000"], "70000 is not a port"),
        (["serve", "b", "--http-port", "x"], "invalid"),
        (["serve", "b", "--engine", "x"], "invalid choice"),
        (["serve", "b", "--grace-seconds", "0"], "must be above 0"),
        (["serve", "b", "--max-body-mib", "nan"], "must be above 0"),
        (["serve", "b", "--workers", "0"], "0 must be from 1 to 256"),
        (["serve", "b", "--log-requests", "2"], "2 must be from 0 to 1"),
    ],
)
def test_wrong_usage_ends_with_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(arguments, {})
    assert sentence in capsys.readouterr().err.splitlines()[-1]
