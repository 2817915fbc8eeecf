"""The certificate of the webhook server: self-signed for its own address, kept in a Secret across restarts.

Kept, because the API server holds a webhook's authority for a while: a new certificate at every start would make
the first admissions after a restart fail.
"""

import base64
import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from slipway_standin.api import Api, ApiError
from slipway_standin.kinds import NAMESPACE, SECRET

SECRET_NAME = "slipway-standin-webhook"
_VALID = timedelta(days=365)
_RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, both PEM."""

    certificate: bytes
    key: bytes

    @property
    def ca_bundle(self) -> str:
        """The certificate as webhook configurations want it: it is its own authority."""
        return base64.b64encode(self.certificate).decode()

    def server_context(self) -> ssl.SSLContext:
        """A TLS context that serves this certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        with tempfile.TemporaryDirectory() as folder:
            pair = Path(folder) / "pair.pem"
            pair.touch(mode=0o600)
            pair.write_bytes(self.key + self.certificate)
            context.load_cert_chain(pair)
        return context


def issue(host: str, now: datetime) -> Certificate:
    """A new certificate for ``host``, an IP address or a name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "slipway-standin")])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName([_alternative(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Certificate(
        signed.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


def fits(certificate: bytes, host: str, now: datetime) -> bool:
    """Whether a certificate (PEM) is for ``host`` and stays valid for a good while."""
    try:
        read = x509.load_pem_x509_certificate(certificate)
        names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    return _alternative(host) in list(names) and read.not_valid_after_utc > now + _RENEW_BEFORE


async def obtain(api: Api, namespace: str, host: str) -> Certificate:
    """The certificate kept in the cluster, or a new one, kept there from now on; makes the namespace if need be."""
    now = datetime.now(UTC)
    kept = await api.get(SECRET, namespace, SECRET_NAME)
    if kept:
        data = {name: base64.b64decode(value) for name, value in (kept.get("data") or {}).items()}
        if fits(data.get("tls.crt", b""), host, now):
            return Certificate(data["tls.crt"], data["tls.key"])
    issued = issue(host, now)
    await _keep(api, namespace, issued, exists=kept is not None)
    return issued


async def _keep(api: Api, namespace: str, issued: Certificate, *, exists: bool) -> None:
    await _ensure_namespace(api, namespace)
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": SECRET_NAME, "namespace": namespace},
        "data": {"tls.crt": issued.ca_bundle, "tls.key": base64.b64encode(issued.key).decode()},
    }
    await (api.replace(SECRET, secret) if exists else api.create(SECRET, secret))


async def _ensure_namespace(api: Api, namespace: str) -> None:
    try:
        await api.create(
            NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        )
    except ApiError as error:
        if error.code != 409:
            raise


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
