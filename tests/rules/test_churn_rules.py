"""Who stays away: three months or twice their own rhythm; who is left in peace; what an offer was worth."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.churn.rules import Arm, Known, arm_of, due_at, lift, median_gap, overdue_on, planned_overdue_on, why_silent
from core.hooks.records.loyalty.care import Churn

RULE = Churn()


@pytest.mark.parametrize(
    ("last", "gap_days", "first_day"),
    [
        (date(2026, 8, 22), None, date(2026, 11, 22)),
        (date(2026, 11, 30), None, date(2027, 2, 28)),
        (date(2026, 8, 22), 30, date(2026, 11, 22)),  # twice a month is less than three months
        (date(2026, 8, 22), 60, date(2026, 12, 20)),  # who comes every two months is missed after four
    ],
)
def test_overdue_is_three_calendar_months_or_twice_the_own_gap_whichever_is_later(
    last: date, gap_days: int | None, first_day: date
) -> None:
    assert overdue_on(RULE, last=last, gap_days=gap_days) == first_day


def test_a_planned_visit_is_missed_after_fourteen_days() -> None:
    assert planned_overdue_on(RULE, date(2026, 11, 1)) == date(2026, 11, 15)


def test_a_rhythm_needs_two_gaps_and_two_visits_on_one_day_are_one() -> None:
    first = date(2026, 1, 1)
    assert median_gap([]) is None
    assert median_gap([first, first, first + timedelta(days=30)]) is None
    assert median_gap([first, first + timedelta(days=10), first + timedelta(days=40)]) == 20
    assert median_gap([first, first + timedelta(days=10), first + timedelta(days=21)]) == 11, "halves count as whole"
    assert median_gap([first + timedelta(days=n) for n in (0, 10, 20, 100)]) == 10


def test_who_is_left_in_peace_and_which_reason_comes_first() -> None:
    assert why_silent(Known()) == ""
    assert why_silent(Known(open_complaint=True)) == "open_complaint"
    assert why_silent(Known(open_complaint=True, refuses=True)) == "opted_out"
    assert why_silent(Known(refuses=True, deceased=True)) == "pet_deceased"
    assert why_silent(Known(deceased=True, ended="moved")) == "moved"


def test_a_case_is_due_after_the_days_of_the_rule() -> None:
    opened = datetime(2026, 11, 22, 1, tzinfo=UTC)
    assert due_at(RULE, opened) - opened == timedelta(days=3)


def test_the_half_is_drawn_from_the_case_and_about_a_tenth_is_held_out() -> None:
    drawn = [arm_of(UUID(int=n), hold_out_percent=10) for n in range(5000)]
    assert drawn == [arm_of(UUID(int=n), hold_out_percent=10) for n in range(5000)]
    assert 0.08 < drawn.count("hold_out") / len(drawn) < 0.12
    assert {arm_of(UUID(int=n), hold_out_percent=0) for n in range(500)} == {"offer"}


def test_lift_is_the_difference_of_the_shares_with_its_interval() -> None:
    found = lift(Arm(households=900, returned=270, fen=9), Arm(households=100, returned=20))
    assert found.points == pytest.approx(10.0)
    assert found.low == pytest.approx(1.6, abs=0.1)
    assert found.high == pytest.approx(18.4, abs=0.1)
    assert found.sure
    weak = lift(Arm(households=90, returned=27), Arm(households=10, returned=2))
    assert not weak.sure


def test_without_one_half_there_is_no_lift() -> None:
    found = lift(Arm(households=5, returned=1), Arm())
    assert (found.points, found.low, found.sure) == (None, None, False)


@given(st.lists(st.dates(date(2020, 1, 1), date(2026, 12, 31)), min_size=3, max_size=30))
def test_the_median_gap_lies_between_the_shortest_and_the_longest(days: list[date]) -> None:
    each = sorted(set(days))
    gaps = [(after - before).days for before, after in pairwise(each)]
    found = median_gap(days)
    assert (found is None) == (len(gaps) < 2)
    if found is not None:
        assert min(gaps) <= found <= max(gaps)
