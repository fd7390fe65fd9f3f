"""Two programs side by side: rules added, removed and changed, field by field, with the words of the editor."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from core.errors import InvalidInput
from core.hooks.records.loyalty.points import LedgerPolicy, Redeem
from core.hooks.records.loyalty.program import Program
from core.hooks.records.text import both, localized
from core.programs.rules.changes import FieldChange, diff, told
from core.programs.rules.digests import digest
from core.programs.rules.labels import FIELDS, KINDS, label_of_field, label_of_kind
from core.programs.rules.reading import read_program, read_rule
from core.programs.rules.versions import effect_digest, first_instant, state_of
from core.programs.rules.wording import Names, Teller

TIERS: list[dict[str, Any]] = [
    {"code": "a", "label": "普通"},
    {
        "code": "b",
        "label": "银卡",
        "min_fen": 50_000,
        "benefits": [
            {"type": "percent_discount", "pay_percent": 90},
            {"type": "free_service", "service": "E1", "quota": 1},
        ],
    },
]
RATE = {"kind": "earn_rate", "per_fen": 100, "points": 1}
PAY = {"kind": "redeem", "fen_per_point": 1}
LIMITS = {"kind": "goodwill", "limits": [{"role": "director", "max_fen": 100}]}


def program(*rules: dict[str, Any], **more: Any) -> Program:
    return msgspec.convert({"rules": list(rules), **more}, Program)


def ladder(*tiers: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "tier_ladder", "tiers": list(tiers)}


def fields(before: Program, after: Program) -> list[tuple[str, str, str, str]]:
    zh = Teller("zh-CN", after, Names(roles={"director": "院长"}))
    return [
        (one.path, zh.name(one.label), told(one, one.before, zh), told(one, one.after, zh))
        for change in diff(before, after)
        for one in change.fields
    ]


def test_the_same_program_has_no_difference() -> None:
    assert diff(program(RATE), program(RATE)) == ()
    assert digest(program(RATE)) == digest(program(RATE)) != digest(program(PAY))
    assert digest(None) == ""


def test_rules_that_come_and_go_are_named_with_their_kind() -> None:
    found = diff(program(RATE | {"label": "消费积分"}), program(PAY))
    assert [(one.what, one.rule_id, one.label, localized(one.kind_label, "zh-CN")) for one in found] == [
        ("added", "redeem", "redeem", "积分抵扣"),
        ("removed", "earn_rate", "消费积分", "消费积分"),
    ]


def test_a_changed_rule_tells_each_field_in_words() -> None:
    cheaper = TIERS[1] | {"min_fen": 60_000, "benefits": [{"type": "percent_discount", "pay_percent": 85}]}
    assert fields(program(ladder(*TIERS)), program(ladder(TIERS[0], cheaper))) == [
        ("tiers[b].min_fen", "最低金额", "500 元", "600 元"),
        ("tiers[b].benefits[percent_discount].pay_percent", "折扣", "9 折", "8.5 折"),
        ("tiers[b].benefits[E1]", "权益", "服务项目 E1，次数 1，周期 每年，按谁计 宠物或就诊人", "—"),
    ]


def test_a_tier_put_in_between_does_not_shift_the_others() -> None:
    new = {"code": "c", "label": both("铜卡", "Bronze"), "min_fen": 100}
    assert fields(program(ladder(*TIERS)), program(ladder(TIERS[0], new, TIERS[1]))) == [
        ("tiers[c]", "等级", "—", "铜卡")
    ]


def test_names_ledgers_switches_and_lists_are_told() -> None:
    after = program(
        RATE | {"live": False, "categories": ["goods", "drug"], "when": {"kind": "all", "of": []}},
        label="安康会员",
        ledger=msgspec.to_builtins(LedgerPolicy(reversal="deficit", manual_months=6)),
    )
    assert fields(program(RATE), after) == [
        ("label", "名称", "—", "安康会员"),
        ("ledger.reversal", "退款时积分不足", "不追扣", "记为欠分"),
        ("ledger.manual_months", "手工积分有效（月）", "—", "6"),
        ("live", "启用", "是", "否"),
        ("when", "适用条件", "—", "一个条件"),
        ("categories", "适用费用类别", "—", "goods、drug"),
    ]
    more = program(LIMITS | {"limits": [*LIMITS["limits"], {"role": "doctor", "max_fen": 5_000}]})
    assert fields(program(LIMITS), more) == [("limits[doctor]", "各岗位额度", "—", "岗位 doctor，额度 50 元")]
    assert fields(more, program(LIMITS | {"limits": []}))[0][3] == "—"


def test_rows_without_a_name_are_known_by_their_kind_and_place() -> None:
    one = {"kind": "birthday", "choose_one_of": [{"type": "points", "points": 1}, {"type": "points", "points": 2}]}
    two = {"kind": "birthday", "choose_one_of": [{"type": "points", "points": 1}, {"type": "points", "points": 3}]}
    assert [path for path, *_ in fields(program(one), program(two))] == ["choose_one_of[points 2].points"]
    role = FieldChange(path="limits[director].role", label="", before=None, after="director")
    named = FieldChange(path="label", label="", before=None, after={"zh-CN": "甲", "en": "A"})
    assert told(named, named.after, Teller("en")) == "A"
    assert told(role, "director", Teller("zh-CN", None, Names(roles={"director": "院长"}))) == "院长"


def test_a_rule_with_its_id_that_became_another_kind_tells_the_kind() -> None:
    found = fields(program(RATE | {"id": "x"}), program(PAY | {"id": "x"}))
    assert found[0] == ("type", "类型", "earn_rate", "redeem")


def test_the_same_rules_in_another_order_are_told_too() -> None:
    assert [(one.what, one.rule_id) for one in diff(program(RATE, PAY), program(PAY, RATE))] == [
        ("moved", "redeem"),
        ("moved", "earn_rate"),
    ]


def test_every_field_of_every_rule_has_a_label_in_both_languages() -> None:
    for label in (*FIELDS.values(), *KINDS.values()):
        assert isinstance(label, dict)
        assert all(label.values())
    assert label_of_kind("dance") == "dance"
    assert label_of_field("a.b[1]") == "b"


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        (
            {"kind": "earn_rate", "per_fen": "x", "points": 1.5, "foo": 1},
            [("per_fen", "not-whole"), ("points", "not-whole"), ("foo", "unknown-field")],
        ),
        ({"kind": "dance"}, [("kind", "option")]),
        ({"per_fen": 1}, [("kind", "required")]),
        ({"kind": "tier_ladder", "tiers": [{"code": "a"}, {"code": "b"}]}, [("tiers", "thresholds-not-rising")]),
        ({"kind": "tier_ladder", "tiers": [{"code": "a", "min_fen": 5}]}, [("tiers", "first-tier-not-zero")]),
        ({"kind": "coupon_template"}, [("", "coupon-gives-one")]),
        ({"kind": "earn_rate", "points": 1}, [("", "earns-by-one")]),
        (
            {"kind": "campaign", "windows": [{"type": "days", "first": "13-01", "last": "13-02"}], "min_fen": "x"},
            [("windows[0]", "bad-day"), ("min_fen", "not-whole")],
        ),
        (
            {"kind": "earn_rate", "per_fen": 1, "points": 1, "lifetime": {"months": 1, "days": 1}},
            [("lifetime", "two-lifetimes")],
        ),
        ({"kind": "goodwill", "limits": [{"role": "x"}]}, [("limits[0].max_fen", "required")]),
        ({"kind": "redeem", "fen_per_point": 1, "live": "yes"}, [("live", "bad-value")]),
        ({"kind": "campaign", "earn_multiplier": "many"}, [("", "bad-multiplier")]),
    ],
)
def test_a_posted_rule_names_every_problem_by_its_path(data: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_rule(data)
    assert [(one.path, one.code) for one in refused.value.problems] == problems


def test_a_sound_rule_and_program_are_read() -> None:
    assert read_rule(PAY) == Redeem(fen_per_point=1)
    assert read_program({"rules": [RATE, PAY]}) == program(RATE, PAY)
    with pytest.raises(InvalidInput) as refused:
        read_program({"rules": [ladder(*TIERS), ladder(*TIERS) | {"id": "second"}]})
    assert [(one.path, one.code) for one in refused.value.problems] == [("rules", "two-ladders")]
    with pytest.raises(InvalidInput) as refused:
        read_rule({"kind": "redeem", "fen_per_point": 1} | {f"x{number}": 1 for number in range(30)})
    assert len(refused.value.problems) == 20


def test_a_version_stands_by_its_beginning_and_by_the_one_in_force() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)

    def state(begins: datetime, number: int = 1, gone: datetime | None = None) -> str:
        return state_of(effective_from=begins, withdrawn_at=gone, number=number, live=2, now=now)

    later = now + timedelta(seconds=1)
    assert [state(now, 2), state(now, 1), state(later), state(later, 3, now)] == [
        "in-force",
        "past",
        "planned",
        "withdrawn",
    ]
    assert first_instant(date(2026, 11, 23), "Asia/Shanghai") == datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert effect_digest({"a": 1, "b": 2}) == effect_digest({"b": 2, "a": 1}) != effect_digest({})
