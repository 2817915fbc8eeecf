"""Who holds a host name."""

from slipway_operator.cluster.claims import Claims

HOST = "churn.example.com"


def body(created, held=()):
    return {"metadata": {"creationTimestamp": created}, "status": {"hostnames": list(held)}}


def test_the_older_one_holds_it_and_the_other_is_told_by_whom():
    claims = Claims()
    claims.note(("ml", "young"), body("2026-01-02"), [HOST])
    claims.note(("ml", "old"), body("2026-01-01"), [HOST])
    assert claims.problem(("ml", "old"), [HOST]) is None
    problem = claims.problem(("ml", "young"), [HOST])
    assert problem.reason == "HostnameConflict"
    assert "belongs to ModelDeployment old in namespace ml" in problem.message


def test_who_has_it_keeps_it_even_from_an_older_one():
    claims = Claims()
    claims.note(("ml", "young"), body("2026-01-02", [HOST]), [HOST])
    claims.note(("ml", "old"), body("2026-01-01"), [HOST])
    assert claims.problem(("ml", "young"), [HOST]) is None
    assert claims.problem(("ml", "old"), [HOST])


def test_it_is_free_again_when_its_holder_goes_or_asks_for_another():
    claims = Claims()
    claims.note(("ml", "old"), body("2026-01-01", [HOST]), [HOST])
    claims.note(("ml", "young"), body("2026-01-02"), [HOST])
    claims.note(("ml", "old"), body("2026-01-01", [HOST]), ["other.example.com"])
    assert claims.problem(("ml", "young"), [HOST]) is None
    claims.note(("ml", "old"), body("2026-01-01", [HOST]), [HOST])
    claims.forget(("ml", "old"))
    assert claims.problem(("ml", "young"), [HOST]) is None


def test_rivals_are_those_that_wait_for_a_name_of_it():
    claims = Claims()
    claims.note(("ml", "old"), body("2026-01-01", [HOST]), [HOST, "old.example.com"])
    claims.note(("ml", "young"), body("2026-01-02"), [HOST])
    claims.note(("ml", "other"), body("2026-01-02"), ["other.example.com"])
    assert claims.rivals(("ml", "old")) == {("ml", "young")}
    claims.forget(("ml", "old"))
    assert claims.rivals(("ml", "old")) == set()
    assert claims.rivals(("ml", "young")) == set()
