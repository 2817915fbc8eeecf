"""What people ask of a running rollout, through the command line that they use."""

import asyncio
import os
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.e2e


def slipway(place, *words) -> subprocess.CompletedProcess:
    kubectl = place.target.kubectl
    folder = os.path.dirname(kubectl[0])
    kubeconfig = kubectl[kubectl.index("--kubeconfig") + 1]
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "KUBECONFIG": kubeconfig}
    command = [sys.executable, "-m", "slipway_cli", *words, "-n", place.namespace]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


async def test_people_approve_and_take_back(place):
    await asyncio.to_thread(place.serve, "1")
    client = place.client(rate=40)
    async with client.running():
        steps = [{"weight": 20, "hold": "2s"}, {"approval": {}}]
        kept = {"keepStable": {"for": "5m"}}
        await asyncio.to_thread(place.apply, "2", steps=steps, rollout=kept)
        status = await asyncio.to_thread(place.until, lambda s: s["phase"] == "Paused")
        assert "waits for approval at 20 % of requests" in status["message"]
        done = await asyncio.to_thread(slipway, place, "promote", "breast-cancer")
        assert done.returncode == 0, done.stderr
        status = await asyncio.to_thread(
            place.until, lambda s: s["phase"] == "Healthy" and s["stable"]["version"] == "2"
        )
        first, second = status["previous"]["revision"], status["stable"]["revision"]
        begun = time.monotonic()
        done = await asyncio.to_thread(slipway, place, "rollback", "breast-cancer")
        assert done.returncode == 0, done.stderr
        await asyncio.to_thread(place.until, lambda s: s["phase"] == "RolledBack", 30, every=0.1)
        assert time.monotonic() - begun < 10
        asked = client.answers[-1].at
        await asyncio.sleep(3)
    assert not [answer for answer in client.answers if answer.failed]
    late = {answer.revision for answer in client.answers if answer.at > asked + 1}
    assert late == {first}, f"{second} still answers"
    shown = await asyncio.to_thread(slipway, place, "status", "breast-cancer", "--wait")
    assert shown.returncode == 1, "the revision that the spec asks for is not the one that serves"
    assert "by command: back to version 1" in shown.stdout


def test_a_command_out_of_place_is_refused_with_the_reason(place):
    place.serve("1")
    done = slipway(place, "promote", "breast-cancer")
    assert done.returncode == 1
    assert "promote ignored: no rollout is under way" in done.stderr


async def test_back_to_a_version_whose_pods_are_gone(place):
    await asyncio.to_thread(place.serve, "1")
    await asyncio.to_thread(place.apply, "2")
    status = await asyncio.to_thread(
        place.until, lambda s: s["phase"] == "Healthy" and s["stable"]["version"] == "2"
    )
    await asyncio.to_thread(place.until, lambda s: "previous" not in s)
    second = status["stable"]["revision"]
    client = place.client(rate=40)
    async with client.running():
        done = await asyncio.to_thread(slipway, place, "rollback", "breast-cancer", "--to", "1")
        assert done.returncode == 0, done.stderr
        status = await asyncio.to_thread(place.until, lambda s: s["phase"] == "RolledBack")
        await asyncio.sleep(2)
    assert not [answer for answer in client.answers if answer.failed]
    assert status["stable"]["version"] == "1"
    assert status["failed"]["revision"] == second
    assert client.answers[-1].revision == status["stable"]["revision"]
    done = await asyncio.to_thread(slipway, place, "rollback", "breast-cancer", "--to", "3")
    assert "there is no version or revision 3 in status.history, which has 1, 2" in done.stderr
