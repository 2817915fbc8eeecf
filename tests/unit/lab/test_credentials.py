"""Keys and certificates of a cluster: valid together, private, made once."""

import base64
import json
import ssl
import stat

import pytest
from cryptography import x509

from slipway_lab import credentials


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return credentials.create(tmp_path_factory.mktemp("c") / "credentials", ["127.0.0.1", "10.77.0.10"])


def test_the_server_certificate_is_signed_by_the_authority_for_all_its_names(made):
    authority = x509.load_pem_x509_certificate(made.authority.read_bytes())
    server = x509.load_pem_x509_certificate(made.certificate("apiserver").read_bytes())
    server.verify_directly_issued_by(authority)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(ip) for ip in names.get_values_for_type(x509.IPAddress)} == {"127.0.0.1", "10.77.0.10"}
    assert "kubernetes.default.svc" in names.get_values_for_type(x509.DNSName)


def test_key_and_certificate_belong_together(made):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.certificate("apiserver"), made.key("apiserver"))


def test_nobody_else_may_read_keys(made):
    assert stat.S_IMODE(made.folder.stat().st_mode) == 0o700
    for key in made.folder.glob("*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_second_call_changes_nothing(made):
    before = {path: path.read_bytes() for path in made.folder.iterdir()}
    credentials.create(made.folder, ["127.0.0.1"])
    assert {path: path.read_bytes() for path in made.folder.iterdir()} == before


def test_what_was_interrupted_is_made_anew(tmp_path):
    first = credentials.create(tmp_path, [])
    token = first.token("admin")
    (tmp_path / "complete").unlink()
    assert credentials.create(tmp_path, []).token("admin") != token


def test_every_user_has_a_token_of_its_own(made):
    assert len({made.token(user) for user in credentials.USERS}) == len(credentials.USERS)


def test_a_kubeconfig_carries_the_authority_and_one_token(made, tmp_path):
    path = tmp_path / "sub" / "kubeconfig"
    credentials.kubeconfig(path, "https://127.0.0.1:1", made, "scheduler")
    content = json.loads(path.read_text())
    cluster = content["clusters"][0]["cluster"]
    assert cluster["server"] == "https://127.0.0.1:1"
    assert base64.b64decode(cluster["certificate-authority-data"]) == made.authority.read_bytes()
    assert content["users"][0]["user"]["token"] == made.token("scheduler")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
