"""The page that `slipway status` prints."""

from slipway_cli.story import tell

BODY = {
    "metadata": {"namespace": "ml", "name": "churn"},
    "status": {
        "phase": "Progressing",
        "message": "Version 2 has 25 % of requests",
        "url": "http://churn.example.com",
        "weight": 25,
        "stable": {"version": "1", "revision": "aaaa1111"},
        "canary": {"version": "2", "revision": "bbbb2222"},
        "previous": {"version": "0", "revision": "cccc3333", "keepUntil": "2026-01-01T12:00:00.000Z"},
        "analysis": [
            {
                "metric": "error-rate",
                "verdict": "Pass",
                "stable": "0.1%",
                "canary": "0.2%",
                "message": "fine",
            },
            {"metric": "predictions", "verdict": "Fail", "dryRun": True, "message": "scores differ"},
        ],
        "history": [
            {
                "endedAt": "2026-01-01T11:00:00.000Z",
                "version": "9",
                "outcome": "RolledBack",
                "reason": "CrashLoop",
                "message": "ends with code 1",
            },
            {"endedAt": "2026-01-01T10:00:00.000Z", "version": "1", "outcome": "Promoted"},
        ],
    },
}


def test_the_page_tells_the_whole_story():
    assert tell(BODY) == (
        "ml/churn: Progressing\n"
        "  Version 2 has 25 % of requests\n"
        "  http://churn.example.com\n"
        "\n"
        "            VERSION  REVISION\n"
        "  stable    1        aaaa1111  75 % of requests\n"
        "  canary    2        bbbb2222  25 % of requests\n"
        "  previous  0        cccc3333  kept warm until 2026-01-01T12:00:00Z\n"
        "\n"
        "  METRIC       VERDICT         STABLE  CANARY\n"
        "  error-rate   Pass            0.1%    0.2%    fine\n"
        "  predictions  Fail (dry run)  -       -       scores differ\n"
        "\n"
        "  ENDED                 VERSION  OUTCOME\n"
        "  2026-01-01T11:00:00Z  9        RolledBack  CrashLoop: ends with code 1\n"
        "  2026-01-01T10:00:00Z  1        Promoted"
    )


def test_what_the_operator_has_not_seen_yet_is_said():
    assert tell({"metadata": BODY["metadata"]}) == "ml/churn: not seen by the operator yet"


def test_a_finished_rollouts_looks_are_old_news():
    status = {**BODY["status"], "canary": None}
    assert "METRIC" not in tell({**BODY, "status": status})


def test_what_is_promoted_and_still_judged_is_told_with_its_control():
    previous = BODY["status"]["previous"] | {"weight": 5, "tookAt": "2026-01-01T11:50:00Z"}
    page = tell({**BODY, "status": {**BODY["status"], "canary": None, "previous": previous}})
    assert "METRIC" in page
    assert "kept warm until 2026-01-01T12:00:00Z, with 5 % of requests" in page


GATES = [
    {"name": "contract", "state": "Passed", "message": "fine"},
    {"name": "golden", "state": "Failed", "message": "row 3 differs"},
    {"name": "webhook/risk", "state": "Pending"},
]
PAGE = "  GATE          STATE\n  contract      Passed   fine\n  golden        Failed   row 3 differs\n"


def test_gates_are_told_before_the_first_request_and_where_one_failed():
    before = {**BODY["status"], "gates": GATES, "step": None}
    failed = {
        **BODY["status"],
        "gates": GATES,
        "canary": None,
        "failed": {"version": "2", "revision": "bbbb2222", "reason": "GateFailed"},
    }
    assert PAGE in tell({**BODY, "status": before})
    assert PAGE in tell({**BODY, "status": failed})


def test_gates_that_were_passed_are_old_news():
    rolling = {**BODY["status"], "gates": GATES[:1], "step": {"index": 0}}
    assert "GATE" not in tell({**BODY, "status": rolling})
