"""Keys, certificates and tokens of one cluster: an authority of its own, made once, never leaving its folder.

Used by the lab and, with other addresses, by the API server that the integration tests start.
"""

import base64
import csv
import datetime
import ipaddress
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

USERS = {
    "admin": ("admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "kubelet": ("system:node:lab", "system:nodes"),
    "proxy": ("system:kube-proxy", ""),
    "dns": ("slipway:dns", ""),
    "metrics": ("slipway:metrics", ""),
}
"""Who signs in with a token: name of the file, name of the user, group."""

LIFETIME = datetime.timedelta(days=365)


@dataclass(frozen=True)
class Credentials:
    """The files of one cluster's folder."""

    folder: Path

    @property
    def authority(self) -> Path:
        """Certificate of the cluster's own authority."""
        return self.folder / "ca.crt"

    @property
    def service_account_key(self) -> Path:
        """Signs the tokens of service accounts."""
        return self.folder / "sa.key"

    @property
    def tokens(self) -> Path:
        """The API server's list of tokens."""
        return self.folder / "tokens.csv"

    def certificate(self, name: str) -> Path:
        """Certificate of ``apiserver``, ``kubelet-client`` or another name made with ``issue``."""
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        """Private key of the same."""
        return self.folder / f"{name}.key"

    def token(self, user: str) -> str:
        """The token of one of ``USERS``."""
        with self.tokens.open(newline="") as file:
            return next(row[0] for row in csv.reader(file) if row[1] == USERS[user][0])


def create(folder: Path, addresses: Sequence[str]) -> Credentials:
    """Make everything that is missing; the API server's certificate is for these addresses and the usual names."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    credentials = Credentials(folder)
    if (folder / "complete").exists():
        return credentials
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _sign("slipway-lab", authority_key, None, authority_key)
    credentials.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    _write_key(credentials.key("ca"), authority_key)
    _write_key(credentials.service_account_key, rsa.generate_private_key(65537, 2048))
    names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]
    issue(credentials, "apiserver", [*addresses, *names])
    issue(credentials, "kubelet-client", [], organisation="system:masters")
    with credentials.tokens.open("w", newline="") as file:
        for user, group in USERS.values():
            csv.writer(file).writerow([secrets.token_hex(24), user, user, group])
    (folder / "complete").touch()
    return credentials


def issue(credentials: Credentials, name: str, hosts: Sequence[str], organisation: str = "") -> None:
    """Make a key and a certificate, signed by the cluster's authority, for these host names and addresses."""
    signer = serialization.load_pem_private_key(credentials.key("ca").read_bytes(), None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key is of a kind that the lab never makes")
    issuer = x509.load_pem_x509_certificate(credentials.authority.read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _sign(name, key, issuer, signer, hosts, organisation)
    _write_key(credentials.key(name), key)
    credentials.certificate(name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def kubeconfig(path: Path, server: str, credentials: Credentials, user: str) -> None:
    """Write a kubeconfig for one of ``USERS``; JSON, which is YAML too."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "lab", "cluster": {"server": server, "certificate-authority-data": _data(credentials)}}
        ],
        "users": [{"name": user, "user": {"token": credentials.token(user)}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user}}],
        "current-context": "lab",
    }
    text = json.dumps(content, indent=2) + "\n"
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text)


def _data(credentials: Credentials) -> str:
    return base64.b64encode(credentials.authority.read_bytes()).decode()


def _sign(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    signer: ec.EllipticCurvePrivateKey,
    hosts: Sequence[str] = (),
    organisation: str = "",
) -> x509.Certificate:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if organisation:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    subject = x509.Name(attributes)
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer:
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(map(_host, hosts))), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
