"""`python -m slipway_scale`: measure the operator at scale and write RESULTS.md."""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import urllib.error
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from slipway_lab import programs
from slipway_lab.cache import Cache
from slipway_lab.loopback import free_port
from slipway_lab.paths import Paths
from slipway_lab.report import Report
from slipway_lab.standalone import Running, api_server
from slipway_lab.waiting import wait_until
from slipway_operator.cluster.client import connect
from slipway_scale import objects, report
from slipway_scale.scenarios import Bench, Figures, stand_in

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def main() -> int:
    """Run; return 0, or 1 with a sentence on stderr."""
    chosen = _arguments()
    if (os.cpu_count() or 1) < 2:
        print("two cores are needed, one for the operator and one for the rest", file=sys.stderr)
        return 1
    paths = Paths.here()
    programs.build(("etcd", "kubernetes"), paths, Report())
    with tempfile.TemporaryDirectory(prefix="slipway-scale-") as name:
        folder = chosen.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        with api_server(Cache(paths.cache).bin, folder / "cluster") as cluster:
            figures = asyncio.run(_measure(cluster, folder, chosen))
    print(json.dumps(asdict(figures), indent=2))
    if chosen.out:
        chosen.out.write_text(
            report.render(figures, "make bench-operator", f"{datetime.now(UTC):%Y-%m-%d}", _machine())
        )
        print(f"Written to {chosen.out}")
    return 0


async def _measure(cluster: Running, folder: Path, chosen: argparse.Namespace) -> Figures:
    os.environ["KUBECONFIG"] = str(cluster.kubeconfig)
    port = free_port()
    _install(cluster, port)
    client = await connect()
    try:
        async with stand_in(folder, cluster.kubeconfig, port):
            bench = Bench(client, folder, cluster.kubeconfig, chosen.count, chosen.rolling, chosen.idle)
            return await bench.run()
    finally:
        await client.close()


def _machine() -> str:
    model = next(
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")
    )
    return f"{os.cpu_count()} cores of {model.partition(':')[2].strip()}"


def _install(cluster: Running, metrics_port: int) -> None:
    for crd in objects.definitions():
        cluster.request("POST", CRDS, json.dumps(crd).encode())
    for path, body in objects.surroundings(metrics_port):
        wait_until(lambda path=path, body=body: _created(cluster, path, body), f"{path} took nothing", 30)  # type: ignore[misc]


def _created(cluster: Running, path: str, body: objects.Json) -> bool:
    """Create it; False where its definition is not served yet."""
    try:
        cluster.request("POST", path, json.dumps(body).encode())
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return False
        raise
    return True


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="slipway_scale", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="ModelDeployments in all")
    parser.add_argument("--rolling", type=int, default=100, help="how many of them roll out at once")
    parser.add_argument("--idle", type=float, default=600, help="seconds to watch them idle")
    parser.add_argument("--keep", type=Path, help="leave logs and lines in this folder")
    parser.add_argument("--out", type=Path, help="write the table here")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
