"""The commands that start etcd and the API server: the same ones for the lab and for the integration tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway_lab.addresses import SERVICE_RANGE
from slipway_lab.credentials import Credentials


def etcd(program: Path, data: Path, port: int, peer_port: int) -> list[str]:
    """Etcd on the loopback address; without fsync, since no lab outlives its machine."""
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    return [
        str(program),
        f"--data-dir={data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


@dataclass(frozen=True)
class ApiServer:
    """Where an API server listens and with what it proves itself."""

    program: Path
    credentials: Credentials
    address: str
    port: int
    etcd_port: int

    def command(self, extra: Sequence[str] = ()) -> list[str]:
        """The command line."""
        credentials = self.credentials
        return [
            str(self.program),
            f"--etcd-servers=http://127.0.0.1:{self.etcd_port}",
            f"--bind-address={self.address}",
            f"--advertise-address={self.address}",
            f"--secure-port={self.port}",
            f"--tls-cert-file={credentials.certificate('apiserver')}",
            f"--tls-private-key-file={credentials.key('apiserver')}",
            f"--token-auth-file={credentials.tokens}",
            f"--service-account-key-file={credentials.service_account_key}",
            f"--service-account-signing-key-file={credentials.service_account_key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            "--endpoint-reconciler-type=lease",
            "--allow-privileged=true",
            "--enable-priority-and-fairness=false",
            *extra,
        ]
