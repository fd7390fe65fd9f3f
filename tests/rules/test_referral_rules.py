"""What a referral has to pass: steps, checks, codes and what a stranger may know."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core.db import new_id
from core.hooks.records.loyalty.offers import Referral
from core.hooks.records.loyalty.parts import PointsReward
from core.referrals.rules import (
    ALPHABET,
    SHORT,
    SLIP,
    Failed,
    PairFacts,
    Spent,
    Standing,
    Typed,
    expires_at,
    failed_checks,
    first_name,
    hold_until,
    is_current,
    month_start,
    new_short,
    next_step,
    read_code,
    sides_at_registration,
    sides_left,
)

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
LATER, BEFORE = NOW + timedelta(days=1), NOW - timedelta(days=1)
RULE = Referral(referrer=(PointsReward(points=1),), monthly_limit=2)
EVERYTHING = PairFacts(
    same_household=True,
    shared_phone=True,
    payer="尾号 1234",
    same_device=2,
    before="visit",
    in_month=2,
    staff="张医生",
)


def test_two_strangers_pass_every_check_of_a_referral() -> None:
    assert failed_checks(RULE, PairFacts(in_month=1)) == ()


def test_each_failed_check_says_what_it_saw() -> None:
    assert failed_checks(RULE, EVERYTHING) == (
        Failed("household"),
        Failed("phone"),
        Failed("payer", {"payer": "尾号 1234"}),
        Failed("device", {"others": 2}),
        Failed("existing", {"why": "visit"}),
        Failed("monthly", {"done": 2, "limit": 2}),
        Failed("staff", {"name": "张医生"}),
    )


def test_only_the_checks_that_the_rule_names_are_asked() -> None:
    rule = Referral(checks=("staff",))
    assert [one.code for one in failed_checks(rule, EVERYTHING)] == ["staff"]


def test_what_somebody_let_pass_is_not_asked_again() -> None:
    left = failed_checks(RULE, EVERYTHING, cleared=("household", "phone", "payer", "device", "existing", "monthly"))
    assert [one.code for one in left] == ["staff"]


ONE, OTHER = Spent(new_id(), BEFORE), Spent(new_id(), NOW)


@pytest.mark.parametrize(
    ("standing", "spent", "step"),
    [
        (Standing(state="invited", expires_at=LATER), None, "wait"),
        (Standing(state="invited", expires_at=NOW), None, "expire"),
        (Standing(state="registered", expires_at=LATER), None, "wait"),
        (Standing(state="registered", expires_at=NOW), None, "expire"),
        (Standing(state="registered", expires_at=BEFORE), ONE, "qualify"),
        (Standing(state="qualified", expires_at=LATER, hold_until=LATER, purchase_id=ONE.purchase_id), ONE, "wait"),
        (Standing(state="qualified", expires_at=BEFORE, hold_until=NOW, purchase_id=ONE.purchase_id), ONE, "decide"),
        (Standing(state="qualified", expires_at=LATER, hold_until=NOW, purchase_id=ONE.purchase_id), None, "fall_back"),
        (Standing(state="qualified", expires_at=LATER, hold_until=NOW, purchase_id=ONE.purchase_id), OTHER, "qualify"),
        (Standing(state="qualified", expires_at=LATER), None, "decide"),
    ],
)
def test_a_referral_goes_its_next_step(standing: Standing, spent: Spent | None, step: str) -> None:
    assert next_step(standing, spent, NOW) == step


def test_a_referral_waits_for_refunds_and_ends_after_its_days() -> None:
    rule = Referral(hold_days=7, expires_days=90)
    assert hold_until(rule, OTHER) == NOW + timedelta(days=7)
    assert expires_at(rule, NOW) == NOW + timedelta(days=90)


def test_who_is_given_something_at_the_registration() -> None:
    assert sides_at_registration(Referral(event="registered")) == ("referrer", "referee")
    assert sides_at_registration(Referral(referee_when="registered")) == ("referee",)
    assert sides_at_registration(Referral()) == ()
    assert sides_left(()) == ("referrer", "referee")
    assert sides_left({"referee"}) == ("referrer",)


def test_a_referral_rule_counts_on_both_of_its_days() -> None:
    rule = Referral(starts_on=date(2026, 11, 1), ends_on=date(2026, 11, 23))
    assert is_current(rule, date(2026, 11, 1))
    assert is_current(rule, date(2026, 11, 23))
    assert not is_current(rule, date(2026, 10, 31))
    assert not is_current(rule, date(2026, 11, 24))
    assert is_current(Referral(), date(2026, 11, 24))


def test_a_short_code_has_no_sign_that_sounds_like_another() -> None:
    assert len(new_short()) == SHORT
    assert len(new_short(SLIP)) == SLIP
    assert set(new_short(500)) <= set(ALPHABET)
    assert not set("0O1IL2Z5S8BUV") & set(ALPHABET)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("acdef", Typed(short="ACDEF")),
        (" ac-d ef ", Typed(short="ACDEF")),
        ("ＡＣＤＥＦ", Typed(short="ACDEF")),
        ("acdefg", Typed(slip="ACDEFG")),
        ("https://x.example/i/abcdef0123456789abcdef?x=1", Typed(code="abcdef0123456789abcdef")),
        ("acde", None),
        ("acdefgh", None),
        ("ac0ef", None),
        ("", None),
        ("张三", None),
    ],
)
def test_codes_are_read_as_people_say_them(text: str, typed: Typed | None) -> None:
    assert read_code(text) == typed


@pytest.mark.parametrize(
    ("full_name", "first"),
    [("王小明", "小明"), ("欧阳娜娜", "娜娜"), ("王", "王"), ("欧阳", "欧阳"), ("Mary Ann Smith", "Mary"), ("  ", "")],
)
def test_a_stranger_learns_the_first_name_only(full_name: str, first: str) -> None:
    assert first_name(full_name) == first


def test_the_limit_of_a_month_counts_from_its_first_day() -> None:
    assert month_start(date(2026, 11, 30)) == date(2026, 11, 1)
