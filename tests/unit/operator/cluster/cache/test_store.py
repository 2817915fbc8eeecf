"""What is known of one kind, whatever order the news come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_operator.cluster.cache.store import State, Store, UnlistedError

DEPLOYMENT = "slipway.dev/deployment"


def body(name="a", version=1, *, uid="", labels=None, **content):
    metadata = {
        "namespace": "ml",
        "name": name,
        "uid": uid or f"{name}-1",
        "resourceVersion": str(version),
        "labels": labels or {},
    }
    return {"metadata": metadata, **content}


@pytest.fixture
def told():
    return []


@pytest.fixture
def store(told):
    found = Store(
        lambda part, there: told.append((part["metadata"]["name"], there)),
        by={DEPLOYMENT: True, "gateway": False},
    )
    found.replace([], "0")
    return found


def test_before_the_first_list_nobody_is_told_that_something_is_not_there():
    store = Store(lambda part, there: None, by={DEPLOYMENT: True})
    store.put(body())
    for ask in (
        lambda: store.get("ml", "a"),
        lambda: store.get("ml", "b"),
        store.all,
        lambda: store.find("ml", {DEPLOYMENT: "churn"}),
    ):
        with pytest.raises(UnlistedError):
            ask()
    store.replace([body()], "5")
    assert store.get("ml", "a") == body()
    assert store.get("ml", "b") is None


def test_an_older_word_never_overwrites_a_newer_one(store, told):
    store.put(body(version=10, spec="new"))  # the API server's answer to a write of ours
    store.put(body(version=9, spec="old"))  # the watch, late
    store.put(body(version=10, spec="old"))  # the watch, with our own write
    assert store.get("ml", "a")["spec"] == "new"
    assert told == [("a", True)]


def test_versions_are_numbers(store):
    store.put(body(version=9))
    store.put(body(version=10, spec="new"))
    assert store.get("ml", "a")["spec"] == "new"


def test_what_only_has_another_version_is_no_news_but_is_known(store, told):
    store.put(body(version=1))
    store.put(body(version=2))
    assert told == [("a", True)]
    assert store.get("ml", "a")["metadata"]["resourceVersion"] == "2", "a status is written against it"


def test_deleted_and_made_again_is_another_object(store):
    store.put(body(version=5, uid="second"))
    store.remove(body(version=4, uid="first"))  # late
    assert store.get("ml", "a")["metadata"]["uid"] == "second"
    store.put(body(version=3, uid="first"))
    assert store.get("ml", "a")["metadata"]["uid"] == "second"


def test_what_went_does_not_come_back_with_a_list_that_was_made_before(store, told):
    store.put(body(version=3))
    store.remove(body(version=8))
    store.replace([body(version=3)], "5")
    assert store.get("ml", "a") is None
    assert told == [("a", True), ("a", False)]


def test_what_left_the_selector_may_come_back(store):
    store.put(body(version=3))
    store.remove(body(version=4))  # the label was taken away: for a watch that is a deletion
    store.put(body(version=5))
    assert store.get("ml", "a")["metadata"]["resourceVersion"] == "5"
    store.remove(body(version=4))
    assert store.get("ml", "a"), "an old deletion took a newer object away"


def test_a_list_takes_away_what_the_watch_forgot_to_and_spares_what_is_newer(store, told):
    store.put(body("old", 3))
    store.put(body("new", 9))
    store.replace([body("other", 4)], "6")
    assert store.get("ml", "old") is None
    assert store.get("ml", "new"), "made after the list"
    assert store.get("ml", "other")
    assert told[-2:] == [("other", True), ("old", False)]


def test_an_unserved_kind_has_nothing_but_one_that_was_served_is_unknown():
    store = Store(lambda part, there: None)
    store.unserved()
    assert store.state is State.ABSENT
    assert store.get("ml", "a") is None
    store.replace([body()], "5")
    store.unserved()
    with pytest.raises(UnlistedError):
        store.get("ml", "a")
    store.replace([body()], "6")
    assert store.get("ml", "a")


def test_an_optional_kind_that_goes_away_is_absent_again_with_all_that_there_was_of_it(told):
    store = Store(lambda part, there: told.append((part["metadata"]["name"], there)), optional=True)
    store.replace([body()], "5")
    store.unserved()
    assert store.get("ml", "a") is None, "those who do without the kind are not to wait for it"
    assert (store.state, told) == (State.ABSENT, [("a", True), ("a", False)])
    store.replace([body(version=9)], "9")
    assert store.get("ml", "a")


def test_objects_are_found_by_label_within_their_namespace(store):
    churn = {DEPLOYMENT: "churn", "revision": "1"}
    elsewhere = body("d", 4, labels=churn)
    elsewhere["metadata"]["namespace"] = "other"
    for part in (
        body("b", 1, labels=churn),
        body("a", 2, labels={DEPLOYMENT: "churn"}),
        body("c", 3),
        elsewhere,
    ):
        store.put(part)

    def found(**more):
        return [part["metadata"]["name"] for part in store.find("ml", {DEPLOYMENT: "churn", **more})]

    assert found() == ["a", "b"]
    assert found(revision="1") == ["b"]
    store.put(body("a", 5))
    store.remove(body("b", 6, labels=churn))
    assert found() == []


def test_some_labels_are_found_over_all_namespaces(store):
    store.put(body("a", 1, labels={"gateway": "eg", "of": "x"}))
    assert len(store.find(None, {"gateway": "eg", "of": "x"})) == 1
    assert not store.find(None, {"gateway": "eg", "of": "y"})
    assert not store.find("other", {"gateway": "eg"})


EVENTS = st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), min_size=1, max_size=12)


@given(EVENTS, st.randoms(use_true_random=False))
def test_any_order_of_the_same_news_ends_the_same(events, random):
    """Each change of the cluster is told once or twice, in any order; in the end stands what the last one left."""
    cluster, news = {}, []
    for version, (name, there) in enumerate(events, start=1):
        known = cluster.pop(name, None)
        if there:
            uid = known["metadata"]["uid"] if known else f"{name}-{version}"
            cluster[name] = body(name, version, uid=uid, labels={DEPLOYMENT: f"to-{version % 2}"})
            news.append(("put", cluster[name]))
        elif known:
            last = body(name, version, uid=known["metadata"]["uid"])
            news.append(("remove", last))
    news += random.sample(news, len(news) // 2)
    random.shuffle(news)
    store = Store(lambda part, there: None, by={DEPLOYMENT: True})
    store.replace([], "0")
    for how, part in news:
        getattr(store, how)(part)
    assert {part["metadata"]["name"]: part for part in store.all()} == cluster
    for value in ("to-0", "to-1"):
        wanted = sorted(
            name for name, part in cluster.items() if part["metadata"]["labels"][DEPLOYMENT] == value
        )
        assert [part["metadata"]["name"] for part in store.find("ml", {DEPLOYMENT: value})] == wanted
