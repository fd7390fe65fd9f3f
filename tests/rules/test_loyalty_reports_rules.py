"""The figures of loyalty reports, from counted rows alone."""

from datetime import UTC, date, datetime

import pytest

from core.hooks.records.loyalty.points import Redeem
from core.hooks.records.loyalty.program import Program
from core.reports.rules.cohorts import heat, retention
from core.reports.rules.liability import Breakage, liability, net_of
from core.reports.rules.movement import Moved, movement
from core.reports.rules.rfm import Cell, frequency_range, group_of, group_sums, recency_range, squares
from core.reports.rules.shares import share_of
from core.reports.rules.spans import months_before, span_back, starts_at
from core.reports.rules.worth import fen_per_point


def test_a_report_covers_whole_months_up_to_that_of_today() -> None:
    span = span_back(date(2026, 2, 10), 3, "Asia/Shanghai")
    assert span.months == (date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1))
    assert span.since == span.edges[0] == datetime(2025, 11, 30, 16, tzinfo=UTC)
    assert starts_at(date(2026, 1, 1), "Asia/Shanghai") == span.edges[1]


@pytest.mark.parametrize(
    ("day", "months", "found"),
    [(date(2026, 5, 31), 3, date(2026, 2, 28)), (date(2026, 1, 15), 1, date(2025, 12, 15)), (date(2026, 12, 31), 12, date(2025, 12, 31))],
)  # fmt: skip
def test_months_before_are_clamped_to_the_end_of_a_short_month(day: date, months: int, found: date) -> None:
    assert months_before(day, months) == found


def test_retention_counts_each_cohort_only_as_far_as_months_have_begun() -> None:
    months = (date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1))
    found = retention(months, {0: (10, 5, 2), 1: (20, 4, 9), 2: (0,)})
    assert [(one.first, one.people, one.back) for one in found.cohorts] == [
        (date(2026, 1, 1), 10, (10, 5, 2)),
        (date(2026, 2, 1), 20, (20, 4)),
    ]
    assert found.curve == (100.0, 30.0, 20.0)
    assert (found.cohorts[0].share(2), found.cohorts[1].share(2)) == (20.0, None)
    assert [heat(one) for one in (None, 0.0, 0.1, 20.0, 99.9, 100.0)] == [0, 0, 1, 2, 5, 5]


def test_every_place_of_the_grid_has_a_group_and_every_band_its_limits() -> None:
    assert [group_of(*one) for one in ((5, 5), (5, 2), (4, 1), (3, 2), (3, 1), (2, 3), (1, 1))] == [
        "best",
        "loyal",
        "new",
        "cooling",
        "promising",
        "leaving_good",
        "lost",
    ]
    assert [recency_range(one) for one in (5, 4, 1)] == [(None, 30), (30, 90), (270, None)]
    assert [frequency_range(one) for one in (1, 2, 3, 5)] == [(1, 1), (2, 2), (3, 4), (8, None)]


def test_cells_are_summed_up_over_money_and_by_group() -> None:
    cells = (
        Cell(recency=5, frequency=5, money=5, people=2, fen=100),
        Cell(recency=5, frequency=5, money=1, people=1, fen=10),
        Cell(recency=1, frequency=1, money=1, people=4, fen=1),
    )
    grid = squares(cells)
    assert len(grid) == 25
    assert (grid[4].people, grid[4].fen, grid[4].group) == (3, 110, "best")
    sums = {one.group: (one.people, one.fen) for one in group_sums(cells)}
    assert sums["best"] == (3, 110)
    assert sums["lost"] == (4, 1)
    assert sums["new"] == (0, 0)


def test_what_is_owed_is_lowered_by_the_measured_breakage_alone() -> None:
    measured = Breakage(earned=1000, expired=250)
    found = liability({0: (3, 100), 4: (1, 50)}, fen_per_point=2, breakage=measured, pending_points=20)
    assert (found.points, found.gross_fen, found.net_fen) == (150, 300, 225)
    assert [one.months for one in found.bands] == [3, 6, 12, 24, None]
    nothing = Breakage(earned=0, expired=0)
    assert nothing.share is None
    assert net_of(300, nothing) == 300
    assert Breakage(earned=3, expired=9).share == 1


def test_a_point_is_worth_what_the_dearest_rule_pays() -> None:
    rules = (
        Redeem(id="a", fen_per_point=1),
        Redeem(id="b", fen_per_point=5),
        Redeem(id="c", fen_per_point=9, live=False),
    )
    assert fen_per_point(Program(rules=rules)) == 5
    assert fen_per_point(Program()) == fen_per_point(None) == 0


def test_ways_between_tiers_are_up_or_down_by_the_ladder() -> None:
    months = (date(2026, 1, 1), date(2026, 2, 1))
    rows = [
        Moved(month=0, before="normal", after="silver", people=3),
        Moved(month=1, before="normal", after="silver", people=2),
        Moved(month=1, before="gold", after="silver", people=1),
        Moved(month=1, before="bronze", after="normal", people=1),
    ]
    found = movement(months, ["normal", "silver", "gold"], rows)
    assert [(one.up, one.down) for one in found.months] == [(3, 0), (3, 1)]
    assert [(one.before, one.after, one.people, one.by_month) for one in found.paths] == [
        ("normal", "silver", 5, (3, 2)),
        ("bronze", "normal", 1, (0, 1)),
        ("gold", "silver", 1, (0, 1)),
    ]


def test_a_share_of_nobody_is_none_and_of_few_says_so() -> None:
    assert share_of(0, 0).value is None
    found = share_of(3, 4)
    assert (found.value, found.few) == (75.0, True)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 75 < found.high
