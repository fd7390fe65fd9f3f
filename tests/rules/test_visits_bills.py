"""Amounts of bills in whole fen: rounding, shares that add up, and the 130 % rule at its very edge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.visits.rules.bills import (
    Line,
    category_sums,
    fen_to_limit,
    gross_fen,
    is_over,
    line_of,
    line_problems,
    permille_of,
    price_lines,
    quantity_text,
    read_quantity,
    refund_problems,
    round_half_up,
    share_out,
)
from core.visits.rules.prices import Item

FEN = st.integers(min_value=0, max_value=1_000_000_00)


def line(fen: int, *, quantity: int = 1000, member: int | None = None, off: int = 0, category: str = "drug") -> Line:
    return Line(
        item_code="X",
        name_zh="药",
        category=category,
        unit="片",
        quantity_milli=quantity,
        unit_fen=fen,
        member_fen=member,
        discount_fen=off,
    )


@pytest.mark.parametrize(
    ("bill", "estimate", "over"),
    [
        (1299_99, 1000_00, False),  # 129.999 %
        (1300_00, 1000_00, True),  # 费用超出预估30%以上: 以上 counts the number itself
        (1299_00, 1000_00, False),
        (12999, 10000, False),  # 129.99 %
        (13000, 10000, True),
        (1, 0, True),
        (0, 0, False),
        (4, 3, True),  # 133 %
        (129, 100, False),
        (130, 100, True),
    ],
)
def test_a_bill_is_over_from_exactly_130_percent(bill: int, estimate: int, over: bool) -> None:
    assert is_over(bill, estimate) is over


@given(bill=FEN, estimate=st.integers(min_value=1, max_value=1_000_000_00))
def test_the_room_that_is_left_ends_one_fen_before_the_limit(bill: int, estimate: int) -> None:
    room = fen_to_limit(bill, estimate)
    if is_over(bill, estimate):
        assert room == 0
    else:
        assert not is_over(bill + room, estimate)
        assert is_over(bill + room + 1, estimate)


def test_the_share_of_the_estimate_never_shows_more_than_it_is() -> None:
    assert permille_of(1299_99, 1000_00) == 1299
    assert permille_of(1300_00, 1000_00) == 1300
    assert permille_of(5, 0) == 0


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"), [(5, 10, 1), (4, 10, 0), (15, 10, 2), (0, 7, 0), (25, 10, 3), (24, 10, 2)]
)
def test_half_a_fen_goes_up(numerator: int, denominator: int, rounded: int) -> None:
    assert round_half_up(numerator, denominator) == rounded


def test_a_quarter_of_a_tablet_costs_a_quarter_of_its_price() -> None:
    assert gross_fen(line(10_01, quantity=250)) == 2_50  # 2.5025
    assert gross_fen(line(10_02, quantity=250)) == 2_51  # 2.505
    assert gross_fen(line(99, quantity=3000)) == 297


@given(amount=FEN, weights=st.lists(FEN, min_size=1, max_size=30))
def test_shares_add_up_to_what_is_shared(amount: int, weights: list[int]) -> None:
    amount = min(amount, sum(weights))
    shares = share_out(amount, weights)
    assert sum(shares) == (amount if sum(weights) else 0)
    assert all(0 <= share <= weight for share, weight in zip(shares, weights, strict=True))


def test_the_largest_remainder_gets_the_fen_and_the_first_of_equals() -> None:
    assert share_out(10, [1, 1, 1]) == [4, 3, 3]
    assert share_out(1, [1, 2]) == [0, 1]
    assert share_out(0, [5, 5]) == [0, 0]
    assert share_out(0, [0]) == [0]


@given(
    fens=st.lists(st.tuples(FEN, st.integers(1, 9_999), st.integers(0, 100)), min_size=1, max_size=20),
    percent=st.integers(min_value=1, max_value=100),
    is_member=st.booleans(),
)
def test_the_lines_of_a_bill_add_up_to_its_total_and_each_explains_itself(
    fens: list[tuple[int, int, int]], percent: int, is_member: bool
) -> None:
    lines = [
        line(fen, quantity=quantity, member=fen * share // 100 if share % 3 == 0 else None, off=0)
        for fen, quantity, share in fens
    ]
    priced = price_lines(lines, pay_percent=percent, is_member=is_member)
    assert sum(one.amount_fen for one in priced.lines) == priced.total_fen
    for one in priced.lines:
        assert one.amount_fen >= 0
        assert one.share_fen >= 0
        assert gross_fen(one) - one.discount_fen - one.share_fen == one.amount_fen
    full = sum(gross_fen(one) for one in lines)
    assert priced.total_fen <= full
    if not is_member or all(one.member_fen is None for one in lines):
        assert priced.total_fen == round_half_up(full * percent, 100)


def test_a_member_pays_the_lower_of_item_price_and_percentage_never_both() -> None:
    cheap, plain = line(100_00, member=70_00), line(100_00, member=95_00)
    priced = price_lines([cheap, plain, line(100_00)], pay_percent=90, is_member=True)
    assert [one.amount_fen for one in priced.lines] == [70_00, 90_00, 90_00]
    assert [one.share_fen for one in priced.lines] == [30_00, 10_00, 10_00]
    stranger = price_lines([cheap], pay_percent=100, is_member=False)
    assert stranger.total_fen == 100_00


def test_what_is_taken_off_by_hand_comes_off_first() -> None:
    priced = price_lines(
        [line(100_00, off=20_00), line(50_00, member=10_00, off=20_00)], pay_percent=90, is_member=True
    )
    assert [one.amount_fen for one in priced.lines] == [72_00, 0]


def test_a_line_takes_its_price_from_the_list_at_the_branch() -> None:
    item = Item(code="D1", name_zh="药", category="drug", unit="片", price_fen=5_00, branch_prices={"b": 4_00})
    assert line_of(item, branch_id="b", quantity_milli=2000).unit_fen == 4_00
    assert line_of(item, branch_id=None, quantity_milli=2000, discount_fen=1).unit_fen == 5_00


@pytest.mark.parametrize(
    ("quantity", "off", "codes"),
    [
        (1000, 0, []),
        (0, 0, ["quantity-range"]),
        (10_001_000, 0, ["quantity-range"]),
        (1000, 101, ["discount-range"]),
        (1000, -1, ["discount-range"]),
        (1000, 100, []),
    ],
)
def test_a_line_needs_a_quantity_and_a_discount_within_it(quantity: int, off: int, codes: list[str]) -> None:
    assert [problem.code for problem in line_problems(line(100, quantity=quantity, off=off))] == codes


@pytest.mark.parametrize(
    ("text", "milli"),
    [("", 1000), ("2", 2000), ("0.5", 500), ("2.", 2000), (".5", None), ("1.2345", None), ("x", None), ("１", None)],
)
def test_quantities_are_read_as_people_type_them(text: str, milli: int | None) -> None:
    assert read_quantity(text) == milli
    assert read_quantity("1234567") is None


def test_quantities_are_written_without_empty_decimals() -> None:
    assert [quantity_text(milli) for milli in (1000, 1500, 250, 12_010)] == ["1", "1.5", "0.25", "12.01"]


def test_categories_are_summed_in_the_order_of_the_lines() -> None:
    priced = price_lines([line(3, category="surgery"), line(4), line(5)], pay_percent=100, is_member=False)
    assert category_sums(priced.lines) == {"surgery": 3, "drug": 9}


def test_a_refund_names_lines_amounts_reason_and_method() -> None:
    assert refund_problems({"a": 5}, {"a": 5}, reason="x", method="cash") == ()
    codes = [
        (p.path, p.code) for p in refund_problems({"a": 6, "b": 1, "c": 0}, {"a": 5, "c": 5}, reason="", method="?")
    ]
    assert codes == [
        ("refund-a", "refund-range"),
        ("refund-b", "refund-range"),
        ("refund-c", "refund-range"),
        ("reason", "required"),
        ("method", "option"),
    ]
    assert [p.code for p in refund_problems({}, {}, reason="x", method="cash")] == ["required"]
