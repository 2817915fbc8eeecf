"""What every backend of routes has to do, whatever it is made of; on a real API server."""

import asyncio

import pytest
from tests.integration.operator.routes import cases
from tests.integration.operator.routes.cases import CASES, NEW, NEXT, OLD

from slipway_operator.cluster.kinds import HTTP_ROUTE
from slipway_operator.cluster.preflight import check_cluster
from slipway_operator.cluster.render.backends import revision_of
from slipway_operator.cluster.routes.registry import BACKENDS, backend_of
from slipway_operator.rollout.observation import Course, Mirror
from slipway_operator.rollout.split import LEAST, WHOLE, make_split, next_split

pytestmark = pytest.mark.integration

SPLIT = {OLD: 900_000, NEW: 100_000}


class Place:
    """A namespace with everything that a case needs, and the backend at work in it."""

    def __init__(self, client, namespace, case):
        self.client, self.namespace, self.case = client, namespace, case
        self.backend, self.site = cases.site(namespace, case.traffic)

    async def read(self):
        return await self.backend.read(self.client, self.site)

    async def state(self):
        return (await self.read()).state

    async def write(self, split, mirror=None, pins=frozenset()):
        await self.backend.write(self.client, self.site, Course(split, mirror, pins))

    async def objects(self):
        return [await self.client.get(kind, self.namespace, name) for kind, name in self.case.routes]

    @property
    def parts(self):
        """Everything that the gateway has to accept."""
        return (*self.case.routes, *self.case.others)

    async def say(self, status="True"):
        for kind, name in self.parts:
            await cases.say(self.client, kind, self.namespace, name, status)


@pytest.fixture(params=CASES, ids=lambda case: case.name)
async def place(request, client, namespace):
    await cases.surroundings(client, namespace)
    await request.param.prepare(client, namespace)
    return Place(client, namespace, request.param)


def test_every_backend_is_tried():
    tried = {type(backend_of(cases.spec(case.traffic))) for case in CASES}
    assert tried == {type(backend) for backend in BACKENDS}, "a backend without a case in cases.py"


async def test_before_the_first_write_it_leads_nowhere(place):
    view = await place.read()
    assert (view.state, view.problem) == (None, None)


async def test_what_was_written_is_read_back(place):
    await place.write(SPLIT)
    view = await place.read()
    assert view.problem is None
    assert dict(view.state.split) == SPLIT
    assert list(view.state.split) == [OLD, NEW], "the order, too: counters go by it"
    assert (view.state.mirror, view.state.pins, view.state.current) == (None, frozenset(), True)


async def test_writing_it_twice_changes_nothing(place):
    await place.write(SPLIT)
    before = [route["metadata"]["generation"] for route in await place.objects()]
    await place.write(SPLIT)
    assert [route["metadata"]["generation"] for route in await place.objects()] == before, (
        "the gateway would have to accept it once more"
    )


async def test_the_whole_way_of_a_rollout_and_back_is_read_as_it_is_written(place):
    await place.write(make_split(OLD))
    for wanted in (make_split(OLD, NEW, 10), make_split(OLD, NEW, 100), make_split(OLD)):
        while (await place.state()).split != wanted:
            split = next_split((await place.state()).split, wanted)
            await place.write(split)
            state = await place.state()
            assert dict(state.split) == split
            assert sum(state.split.values()) == WHOLE
            assert min(state.split.values()) >= LEAST
            assert state.current


async def test_on_the_whole_way_nobody_who_stays_changes_his_number(place):
    """Envoy Gateway names clusters by it; one that is suddenly another revision's loses requests."""
    await place.write(make_split(OLD))
    before = (await place.read()).rules
    for stable in (NEW, NEXT, OLD, NEW):
        while (await place.state()).split != make_split(stable):
            split = next_split((await place.state()).split, make_split(stable))
            await place.write(split)
            view = await place.read()
            assert dict(view.state.split) == split
            assert view.state.current
            for rule, revisions in before.items():
                for number, revision in enumerate(revisions):
                    assert revision not in split or view.rules[rule][number] == revision
            before = view.rules


async def test_every_backend_is_one_that_is_there(place):
    """Also where nothing leads to it: the gateway would not resolve a Service that is gone."""
    await place.write({OLD: 999_999, NEW: 1})
    await place.write({OLD: 1, NEW: 999_999})
    await place.write({NEW: WHOLE})
    for body in await place.objects():
        for rule in body["spec"]["rules"]:
            named = [part["name"] for part in rule["backendRefs"]]
            assert f"churn-{OLD}-predictor" not in named, "it is about to be deleted"


async def test_it_is_accepted_when_the_gateway_has_accepted_all_of_it_as_it_is_now(place):
    await place.write(SPLIT)
    assert not (await place.state()).accepted
    for kind, name in place.parts:
        assert not (await place.state()).accepted, f"{kind.name} {name} is not accepted yet"
        await cases.say(place.client, kind, place.namespace, name)
    accepted = await place.state()
    assert accepted.accepted
    await place.write({OLD: 800_000, NEW: 200_000})
    state = await place.state()
    assert not state.accepted, "that was for the split before"
    assert (state.generation, state.grpc_generation) != (accepted.generation, accepted.grpc_generation)


async def test_a_refusal_is_told_in_the_gateways_words_and_one_of_the_httproute_holds_all_up(place):
    await place.write(SPLIT)
    await place.say()
    for kind, name in place.parts:
        await cases.say(place.client, kind, place.namespace, name, "False")
        state = await place.state()
        assert state.message == f"{kind.name} False"
        assert state.accepted is (kind is not HTTP_ROUTE), (
            "else what is refused beside it would bar the way back"
        )
        await cases.say(place.client, kind, place.namespace, name)


async def test_mirror_and_pins_are_read_back_where_they_are_offered(place):
    assert place.backend.features == place.case.features
    mirror = Mirror(NEXT, 25) if "mirror" in place.backend.features else None
    pins = frozenset({OLD, NEW}) if "pins" in place.backend.features else frozenset()
    await place.write(SPLIT, mirror, pins)
    state = await place.state()
    assert (dict(state.split), state.mirror, state.pins, state.current) == (SPLIT, mirror, pins, True)
    await place.write(SPLIT)
    state = await place.state()
    assert (state.mirror, state.pins, state.current) == (None, frozenset(), True)


async def test_weights_that_somebody_has_edited_are_seen_and_put_back(place):
    await place.write(SPLIT)
    for (kind, name), body in zip(place.case.routes, await place.objects(), strict=True):
        rules = body["spec"]["rules"]
        for rule in rules:
            for backend in rule["backendRefs"]:
                backend["weight"] = 7
        await place.client.merge(kind, place.namespace, name, {"spec": {"rules": rules}})
        state = await place.state()
        assert (dict(state.split), state.current) != (SPLIT, True), f"{kind.name} is not as it was written"
        await place.write(SPLIT)
        state = await place.state()
        assert (dict(state.split), state.current) == (SPLIT, True)


async def test_the_names_of_its_rules_tell_the_gateways_counters_apart(place):
    await place.write(SPLIT)
    rules = (await place.read()).rules
    for (kind, name), body in zip(place.case.routes, await place.objects(), strict=True):
        prefix = f"{kind.name.lower()}/{place.namespace}/{name}/rule/"
        ours = {rule: revisions for rule, revisions in rules.items() if rule.startswith(prefix)}
        assert ours, f"no counters of {kind.name} {name}"
        for rule, revisions in ours.items():
            backends = body["spec"]["rules"][int(rule.removeprefix(prefix))]["backendRefs"]
            assert [revision_of(place.site.subject, part) for part in backends] == revisions == [OLD, NEW]
            assert all(part.get("filters") for part in backends), "without them all backends are one cluster"


async def test_each_revision_is_entered_by_its_own_component(place):
    await place.write(SPLIT)
    for body in await place.objects():
        served = {part["name"] for rule in body["spec"]["rules"] for part in rule["backendRefs"]}
        assert {f"churn-{OLD}-predictor", f"churn-{NEW}-transformer"} <= served


async def test_once_removed_it_leads_nowhere(place):
    await place.write(SPLIT)
    await place.backend.remove(place.client, place.site)
    assert await place.state() is None
    for kind, name in place.case.others:
        assert await place.client.get(kind, place.namespace, name) is None, f"{kind.name} {name} is left"
    await place.backend.remove(place.client, place.site)
    await place.write(SPLIT)
    assert dict((await place.state()).split) == SPLIT


async def test_two_who_write_at_once_leave_one_of_their_splits(place):
    """Two operators, for a moment: the loser's split is written again or it is not, but never half of each."""
    other = {OLD: 500_000, NEW: 500_000}
    await asyncio.gather(place.write(SPLIT), place.write(other))
    assert dict((await place.state()).split) in (SPLIT, other)


async def test_the_cluster_is_asked_for_what_it_needs(place):
    kinds = place.backend.kinds(place.site.subject.spec)
    assert await check_cluster(place.client, kinds) is None
    assert (await place.read()).lacking is None


async def test_what_the_cluster_lacks_beside_the_route_is_told_and_stops_no_switch(place, monkeypatch):
    beside = {kind for kind, _ in place.parts} - {*place.backend.kinds(place.site.subject.spec)}
    serves = place.client.serves

    async def without(kind):
        return kind not in beside and await serves(kind)

    monkeypatch.setattr(place.client, "serves", without)
    await place.write(SPLIT)
    view = await place.read()
    assert dict(view.state.split) == SPLIT
    assert view.state.current, "it is written again and again"
    assert (view.lacking is not None) == bool(beside)
    for kind, name in place.parts:
        found = await place.client.get(kind, place.namespace, name)
        assert (found is None) == (kind in beside)
