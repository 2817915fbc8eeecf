"""The lab itself: what runs in it, what survives a crash of `up`, and that `down` leaves nothing behind.

What ends or breaks a lab is done to a second one, with a folder of its own; the first keeps running beside it.
"""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import pytest

from slipway_lab import cgroups, namespaces, state
from slipway_lab.down import down
from slipway_lab.identity import alive, end
from slipway_lab.kserve import Mode
from slipway_lab.paths import CHECKOUT, Paths, cache_dir
from slipway_lab.report import Report
from slipway_lab.up import up

POD = """
apiVersion: v1
kind: Pod
metadata: {{name: probe}}
spec:
  terminationGracePeriodSeconds: 1
  automountServiceAccountToken: false
  securityContext: {{runAsNonRoot: true, runAsUser: 65532, seccompProfile: {{type: RuntimeDefault}}}}
  containers:
    - name: probe
      image: {image}
      imagePullPolicy: Never
      command: [python3, -c, "print('hello', flush=True); import time; time.sleep(600)"]
      securityContext: {{readOnlyRootFilesystem: true, allowPrivilegeEscalation: false}}
"""


def kubectl(lab, *words, stdin=None):
    command = [f"{lab.bin}/kubectl", f"--kubeconfig={lab.kubeconfig}", *words]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def pod(lab):
    """A pod that runs, with what kubectl needs to say to mean it."""
    namespace = f"lab-{uuid.uuid4().hex[:8]}"
    kubectl(lab, "create", "namespace", namespace)
    kubectl(lab, "apply", "--namespace", namespace, "-f", "-", stdin=POD.format(image=lab.images["operator"]))
    kubectl(lab, "wait", "--namespace", namespace, "--for=condition=Ready", "--timeout=60s", "pod/probe")
    yield ["--namespace", namespace, "probe"]
    kubectl(lab, "delete", "namespace", namespace, "--wait=false")


def test_the_node_is_ready_and_says_its_version(lab):
    node = json.loads(kubectl(lab, "get", "node", "lab", "-o", "json"))
    ready = next(c for c in node["status"]["conditions"] if c["type"] == "Ready")
    assert ready["status"] == "True"
    assert node["status"]["nodeInfo"]["kubeletVersion"].startswith("v1.34.")


def test_logs_and_exec_reach_a_pod(lab, pod):
    assert kubectl(lab, "logs", *pod) == "hello\n"
    assert "65532" in kubectl(lab, "exec", *pod, "--", "id", "-u")


def test_names_of_services_are_known_in_a_pod(lab, pod):
    script = "import socket; print(socket.gethostbyname('kubernetes.default.svc'))"
    assert kubectl(lab, "exec", *pod, "--", "python3", "-c", script) == "10.96.0.1\n"


def test_a_pod_cannot_reach_the_world_outside(lab, pod):
    script = (
        "import socket; s = socket.socket(); s.settimeout(2); print(s.connect_ex(('192.0.2.1', 80)) != 0)"
    )
    assert kubectl(lab, "exec", *pod, "--", "python3", "-c", script) == "True\n"


def test_the_gateway_answers_on_the_host(lab):
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(f"http://127.0.0.1:{lab.gateway_port}/nothing", timeout=10)
    with answer.value:
        assert answer.value.code == 404


def test_exec_runs_in_the_clusters_network(lab):
    """The same address of the gateway works inside; the node's own address exists only there."""
    script = f"""
import socket, os
assert os.environ["KUBECONFIG"]
with socket.socket() as own: own.bind(("10.77.0.10", 0))
with socket.create_connection(("127.0.0.1", {lab.gateway_port}), timeout=5): print("inside")
"""
    done = subprocess.run(
        [CHECKOUT / "lab/exec", sys.executable, "-c", script], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "inside\n"), done.stderr


class Second:
    """Another lab, in a folder of its own; shares the cache."""

    def __init__(self, folder: Path) -> None:
        self.paths = Paths(lab=folder, cache=cache_dir())
        self.environment = {**os.environ, "SLIPWAY_LAB_DIR": str(folder), "PYTHONPATH": str(CHECKOUT / "lab")}
        self.command = [sys.executable, "-m", "slipway_lab"]

    def up(self, mode="none"):
        return up(Mode(mode), self.paths, Report(io.StringIO()))

    def down(self):
        down(self.paths, Report(io.StringIO()))

    def start(self, *words, **environment):
        return subprocess.Popen(
            [*self.command, *words],
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            # Tests that run in the background have it ignored, and a child would inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


@pytest.fixture(scope="module")
def second(lab, tmp_path_factory):
    second = Second(tmp_path_factory.mktemp("second"))
    yield second
    second.down()


def traces(paths):
    """Everything on this machine that could be a leftover of a lab."""
    mounts = Path("/proc/self/mountinfo").read_text().count(paths.name)
    groups = [str(path) for path in cgroups.ROOT.glob(f"**/{paths.name}*")]
    addresses = subprocess.run(["ip", "-brief", "address"], capture_output=True, text=True).stdout
    processes = [pid for pid in os.listdir("/proc") if pid.isdigit() and mentions(pid, str(paths.lab))]
    return mounts, groups, paths.run.exists(), addresses, processes


def mentions(pid, folder):
    try:
        texts = [Path(f"/proc/{pid}/{file}").read_bytes() for file in ("cmdline", "environ", "mountinfo")]
    except OSError:
        return False
    return any(folder.encode() in text for text in texts) and int(pid) != os.getpid()


def test_down_leaves_nothing_behind_and_ends_only_its_own(second):
    second.down()
    before = traces(second.paths)
    with subprocess.Popen(["sleep", "600"]) as bystander:
        running = second.up()
        inside = second.start("exec", "sleep", "600")
        assert traces(second.paths) != before
        assert kubectl(running, "get", "nodes", "-o", "name") == "node/lab\n"
        second.down()
        assert inside.wait(10) != 0
        inside.stdout.close()
        assert bystander.poll() is None
        bystander.kill()
    assert traces(second.paths) == before
    assert state.load(second.paths.lab) is None
    second.down()  # and once more, with nothing there


def test_an_up_that_was_killed_goes_on_where_it_was(second):
    second.down()
    with second.start("up", KSERVE="none") as first:
        record = second.paths.processes / "kube-apiserver"
        deadline = time.monotonic() + 60
        while not record.exists():
            assert time.monotonic() < deadline, "the API server was never started"
            time.sleep(0.02)
        server = state.recorded(second.paths)["kube-apiserver"]
        first.kill()
    second.up()
    assert state.recorded(second.paths)["kube-apiserver"] == server
    assert alive(server)
    assert cgroups.within(cgroups.steps(second.paths.name)) == []


def test_an_up_that_is_interrupted_says_how_to_go_on_and_leaves_no_command(second):
    second.down()
    with second.start("up", KSERVE="none") as first:
        while not namespaces.exist(second.paths):
            assert first.poll() is None
            time.sleep(0.02)
        first.send_signal(signal.SIGINT)
        assert first.wait(30) == 130
    assert cgroups.within(cgroups.steps(second.paths.name)) == []
    assert second.up().gateway_port


def test_a_process_that_died_is_started_again_and_no_other(second):
    second.up()
    before = state.recorded(second.paths)
    end([before["coredns"]])
    second.up()
    after = state.recorded(second.paths)
    assert {name for name in before if before[name] != after[name]} == {"coredns"}


def test_the_controller_is_exchanged_on_a_running_lab(second):
    running = second.up("none")
    assert "serving.kserve.io" not in kubectl(running, "get", "crd", "-o", "name")
    node = state.recorded(second.paths)["kubelet"]

    running = second.up("standin")
    assert "inferenceservices.serving.kserve.io" in kubectl(running, "get", "crd", "-o", "name")
    assert alive(state.recorded(second.paths)["kserve"])

    running = second.up("none")
    assert "serving.kserve.io" not in kubectl(running, "get", "crd", "-o", "name")
    kinds = "validatingwebhookconfigurations,mutatingwebhookconfigurations"
    assert "kserve" not in kubectl(running, "get", kinds, "-o", "name")
    assert "kserve" not in state.recorded(second.paths)
    assert state.recorded(second.paths)["kubelet"] == node


def test_what_somebody_puts_into_the_free_place_stays_there(second):
    running = second.up("none")
    kubectl(running, "apply", "--server-side", "-f", str(CHECKOUT / "lab/crds/kserve-minimal.yaml"))
    second.up("none")
    assert "inferenceservices.serving.kserve.io" in kubectl(running, "get", "crd", "-o", "name")


def test_the_hosts_settings_are_not_the_kubelets_to_change(second):
    second.up()
    inside = [*("nsenter", f"--mount={second.paths.mounts}", "--"), "findmnt", "-n", "-o", "TARGET"]
    targets = subprocess.run(inside, capture_output=True, text=True).stdout
    for setting in namespaces.KUBELET_WISHES:
        with contextlib.suppress(FileNotFoundError):
            Path("/proc/sys", setting).read_text()
            assert f"/proc/sys/{setting}" in targets
