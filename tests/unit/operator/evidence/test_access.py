"""Secrets for sources: what is taken from them, and that nothing of them is told."""

import base64
import ssl

import pytest

from slipway_operator.evidence.access import UnfitSecretError, access_of

LABELLED = {"slipway.dev/source": "true"}


def secret(labels=LABELLED, **data):
    encoded = {
        key.replace("_", "."): base64.b64encode(value.encode()).decode() for key, value in data.items()
    }
    return {"metadata": {"name": "prom", "labels": labels}, "data": encoded}


def test_a_token_is_sent_as_bearer_token():
    assert access_of(secret(token="s3cret\n")).headers == {"Authorization": "Bearer s3cret"}


def test_a_name_and_a_password_are_sent_as_basic():
    headers = access_of(secret(username="Aladdin", password="open sesame")).headers
    assert headers == {"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, "the example of RFC 7617"


def test_whom_to_trust_stands_alone_or_beside_a_token():
    pem = ssl.DER_cert_to_PEM_cert(CERTIFICATE)
    alone = access_of(secret(ca_crt=pem))
    assert alone.headers == {}
    assert len(alone.trust.get_ca_certs()) == 1
    both = access_of(secret(ca_crt=pem, token="t"))
    assert both.trust is not None
    assert both.headers


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (secret(labels={}, token="s3cret"), 'is not labelled slipway.dev/source: "true"'),
        (secret(), "neither token, nor username and password, nor ca.crt"),
        (secret(username="s3cret"), "a username and no password"),
        (secret(token="s3cret\nX-Evil: 1"), "token of Secret prom has more than one line"),
        (secret(ca_crt="s3cret"), "holds no PEM certificates"),
        (
            {"metadata": {"name": "prom", "labels": LABELLED}, "data": {"token": "%"}},
            "token of Secret prom is not text",
        ),
        ({"metadata": {"name": "prom"}}, "is not labelled"),
    ],
)
def test_a_secret_that_does_not_fit_is_named_and_not_shown(found, words):
    with pytest.raises(UnfitSecretError, match=words) as caught:
        access_of(found)
    assert "s3cret" not in str(caught.value)


CERTIFICATE = base64.b64decode(
    "MIIBdDCCARugAwIBAgIUGU03ymG0EiLkY8A/rbi+Bu0YzVswCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEdGVzdDAgFw"
    "0yNjExMjgxMjI2MDRaGA8yMTI2MTEwNDEyMjYwNFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49"
    "AwEHA0IABADRqbmHI+XpYM7vpsLJGUgYli72uZgUI9WTm8MQvGDWwvzss52iWxtI8Ljq6jW8PH7dNjgtNDqn3F7Gvz"
    "pJTqOjUzBRMB0GA1UdDgQWBBRiHRtHRGNzlhhbOnPHdOjEk9wrLDAfBgNVHSMEGDAWgBRiHRtHRGNzlhhbOnPHdOjE"
    "k9wrLDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIFIANJDMzhmLRZdTz8ySf9K/5W13d5A+rzWkZ7"
    "wfBgtCAiA4qaYw7elS/II/Yz28m8RWw4nXg67dB79sm7yVsnpTyg=="
)
"""A self-signed certificate for the name `test`; its key is thrown away."""
