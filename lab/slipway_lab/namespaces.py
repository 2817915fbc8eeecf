"""The lab's own network and mount namespaces, pinned under /run so that processes can join them by path.

Inside, the node is alone: its address, its routes, its iptables rules and its mounts exist nowhere else, and all of
them vanish when the last process has ended and the pins are gone. /run, /var/lib and /var/log are the lab's own
there, so that containerd, the CNI plugins and the kubelet keep their usual paths and the host's stay untouched.
"""

import subprocess
from pathlib import Path

from slipway_lab.addresses import NODE_ADDRESS
from slipway_lab.paths import Paths

KUBELET_WISHES = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
"""Settings of the whole machine that the kubelet would change; it gets files of its own in their place."""

NETWORK = """
set -eu
ip link set lo up
ip link show node0 >/dev/null 2>&1 || ip link add node0 type bridge
ip addr replace {address}/24 dev node0
ip link set node0 up
ip route replace default dev node0
echo 1 > /proc/sys/net/ipv4/ip_forward
"""

MOUNTS = """
set -eu
mkdir -p {run}/root/{name} {run}/settings
mount --rbind {run} {run}/root/{name}
mount --rbind {run}/root /run
mount --bind {node}/lib /var/lib
mount --bind {node}/log /var/log
"""


def exist(paths: Paths) -> bool:
    """Whether both namespaces are pinned."""
    return all(_is_mount(pin) for pin in (paths.network, paths.mounts)) and (paths.run / "ready").exists()


def create(paths: Paths, environment: dict[str, str]) -> None:
    """Make and furnish the namespaces unless they are there; a half-made pair is made anew."""
    if exist(paths):
        return
    remove(paths)
    for folder in ("lib", "log"):
        (paths.node / folder).mkdir(parents=True, exist_ok=True)
    paths.run.mkdir(parents=True, exist_ok=True)
    # A mount namespace can only be pinned where mounts do not propagate.
    _shell(
        f"mount -t tmpfs -o mode=0755 {paths.name} {paths.run} && mount --make-private {paths.run}",
        environment,
    )
    for pin in (paths.network, paths.mounts):
        pin.touch()
    pinned = [f"--net={paths.network}", f"--mount={paths.mounts}", "--propagation", "slave"]
    subprocess.run(["unshare", *pinned, "true"], check=True, env=environment)
    inside = ["nsenter", f"--net={paths.network}", f"--mount={paths.mounts}", "--"]
    _shell(NETWORK.format(address=NODE_ADDRESS), environment, inside)
    _shell(
        MOUNTS.format(run=paths.run, name=paths.name, node=paths.node) + _settings(paths), environment, inside
    )
    (paths.run / "ready").touch()


def remove(paths: Paths) -> None:
    """Take the pins away; with no process left inside, the kernel then drops the namespaces and all in them."""
    for pin in (paths.mounts, paths.network, paths.run):
        while _is_mount(pin):
            subprocess.run(["umount", "--lazy", str(pin)], check=True)
    if paths.run.exists():
        for pin in paths.run.iterdir():
            pin.unlink()
        paths.run.rmdir()


def _settings(paths: Paths) -> str:
    lines = []
    for setting, value in KUBELET_WISHES.items():
        own = paths.run / "settings" / setting.replace("/", ".")
        system = Path("/proc/sys") / setting
        if system.exists():
            lines.append(f"echo {value} > {own} && mount --bind {own} {system}\n")
    return "".join(lines)


def _shell(script: str, environment: dict[str, str], prefix: list[str] | None = None) -> None:
    subprocess.run([*(prefix or []), "/bin/sh", "-c", script], check=True, env=environment)


def _is_mount(path: Path) -> bool:
    return any(line.split()[4] == str(path) for line in Path("/proc/self/mountinfo").read_text().splitlines())
