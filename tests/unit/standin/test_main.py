"""The command line, the certificate and the modes."""

from datetime import UTC, datetime, timedelta

import pytest

from slipway_standin import certs, main
from slipway_standin.controller import mode_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_arguments() -> None:
    given = ["--kubeconfig", "k", "--gateway", "a/b", "--webhook-address", "10.77.0.10:9443"]
    options = main.parse(given)
    assert options.webhook_address == ("10.77.0.10", 9443)
    assert (options.gateway, options.default_mode, options.health_address) == (
        "a/b",
        "Standard",
        ("127.0.0.1", 8086),
    )


@pytest.mark.parametrize("address", ["9443", "host:", ":1", "host:x"])
def test_an_address_that_is_none(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main.parse(["--kubeconfig", "k", "--webhook-address", address])
    assert f"{address!r} is not HOST:PORT" in capsys.readouterr().err


def test_a_kubeconfig_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--kubeconfig", "no-such-file", "--webhook-address", "127.0.0.1:1"]) == 1
    assert "no-such-file" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["10.77.0.10", "standin.test"])
def test_the_certificate_fits_its_address_for_a_while(host: str) -> None:
    issued = certs.issue(host, NOW)
    assert certs.fits(issued.certificate, host, NOW)
    assert not certs.fits(issued.certificate, "10.0.0.1", NOW)
    assert not certs.fits(issued.certificate, host, NOW + timedelta(days=340))
    assert not certs.fits(b"nonsense", host, NOW)
    assert issued.server_context().get_ca_certs() == []


@pytest.mark.parametrize(
    ("recorded", "annotated", "mode"),
    [
        ("", None, "Standard"),
        ("", "RawDeployment", "Standard"),
        ("", "Knative", "Knative"),
        ("", "nonsense", "Standard"),
        ("Knative", "Standard", "Knative"),
        ("RawDeployment", None, "Standard"),
    ],
)
def test_the_mode_of_an_inference_service(recorded: str, annotated: str | None, mode: str) -> None:
    annotations = {"serving.kserve.io/deploymentMode": annotated} if annotated else {}
    isvc = {"metadata": {"annotations": annotations}, "status": {"deploymentMode": recorded}}
    assert mode_of(isvc, "Standard") == mode
