"""The price list as data: what an item must be, how tables are read, and which papers a procedure needs."""

from datetime import date
from uuid import uuid4

import pytest

from core.visits.rules.gates import Need, Paper, missing_of, needs_check, needs_of
from core.visits.rules.pasting import read_table, split_pasted
from core.visits.rules.prices import (
    AmountUnread,
    Item,
    changes_between,
    find_item,
    item_problems,
    price_at,
    read_yuan,
)

TODAY = date(2026, 11, 23)


def item(code: str = "S01", category: str = "surgery", **more: object) -> Item:
    values = {"code": code, "name_zh": "绝育", "name_en": "Spay", "category": category, "price_fen": 880_00} | more
    return Item(**values)  # type: ignore[arg-type] # the test names only what it is about


def codes(one: Item) -> set[tuple[str, str]]:
    return {(problem.path, problem.code) for problem in item_problems(one)}


def test_an_item_says_everything_that_is_wrong_at_once() -> None:
    assert codes(item()) == set()
    bad = item(code="绝育", category="food", name_zh="", unit="", price_fen=-1, name_en="x" * 121)
    assert codes(bad) == {
        ("code", "price-code"),
        ("name_zh", "required"),
        ("category", "option"),
        ("unit", "required"),
        ("price", "price-range"),
        ("name_en", "too-long"),
    }


def test_a_members_price_is_never_above_any_price() -> None:
    assert codes(item(member_price_fen=880_00)) == set()
    assert codes(item(member_price_fen=880_01)) == {("member_price", "member-price-above")}
    assert codes(item(member_price_fen=800_00, branch_prices={"b": 700_00})) == {("member_price", "member-price-above")}


def test_a_branch_may_have_a_price_of_its_own() -> None:
    branch = uuid4()
    priced = item(branch_prices={str(branch): 700_00})
    assert (price_at(priced, branch), price_at(priced, uuid4()), price_at(priced, None)) == (700_00, 880_00, 880_00)


def test_an_item_is_found_by_code_name_or_the_suggested_line() -> None:
    items = [item("OLD", active=False), item("S01"), item("S02", name_zh="拔牙", name_en="Extraction")]
    for text in ("s01", "S01 绝育", "绝育", " spay "):
        found = find_item(items, text)
        assert found is not None, text
        assert found.code == "S01"
    assert find_item(items, "old") is None
    assert find_item(items, "  ") is None
    assert find_item(items, "洗澡") is None


def test_changes_name_what_is_new_gone_and_different() -> None:
    before = {"A": item("A"), "B": item("B"), "C": item("C")}
    after = {"B": item("B", price_fen=900_00), "C": item("C"), "D": item("D")}
    changes = changes_between(before, after)
    assert [(one.code, one.fields) for one in changes] == [("A", ()), ("B", ("price_fen",)), ("D", ())]


@pytest.mark.parametrize(
    ("text", "fen"),
    [("68", 68_00), ("¥1,280.50", 1280_50), ("￥30元", 30_00), ("", None), ("0", 0), ("12.5", 12_50), ("3.100", 3_10)],
)
def test_yuan_are_read_as_people_type_them(text: str, fen: int | None) -> None:
    assert read_yuan(text) == fen


@pytest.mark.parametrize(
    ("text", "code"),
    [("免费", "price-unread"), ("-5", "price-unread"), ("1.234", "price-decimals"), ("٣", "price-unread")],
)
def test_what_is_no_price_is_refused(text: str, code: str) -> None:
    with pytest.raises(AmountUnread) as refused:
        read_yuan(text)
    assert refused.value.code == code


def test_a_pasted_table_is_read_by_its_headings() -> None:
    text = "项目编码\t项目名称\t费用类别\t单价(元)\t单位\t会员价\nd1\t阿莫西林\t药品费\t2.50\t片\t2\n\nE1\t血常规\t检查费\t¥80\t\t\n"
    pasted = read_table(split_pasted(text))
    first, second = (row.item for row in pasted.rows)
    assert first == Item(
        code="D1", name_zh="阿莫西林", category="drug", unit="片", price_fen=2_50, member_price_fen=2_00
    )
    assert second is not None
    assert (second.category, second.unit, second.price_fen) == ("examination", "次", 80_00)


def test_each_bad_line_of_a_table_says_why() -> None:
    text = "code,name,category,price,member_price\nA1,一,手术费,1,\nA1,二,手术费,1,\nA2,三,洗澡,1,\nA3,四,drug,x,y\nA4,五,drug,,\nA5,六"
    rows = read_table(split_pasted(text)).rows
    found = [(row.line, [(p.path, p.code) for p in row.problems]) for row in rows]
    assert found == [
        (2, []),
        (3, [("code", "code-twice")]),
        (4, [("category", "option")]),
        (5, [("price", "price-unread"), ("member_price", "price-unread")]),
        (6, [("price", "required")]),
        (7, [("price", "required")]),
    ]


def test_a_table_without_its_columns_is_not_read() -> None:
    assert read_table(split_pasted("名称,价格\n绝育,1")).missing == ("code", "category")
    assert read_table([]).missing == ("code", "name_zh", "category", "price")


@pytest.mark.parametrize(
    ("birthday", "needed"),
    [
        (None, True),  # nobody knows the age
        (date(2026, 5, 24), True),  # a day short of six months
        (date(2026, 5, 23), False),
        (date(2019, 11, 24), False),
        (date(2019, 11, 23), True),  # seven today
        (date(2023, 1, 1), False),
    ],
)
def test_old_and_young_animals_are_checked_before_an_operation(birthday: date | None, needed: bool) -> None:
    assert needs_check(birthday, TODAY) is needed


def _needs(
    one: Item, *, birthday: date | None = None, consent: str | None = "c", check: str | None = "k"
) -> list[Need]:
    return needs_of(one, consent=consent, check=check, birthday=birthday, today=TODAY)


def test_an_operation_needs_consent_and_check_by_default_and_other_items_what_they_name() -> None:
    adult = date(2023, 1, 1)
    assert _needs(item()) == [Need("consent", "c"), Need("check", "k")]
    assert _needs(item(), birthday=adult) == [Need("consent", "c")]
    assert _needs(item(), consent=None, check=None) == []
    assert _needs(item(consent_form="none", check_form="none")) == []
    assert _needs(item(category="drug")) == []
    infusion = item(category="drug", consent_form="x.infusion", check_form="x.heart")
    assert _needs(infusion, birthday=adult) == [Need("consent", "x.infusion"), Need("check", "x.heart")]


def test_what_is_missing_keeps_its_order() -> None:
    first, second = Need("consent", "c"), Need("check", "k")
    paper = Paper(kind="consent", form_id="c", submission_id=uuid4())
    assert missing_of([first, second], {first: paper, second: None}) == [second]
    assert missing_of([first], {}) == [first]
