"""`anxin loyalty`: cases in as JSON lines and answers out, the schema, the check of a file, the words of refusals."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner

from core.hooks.records.loyalty.program import Program
from core.loyalty.replay.programs import BadProgram, read_program
from core.loyalty.replay.run import EVENTS
from core.loyalty.rules.refusals import CODES
from workers.cli import loyalty
from workers.cli.loyalty import command

RATE = {"kind": "earn_rate", "per_fen": 100, "points": 1}
LADDER = {"kind": "tier_ladder", "tiers": [{"code": "normal"}, {"code": "silver", "min_fen": 50000}]}


def run(*lines: str) -> tuple[int, list[Any]]:
    done = CliRunner().invoke(command, ["replay"], input="\n".join(lines))
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]


def case(*events: Any, program: Any = None, **more: Any) -> str:
    return json.dumps({"id": "a", "program": program or {"rules": [RATE]}, "events": list(events)} | more)


def play_one(*events: Any, **more: Any) -> Any:
    code, answers = run(case(*events, **more))
    assert code == 0
    return answers[0]


def test_a_case_of_the_specification_is_played() -> None:
    events = [
        {"at": "2026-03-02T10:00:00+08:00", "type": "purchase", "key": "k", "fen": 12000, "lines": [{"fen": 12000}]},
        {"type": "refund", "of": "k", "fen": 2000},
        {"type": "redeem", "points": 30, "key": "r"},
        {"type": "give_back", "of": "r"},
        {"type": "grant", "points": 5},
        {"type": "tick", "at": "2026-03-03"},
    ]
    answer = play_one(*events, tz="Asia/Shanghai", id=7)
    assert answer["id"] == 7
    assert answer["account"] == {
        "balance": 105,
        "pending": 0,
        "deficit": 0,
        "spent_fen": 10000,
        "tier": None,
        "as_of": "2026-03-03T00:00:00+08:00",
    }
    assert [(one["kind"], one["points"]) for one in answer["entries"]] == [
        ("spend", 0),
        ("earn", 120),
        ("reversal", -20),
        ("burn", -30),
        ("give_back", 30),
        ("grant", 5),
    ]
    assert [one["ok"] for one in answer["events"]] == [True] * 6


def test_one_bad_line_does_not_stop_the_others_and_says_where_it_is_bad() -> None:
    code, answers = run(
        case(),
        "{",
        case(program={"rules": [{"kind": "earn_rate", "perfen": 1}]}, id="b"),
        "",
        case(id="c"),
        '{"id": "d", "id": "e"}',
        "[]",
        '{"id": 1e999}',
    )
    assert code == 1
    assert [one["id"] for one in answers] == ["a", None, "b", "c", "e", None, None]
    assert ["error" in one for one in answers] == [False, True, True, False, True, True, True]
    assert answers[2]["error"]["path"] == "program.rules[0]"
    assert "unknown field `perfen`; known: kind, id, label, source" in answers[2]["error"]["message"]


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"tz": "Mars/Olympus"}, "tz"),
        ({"tz": 8}, "tz"),
        ({"program": 5}, "program"),
        ({"events": {}}, "events"),
        ({"customer": []}, "customer"),
        ({"matches": "gold"}, "matches"),
        ({"matches": [1]}, "matches"),
        ({"start": "soon"}, "start"),
        ({"program": {"rules": [{**RATE, "points": "1"}]}}, "program.rules[0].points"),
        ({"program": {"rules": [{**RATE, "points": 1.5}]}}, "program.rules[0].points"),
        ({"program": {"rules": [{**RATE, "multiplier": "1/0"}]}}, "program.rules[0]"),
        ({"program": {"rules": [{"kind": "earnrate"}]}}, "program.rules[0].kind"),
        ({"program": {"rules": [LADDER, {**LADDER, "id": "b"}]}}, "program"),
        ({"program": {"rules": [{**LADDER, "tiers": [{"code": "a", "fen": 1}]}]}}, "program.rules[0].tiers[0]"),
        ({"program": {"rules": [{**RATE, "lifetime": {"weeks": 1}}]}}, "program.rules[0].lifetime"),
        ({"program": {"ledger": {"revers": 1}}}, "program.ledger"),
        (
            {"program": {"rules": [{"kind": "birthday", "choose_one_of": [{"type": "cake"}]}]}},
            "program.rules[0].choose_one_of[0].type",
        ),
        (
            {"program": {"rules": [{**LADDER, "tiers": [{"code": "a", "benefits": [{"type": "perk", "x": 1}]}]}]}},
            "program.rules[0].tiers[0].benefits[0]",
        ),
        ({"program": {"rules": [{**RATE, "label": {"zh-CN": 1}}]}}, "program.rules[0].label[...]"),
    ],
)
def test_a_case_that_cannot_be_played_names_the_place(more: dict[str, Any], path: str) -> None:
    code, answers = run(case(**more))
    assert (code, answers[0]["id"], answers[0]["error"]["path"]) == (1, "a", path)
    assert answers[0]["error"]["message"]


def test_a_case_without_a_program_is_no_case() -> None:
    assert run('{"id": 1}')[1] == [{"id": 1, "error": {"path": "program", "message": "missing"}}]


def test_a_fault_of_ours_costs_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_case: Any) -> Any:
        raise KeyError("x")

    monkeypatch.setattr(loyalty, "play", broken)
    assert loyalty.replay_line(case())["error"]["message"] == "could not be played: KeyError: 'x'"


def test_lines_nested_without_end_are_answered() -> None:
    assert "error" in loyalty.replay_line('{"id": 1, "program": ' + "[" * 100_000 + "]" * 100_000 + "}")


def test_programs_by_hand_may_be_a_list_a_single_rule_and_name_their_tiers() -> None:
    named = {"kind": "tier_ladder", "tiers": [{"code": "normal", "name": "普通会员"}]}
    ladder = read_program([named, RATE]).ladder
    assert ladder is not None
    assert ladder.tiers[0].label == "普通会员"
    assert read_program(RATE) == read_program({"rules": [RATE]})
    filed = {"kind": "churn_alert", "phrase": "3个月未消费", "seed": "a.txt", "open": ["x"]}
    rule = read_program([filed]).rules[0]
    assert (rule.id, rule.source) == ("churn", "3个月未消费")


def test_a_program_that_is_none_says_so() -> None:
    for wrong in (5, "x", None):
        with pytest.raises(BadProgram, match="a program is an object with rules"):
            read_program(wrong)


def test_a_program_nested_without_end_is_none() -> None:
    when: Any = {"kind": "has", "field": "a"}
    for _ in range(20_000):
        when = {"kind": "not", "of": when}
    with pytest.raises(BadProgram, match="nested too deeply"):
        read_program([{**RATE, "when": when}])


def test_a_field_that_nobody_reads_is_named_and_other_words_for_types_are_read() -> None:
    answer = play_one(
        {"type": "purchase", "fen": 9000, "fne": 1, "note": "x"}, {"type": "burn", "points": 30}, {"type": ["x"]}
    )
    assert answer["events"][0]["ignored"] == ["fne"]
    assert (answer["events"][1]["type"], answer["events"][1]["balance"]) == ("redeem", 60)
    assert answer["events"][2]["refused"] == "bad-event"


def test_publishing_within_a_case_changes_the_rules_from_there_on() -> None:
    double = {"rules": [{**RATE, "points": 2}, {**LADDER}]}
    answer = play_one(
        {"type": "purchase", "fen": 60000},
        {"type": "publish", "program": double},
        {"type": "purchase", "fen": 10000},
        {"type": "publish", "program": {"rules": 1}},
    )
    assert [one.get("earned") for one in answer["events"]] == [600, None, 200, None]
    assert answer["events"][1]["tier_changed"] == [{"from": "normal", "to": "silver", "cause": "program"}]
    assert answer["events"][3]["refused"] == "bad-field"
    versions = {one["rule_version"] for one in answer["entries"]}
    assert len(versions) == 2
    assert answer["events"][1]["version"] in versions


def test_a_tier_is_unpinned_before_its_time_and_only_where_there_are_tiers() -> None:
    pinned = {"type": "pin_tier", "tier": "silver", "until": "2026-12-31"}
    answer = play_one(pinned, {"type": "unpin_tier"}, program={"rules": [LADDER]})
    assert [one["tier"] for one in answer["events"]] == ["silver", "normal"]
    answer = play_one(pinned, {"type": "unpin_tier"})
    assert [one["refused"] for one in answer["events"]] == ["no-ladder", "no-ladder"]


def test_conditions_are_judged_by_what_the_case_tells_about_the_customer() -> None:
    when = {"kind": "relative", "field": "born", "when": "within_last", "amount": 1, "unit": "years"}
    program = {"rules": [{**RATE, "id": "puppy", "when": when}]}
    buy = {"type": "purchase", "fen": 1000, "at": "2026-06-01"}
    assert play_one(buy, program=program)["account"]["balance"] == 0
    assert play_one(buy, program=program, customer={"born": "2026-01-01"})["account"]["balance"] == 10
    assert play_one(buy, program=program, customer={"born": "2020-01-01"})["account"]["balance"] == 0
    assert (
        play_one(buy, program=program, customer={"born": "unknown!!!"[:10]}, matches=["puppy"])["account"]["balance"]
        == 10
    )


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"type": "grant", "points": 5, "lifetime": {"weeks": 1}}, "bad-lifetime"),
        ({"type": "grant", "points": 5, "lifetime": {"days": 3}, "expires_on": "2026-05-01"}, "bad-lifetime"),
        ({"type": "grant", "points": 5, "expires_on": "2025-01-01"}, "bad-lifetime"),
        ({"type": "grant", "points": 5, "expires_on": "someday"}, "bad-lifetime"),
        ({"type": "grant", "points": 5, "expires_at": 5}, "bad-lifetime"),
        ({"type": "grant", "points": 5, "expires": "2026-02-30T10:00"}, "bad-lifetime"),
        ({"type": "purchase", "fen": 5, "at": "2026-02-30"}, "bad-time"),
        ({"type": "purchase", "fen": 5, "at": "9999-12-31"}, "bad-time"),
        ({"type": "purchase", "fen": 5, "at": "0001-01-01T00:00+14:00"}, "bad-time"),
        ({"type": "purchase", "lines": "x"}, "bad-lines"),
        ({"type": "purchase", "lines": [5]}, "bad-lines"),
        ({"type": "purchase", "lines": [{"fen": 5, "quantity": 0}]}, "bad-lines"),
        ({"type": "purchase", "lines": [{"fen": "5"}]}, "bad-lines"),
        ({"type": "purchase", "lines": [{"fen": 5, "category": 7}]}, "bad-field"),
        ({"type": "purchase", "price": True, "lines": [{"fen": 9}, {"fen": -5}]}, "bad-lines"),
        ({"type": "purchase", "price": True, "fen": 9, "coupons": "c"}, "bad-field"),
        ({"type": "purchase", "price": True, "fen": 9, "order_percent": 101}, "bad-field"),
        ({"type": "purchase", "price": True, "fen": 9, "points": 1}, "not-enough-points"),
        ({"type": "purchase", "fen": 9, "coupons": []}, "bad-field"),
        ({"type": "purchase", "fen": 9, "key": 1.5}, "bad-key"),
        ({"type": "event"}, "bad-field"),
        ({"type": "refund", "of": "x", "fen": -1}, "fen-not-positive"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_stable_word(event: Any, code: str) -> None:
    answer = play_one(event)
    assert answer["events"][0]["refused"] == code
    assert answer["entries"] == []


def test_an_end_of_points_is_a_last_day_or_an_instant() -> None:
    answer = play_one(
        {"type": "grant", "points": 1, "expires_on": "2026-05-31", "at": "2026-01-01"},
        {"type": "grant", "points": 1, "expires": "2026-05-31"},
        {"type": "grant", "points": 1, "expires": "2026-05-31T12:00Z"},
        {"type": "grant", "points": 1, "expires_at": "2026-05-31"},
        {"type": "grant", "points": 1, "key": 12},
    )
    assert [one["expires_at"] for one in answer["events"]] == [
        "2026-06-01T00:00:00+08:00",
        "2026-06-01T00:00:00+08:00",
        "2026-05-31T20:00:00+08:00",
        "2026-05-31T00:00:00+08:00",
        None,
    ]
    assert answer["events"][4]["key"] == "12"
    assert answer["account"]["next_expiry"] == {"points": 1, "at": "2026-05-31T00:00:00+08:00"}


def test_points_on_a_priced_bill_follow_the_rule_for_the_member_and_its_key_is_taken() -> None:
    gold = {"rules": [LADDER, {"kind": "redeem", "fen_per_point": 1, "tiers": ["silver"]}]}
    answer = play_one(
        {"type": "grant", "points": 100},
        {"type": "purchase", "price": True, "fen": 1000, "points": 10},
        {"type": "purchase", "fen": 50000},
        {"type": "purchase", "price": True, "fen": 1000, "points": 10, "key": "b"},
        {"type": "redeem", "points": 10, "key": "b"},
        {"type": "give_back", "of": "b"},
        {"type": "purchase", "price": True, "fen": 10, "max": True, "clamp": True},
        {"type": "purchase", "price": True, "fen": 10},
        program=gold,
    )
    assert [one.get("refused") for one in answer["events"]] == [
        None,
        "no-redeem-rule",
        None,
        None,
        "key-reused",
        None,
        None,
        None,
    ]
    assert answer["events"][6]["fen"] == 0
    assert answer["account"]["balance"] == 90


def test_the_schema_describes_every_program_that_is_read() -> None:
    done = CliRunner().invoke(command, ["schema"])
    schema = json.loads(done.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    lines = (Path(__file__).parent / "data" / "loyalty_scenarios.jsonl").read_text(encoding="utf-8").splitlines()
    programs = {one["id"]: read_program(one["program"]) for one in map(json.loads, lines)}
    assert all(msgspec.convert(msgspec.to_builtins(one), Program) == one for one in programs.values())
    for name in ("bill-whole-order", "quota-year", "earn-festival"):
        stored = json.loads(msgspec.json.encode(programs[name]))
        assert list(validator.iter_errors(stored)) == []
        assert list(validator.iter_errors(stored | {"rules": [{"kind": "earn_rate", "pints": 1}]})) != []


def test_a_file_is_checked(tmp_path: Path) -> None:
    good, bad, worse = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "worse.json"
    good.write_text(json.dumps({"rules": [RATE, {**LADDER, "live": False}]}), encoding="utf-8")
    bad.write_text(json.dumps({"rules": [{**RATE, "pints": 1}]}), encoding="utf-8")
    worse.write_text("[" * 100_000, encoding="utf-8")
    done = CliRunner().invoke(command, ["check", str(good)])
    assert done.exit_code == 0
    assert "earn_rate        earn_rate" in done.output
    assert "tier_ladder      tier_ladder (not live)" in done.output
    stored = CliRunner().invoke(command, ["check", str(good), "--stored"])
    assert read_program(json.loads(stored.output)) == read_program(json.loads(good.read_text(encoding="utf-8")))
    done = CliRunner().invoke(command, ["check", str(bad)])
    assert done.exit_code == 1
    assert "$.rules[0]: Object contains unknown field `pints`; known: kind, id" in done.output
    assert CliRunner().invoke(command, ["check", str(worse)]).exit_code == 1
    bad.write_text(
        json.dumps(
            {
                "rules": [
                    RATE,
                    {**RATE, "id": "b", "group": "g"},
                    {**RATE, "id": "c", "starts_on": "2026-02-01", "ends_on": "2026-01-01"},
                ]
            }
        ),
        encoding="utf-8",
    )
    done = CliRunner().invoke(command, ["check", str(bad)])
    assert (done.exit_code, "error: c.ends_on: " in done.output) == (1, True)


def test_every_refusal_and_every_event_is_told_by_the_command() -> None:
    listed = CliRunner().invoke(command, ["codes"]).output
    assert all(f"{code} " in listed for code in CODES)
    told = CliRunner().invoke(command, ["replay", "--help"]).output
    assert all(f"{kind}: " in told for kind in EVENTS)
