"""Two operators at once: one acts, and the other one takes over, late when the first one died and at once when it left."""

import asyncio
import contextlib
import signal
import time
from datetime import UTC, datetime

import pytest
from tests.integration.operator.program import start
from tests.integration.operator.test_crd import GOOD
from tests.integration.operator.test_crd import client as client

from slipway_operator.cluster.kinds import LEASE, MODEL_DEPLOYMENT
from slipway_operator.cluster.lease import election
from slipway_operator.cluster.lease.election import Election, NotLeaderError
from slipway_operator.cluster.lease.record import DURATION, RETRY, held, holder

pytestmark = pytest.mark.integration
LEADING = "leading: lease"


@pytest.fixture
def begin(client, apiserver, namespace, tmp_path):
    programs = []

    def begin_one():
        log = tmp_path / f"log-{len(programs)}"
        programs.append(start(apiserver.kubeconfig, log, SLIPWAY_LEASE=f"{namespace}/operator"))
        return programs[-1]

    yield begin_one
    for program in programs:
        program.kill()


async def told(client, namespace, name):
    """Until a new ModelDeployment has a status: somebody acts."""
    await client.create(MODEL_DEPLOYMENT, {**GOOD, "metadata": {"name": name, "namespace": namespace}})
    async with asyncio.timeout(10):
        while "status" not in (await client.get(MODEL_DEPLOYMENT, namespace, name)):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_one_acts_and_the_other_takes_over(client, namespace, begin):
    first = begin()
    first.until(LEADING)
    second = begin()
    await told(client, namespace, "one")
    lease = await client.get(LEASE, namespace, "operator")
    assert holder(lease) in first.text
    assert LEADING not in second.text

    begin_time = time.monotonic()
    first.kill()
    second.until(LEADING)
    await told(client, namespace, "two")
    assert time.monotonic() - begin_time < 20, "killed, and nobody acted for 20 seconds"

    third = begin()
    third.until("is known")
    await asyncio.sleep(2 * RETRY)  # it has seen whose the lease is
    second.signal(signal.SIGTERM)
    assert third.until(LEADING, 15) < 6, (
        "it stopped when told to, and the next one waited for its lease to run out"
    )
    assert second.process.wait(20) == 0
    await told(client, namespace, "three")


async def test_one_that_stood_still_acts_no_more_when_it_goes_on(client, namespace, begin):
    first = begin()
    first.until(LEADING)
    second = begin()
    first.signal(signal.SIGSTOP)
    second.until(LEADING)
    before = (await client.get(LEASE, namespace, "operator"))["spec"]["holderIdentity"]
    first.signal(signal.SIGCONT)
    first.until("is lost")
    await told(client, namespace, "one")
    assert (await client.get(LEASE, namespace, "operator"))["spec"]["holderIdentity"] == before
    assert first.text.count(LEADING) == 1
    second.stop()
    first.until(LEADING, 15, times=2)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(election, "RENEW_DEADLINE", 1.0)
    monkeypatch.setattr(election, "RETRY", 0.1)


async def test_who_cannot_renew_stops_before_another_may_begin(client, namespace, quick):
    mine = Election(client, namespace, "operator")
    working, stopped = asyncio.Event(), asyncio.Event()

    async def work():
        working.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    with pytest.raises(NotLeaderError):
        mine.require()
    task = asyncio.create_task(mine.run(work))
    await asyncio.wait_for(working.wait(), 5)
    mine.require()
    host, client.api.configuration.host = client.api.configuration.host, "https://127.0.0.1:9"
    await asyncio.wait_for(stopped.wait(), 3)
    with pytest.raises(NotLeaderError):
        mine.require()
    client.api.configuration.host = host
    working.clear()
    await asyncio.wait_for(working.wait(), 5)  # it is still in the record: nobody has to wait
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert holder(await client.get(LEASE, namespace, "operator")) == "", "it was not given back"


async def test_a_lease_that_others_renew_is_not_taken_whatever_its_times_say(client, namespace, quick):
    other = {
        "apiVersion": LEASE.api_version,
        "kind": "Lease",
        "metadata": {"namespace": namespace, "name": "operator"},
    }
    lease = await client.create(LEASE, held(other, "other", datetime(2020, 1, 1, tzinfo=UTC)))
    mine = Election(client, namespace, "operator")
    began = asyncio.Event()

    async def work():
        began.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(mine.run(work))
    for number in range(10):
        await asyncio.sleep(0.2)
        lease = await client.replace(
            LEASE, held(lease, "other", datetime(2020, 1, 1, 0, 0, number, tzinfo=UTC))
        )
    assert not began.is_set()
    lease["spec"]["leaseDurationSeconds"] = 1  # what follows stands still
    await client.replace(LEASE, lease)
    await asyncio.wait_for(began.wait(), DURATION)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_record_that_somebody_edited_is_read_and_kept(client, namespace, quick):
    mine = Election(client, namespace, "operator")
    began = []

    async def work():
        began.append(1)
        await asyncio.Event().wait()

    task = asyncio.create_task(mine.run(work))
    await asyncio.sleep(0.5)
    lease = await client.get(LEASE, namespace, "operator")
    await client.merge(LEASE, namespace, "operator", {"metadata": {"labels": {"touched": "yes"}}})
    await asyncio.sleep(1.0)
    assert began == [1], "it stopped working for nothing"
    renewed = await client.get(LEASE, namespace, "operator")
    assert renewed["spec"]["renewTime"] > lease["spec"]["renewTime"]
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
