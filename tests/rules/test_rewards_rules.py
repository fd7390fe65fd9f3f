"""Codes notice a slip, periods end where people expect it, coupons are worth what they say, promises follow the tier."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from core.hooks.records.loyalty.offers import CouponTemplate, ServiceQuota
from core.hooks.records.loyalty.parts import GiftReward, Period, ServiceReward
from core.hooks.records.loyalty.program import Program
from core.loyalty.rules.prices import Applied, Bill, BillLine, explain
from core.rewards.rules.benefits import carried_over, left_of, names_clinician, promises_of
from core.rewards.rules.codes import ALPHABET, LENGTH, check_sign, new_code, read_code, show_code
from core.rewards.rules.coupons import CouponItem, Standing, fits, refusal_of, template_of, valid_between, worth
from core.rewards.rules.periods import local_day, midnight, months_after, period_bounds
from core.visits.rules.bills import Line
from core.visits.rules.explaining import (
    basis_of,
    benefit_offer,
    bill_line,
    pieces_of,
    priced,
    service_of,
    services_named,
    step_rows,
)
from tests.rewards import LADDER

ZONE = "Asia/Shanghai"
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
EXAM = CouponItem(fen=80_00, category="examination", service="E01")
DRUGS = CouponItem(fen=30_00, category="drug", service="D01", quantity=3)


def test_a_code_sees_every_wrong_sign_and_every_two_that_were_swapped() -> None:
    code = new_code()
    assert len(code) == LENGTH
    for place in range(LENGTH):
        for sign in ALPHABET:
            wrong = code[:place] + sign + code[place + 1 :]
            assert (read_code(wrong) is None) == (wrong != code)
    for place in range(LENGTH - 1):
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        assert (read_code(swapped) is None) == (swapped != code)


def test_a_code_is_read_however_it_is_written() -> None:
    code = "23456789ABC" + check_sign("23456789ABC")
    assert show_code(code) == f"{code[:4]}-{code[4:8]}-{code[8:]}"
    for typed in (
        code.lower(),
        show_code(code),
        f"  {code[:6]} {code[6:]}\n",
        "".join(chr(ord(c) + 0xFEE0) for c in code),
    ):
        assert read_code(typed) == code
    for typed in ("", code[:-1], code + "A", "0" * LENGTH, "券" * LENGTH):
        assert read_code(typed) is None
    assert len({new_code() for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("day", date(2026, 11, 23), date(2026, 11, 23)),
        ("week", date(2026, 11, 23), date(2026, 11, 29)),
        ("month", date(2026, 11, 1), date(2026, 11, 30)),
        ("quarter", date(2026, 10, 1), date(2026, 12, 31)),
        ("year", date(2026, 1, 1), date(2026, 12, 31)),
        ("membership_year", date(2026, 2, 28), date(2027, 2, 27)),
        ("lifetime", date.min, date.max),
    ],
)
def test_a_period_holds_its_first_and_its_last_day(period: Period, first: date, last: date) -> None:
    assert period_bounds(period, date(2026, 11, 23), date(2024, 2, 29)) == (first, last)


def test_a_membership_year_begins_on_its_day_and_without_one_today() -> None:
    since = date(2024, 12, 1)
    assert period_bounds("membership_year", date(2026, 11, 30), since) == (date(2025, 12, 1), date(2026, 11, 30))
    assert period_bounds("membership_year", date(2026, 12, 1), since)[0] == date(2026, 12, 1)
    assert period_bounds("membership_year", date(2026, 12, 1))[0] == date(2026, 12, 1)
    assert months_after(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert local_day(datetime(2026, 3, 31, 16, 30, tzinfo=UTC), ZONE) == date(2026, 4, 1)
    assert midnight(date(2026, 4, 1), ZONE) == datetime(2026, 3, 31, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("terms", "until"),
    [
        (CouponTemplate(amount_fen=1), None),
        (CouponTemplate(amount_fen=1, valid_days=0), datetime(2026, 11, 23, 16, tzinfo=UTC)),
        (CouponTemplate(amount_fen=1, valid_months=3), datetime(2027, 2, 23, 16, tzinfo=UTC)),
        (CouponTemplate(amount_fen=1, ends_on=date(2026, 12, 31)), datetime(2026, 12, 31, 16, tzinfo=UTC)),
        (
            CouponTemplate(amount_fen=1, valid_days=9, ends_on=date(2026, 11, 24)),
            datetime(2026, 11, 24, 16, tzinfo=UTC),
        ),
    ],
)
def test_a_coupon_ends_at_the_midnight_after_its_last_day(terms: CouponTemplate, until: datetime | None) -> None:
    assert valid_between(terms, issued_on=date(2026, 11, 23), at=NOW, timezone=ZONE) == (NOW, until)


def test_a_coupon_begins_with_the_days_of_its_rule() -> None:
    late = CouponTemplate(amount_fen=1, starts_on=date(2026, 12, 1))
    begins, _ = valid_between(late, issued_on=date(2026, 11, 23), at=NOW, timezone=ZONE)
    assert begins == datetime(2026, 11, 30, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "transferable", "reason"),
    [
        ({}, False, None),
        ({"valid_until": NOW}, False, "coupon-expired"),  # the boundary is too late
        ({"state": "expired"}, False, "coupon-expired"),
        ({"state": "void", "used": 2}, False, "coupon-void"),
        ({"used": 2, "valid_until": NOW}, False, "coupon-used"),
        ({"valid_from": datetime(2026, 11, 23, 2, 0, 1, tzinfo=UTC)}, False, "coupon-not-yet"),
        ({"customer_id": "b"}, False, "coupon-of-another"),
        ({"customer_id": "b"}, True, None),
    ],
)
def test_a_refusal_names_the_first_reason_that_holds(
    changes: dict[str, object], transferable: bool, reason: str | None
) -> None:
    good = Standing(state="open", customer_id="a", uses=2, used=1, valid_from=NOW, valid_until=None)
    standing = msgspec.structs.replace(good, **changes)
    terms = CouponTemplate(amount_fen=1, transferable=transferable)
    assert refusal_of(standing, terms, customer_id="a", now=NOW) == reason


@pytest.mark.parametrize(
    ("terms", "off"),
    [
        (CouponTemplate(amount_fen=50_00), 50_00),
        (CouponTemplate(amount_fen=500_00), 110_00),
        (CouponTemplate(amount_fen=50_00, categories=("drug",)), 30_00),
        (CouponTemplate(amount_fen=50_00, services=("E01",)), 50_00),
        (CouponTemplate(amount_fen=50_00, categories=("surgery",)), "coupon-not-for-this"),
        (CouponTemplate(amount_fen=5_00, categories=("drug",), min_spend_fen=30_01), "coupon-below-minimum"),
        (CouponTemplate(pay_percent=80), 22_00),
        (CouponTemplate(pay_percent=80, max_discount_fen=10_00), 10_00),
        (CouponTemplate(service="D01"), 10_00),
        (CouponTemplate(service="D01", pay_percent=50, min_spend_fen=110_00), 5_00),
        (CouponTemplate(service="S01"), "coupon-not-for-this"),
        (CouponTemplate(gift="toys"), 0),
        (CouponTemplate(gift="toys", min_spend_fen=110_01), "coupon-below-minimum"),
    ],
)
def test_a_coupon_is_worth_what_it_says_of_the_lines_that_it_counts_for(terms: CouponTemplate, off: int | str) -> None:
    assert worth(terms, (EXAM, DRUGS)) == off


def test_a_service_or_a_gift_of_a_rule_becomes_a_coupon_of_its_own_group() -> None:
    service = template_of(ServiceReward(service="E01", pay_percent=50, uses=2, valid_days=30))
    assert (service.pay_percent, service.uses, service.stack_group) == (50, 2, "service:E01")
    assert fits(service, EXAM)
    assert template_of(GiftReward(item="toys")).id == "gift:toys"


def test_promises_follow_tier_and_days_and_keep_their_name_from_tier_to_tier() -> None:
    quota = ServiceQuota(id="annual", service="C01", tiers=("gold",), starts_on=date(2026, 6, 1))
    program = Program(rules=(LADDER, quota))
    day = date(2026, 11, 23)
    assert promises_of(None, "gold", day) == ()
    silver, gold = promises_of(program, "silver", day), promises_of(program, "gold", day)
    assert [one.benefit for one in silver] == ["tiers:E01:subject"]
    assert [one.benefit for one in gold] == ["tiers:E01:subject", "annual:C01:subject"]
    assert len(promises_of(program, "gold", date(2026, 5, 31))) == 1
    assert promises_of(Program(rules=(quota,)), None, day) == ()
    assert names_clinician(LADDER.tiers, "gold")
    assert not names_clinician(LADDER.tiers, "silver")


def test_what_is_left_counts_what_was_carried_and_carries_on_only_its_own() -> None:
    assert (left_of(None, 0, 9), left_of(3, 2, 4), left_of(1, 0, 1)) == (None, 1, 0)
    assert [carried_over(3, 2, used) for used in (0, 2, 3, 5)] == [3, 3, 2, 0]
    assert carried_over(None, 0, 9) == 0


def _line(**values: object) -> Line:
    plain = {"item_code": "E01", "name_zh": "体检", "name_en": "Check-up", "category": "examination", "unit": "次"}
    return Line(**{**plain, "quantity_milli": 1000, "unit_fen": 100_00, **values})  # type: ignore[arg-type] # as the fields are


def test_a_line_is_known_by_its_code_or_its_names() -> None:
    line = _line()
    assert [service_of(line, {one}) for one in ("e01", "体检", "check-up", "S01")] == ["e01", "体检", "check-up", "E01"]
    program = Program(rules=(ServiceQuota(service="C01"), CouponTemplate(amount_fen=1, services=("D01",))))
    assert services_named(program, [CouponTemplate(service="x")], ["y"]) == {"C01", "D01", "x", "y"}
    assert services_named(None, [], []) == frozenset()


def test_one_piece_of_a_line_is_the_benefit_and_a_part_of_a_piece_is_one() -> None:
    assert (pieces_of(_line(quantity_milli=250)), pieces_of(_line(quantity_milli=3500))) == (1, 3)
    for quantity, fen in ((1000, 50_00), (2000, 150_00)):
        offer = benefit_offer(
            _line(quantity_milli=quantity), place=0, pay_percent=50, rule_id="r", rule_version="v", label="x"
        )
        assert offer.fen == fen


def test_a_bill_comes_back_to_its_lines_with_every_step() -> None:
    lines = (_line(discount_fen=10_00, member_fen=80_00), _line(member_fen=90_00))
    taken = [bill_line(line, services=(), is_member=True) for line in lines]
    assert [(one.fen, one.member_fen) for one in taken] == [(90_00, 70_00), (100_00, 90_00)]
    assert bill_line(lines[0], services=(), is_member=False).member_fen is None
    bill = explain([BillLine(fen=90_00), BillLine(fen=100_00)])
    assert isinstance(bill, Bill)
    applied = (
        Applied(step="tier", rule_id="t", rule_version="v", label="x", line=1, fen=5_00),
        Applied(step="coupon", rule_id="c", rule_version="v", label="x", line=1, fen=5_00),
    )
    rows = step_rows(lines, applied)
    assert [(one.step, one.line, one.fen) for one in rows] == [
        ("hand", 0, 10_00),
        ("tier", 1, 5_00),
        ("coupon", 1, 5_00),
    ]
    whole = msgspec.structs.replace(bill, lines=(90_00, 90_00), applied=applied)
    assert basis_of(whole) == 185_00
    assert [(one.share_fen, one.amount_fen) for one in priced(lines, whole)] == [(0, 90_00), (10_00, 90_00)]
