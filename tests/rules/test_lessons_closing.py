"""Days of actions, tries before silence counts, repeats, likeness, and limits of remedies: the pure rules."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from core.hooks.records.loyalty.offers import CouponTemplate
from core.hooks.records.remedies import RemedyOffer
from core.lessons.rules.closing import (
    ActionDays,
    Contact,
    Happened,
    check_day,
    is_late,
    next_reminder,
    reminders,
    same_problem,
    silence_problem,
)
from core.lessons.rules.likeness import Features, likeness, most_alike
from core.remedies.rules import (
    DEFAULT_LIMITS,
    Limit,
    deeds_of,
    is_own,
    is_within,
    left_of,
    limit_of,
    may,
    points_cost,
    suggest,
    template_cost,
)

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
ZONE = "Asia/Shanghai"


def _tries(*hours: int) -> list[Contact]:
    return [Contact(at=NOW - timedelta(hours=one), how="电话") for one in hours]


@pytest.mark.parametrize(
    ("why", "hours", "problem"),
    [
        ("no_answer", (1, 5, 24), ""),
        ("no_answer", (1, 5), "too-few-contacts"),
        ("no_answer", (1, 5, 5), "same-contact"),
        ("no_answer", (1, 5, -1), "contact-ahead"),
        ("refuses", (1,), ""),
        ("refuses", (), "too-few-contacts"),
        ("other", (1,), "option"),
    ],
)
def test_silence_counts_after_enough_tries_and_a_refusal_after_one_talk(
    why: str, hours: tuple[int, ...], problem: str
) -> None:
    assert silence_problem(why, _tries(*hours), 3, now=NOW) == problem


def test_an_action_is_told_about_in_the_morning_of_its_day_and_again_when_late() -> None:
    days = ActionDays("open", date(2026, 11, 25), None)
    told = reminders(days, ZONE)
    assert [(word, at.isoformat()) for word, at in told] == [
        ("due", "2026-11-25T09:00:00+08:00"),
        ("overdue", "2026-11-26T09:00:00+08:00"),
    ]
    assert next_reminder(days, ZONE, after=NOW) == told[0][1]
    assert next_reminder(days, ZONE, after=told[0][1]) == told[1][1]
    assert next_reminder(days, ZONE, after=told[1][1]) is None


def test_what_is_done_is_looked_at_after_the_tenants_days() -> None:
    assert check_day(datetime(2026, 11, 23, 17, 0, tzinfo=UTC), 30, ZONE) == date(2026, 12, 24)
    done = ActionDays("done", date(2026, 11, 1), date(2026, 12, 23))
    assert [word for word, _ in reminders(done, ZONE)] == ["check", "unchecked"]
    assert reminders(ActionDays("effective", date(2026, 11, 1), date(2026, 12, 1)), ZONE) == ()


def test_late_is_the_day_after() -> None:
    open_ = ActionDays("open", date(2026, 11, 23), None)
    assert not is_late(open_, date(2026, 11, 23))
    assert is_late(open_, date(2026, 11, 24))
    done = ActionDays("done", date(2026, 11, 1), date(2026, 11, 23))
    assert not is_late(done, date(2026, 11, 23))
    assert is_late(done, date(2026, 11, 24))
    assert not is_late(ActionDays("effective", date(2026, 11, 1), None), date(2026, 12, 1))


def test_the_same_cause_at_the_same_branch_or_person_within_the_days_is_a_repeat() -> None:
    here, there, one, other = (UUID(int=number) for number in range(4))
    within = timedelta(days=180)
    first = Happened("a", here, one, NOW)
    assert same_problem(first, Happened("a", here, one, NOW - within), within) == {"branch", "person"}
    assert same_problem(first, Happened("a", here, other, NOW), within) == {"branch"}
    assert same_problem(first, Happened("a", there, one, NOW), within) == {"person"}
    assert same_problem(first, Happened("a", there, other, NOW), within) == set()
    assert same_problem(first, Happened("b", here, one, NOW), within) == set()
    assert same_problem(first, Happened("a", here, one, NOW - within - timedelta(seconds=1)), within) == set()
    assert same_problem(Happened("a", None, None, NOW), Happened("a", None, None, NOW), within) == set()


def test_like_cases_share_their_subject_first_and_a_level_alone_is_nothing() -> None:
    parents = {"fees": "service", "waiting": "service", "drugs": "medical"}
    mine = Features("fees", "clear", "L1", "结账时没有解释费用明细")
    same = Features("fees", "clear", "L1", "结账时费用明细没有解释")
    near = Features("waiting", "clear", "L2", "等候三小时")
    far = Features("drugs", None, "L1", "吃药后呕吐")
    bare = Features(None, None, "L3", "")
    assert likeness(mine, same, parents) > likeness(mine, near, parents) > likeness(mine, far, parents)
    assert likeness(bare, bare, parents) == 1
    assert most_alike(mine, [("far", far), ("near", near), ("same", same)], parents) == ["same", "near"]


def test_the_widest_of_ones_roles_limits_what_one_offers_alone() -> None:
    assert limit_of(DEFAULT_LIMITS, ("front_desk", "team_leader")) == Limit(1000_00, 2000_00)
    assert limit_of(DEFAULT_LIMITS, ("front_desk", "director")) == Limit(None, None)
    assert limit_of(DEFAULT_LIMITS, ("legal_counsel",)) == Limit(0, 0)
    assert is_within(Limit(100, 150), cost_fen=100, standing_fen=50)
    assert not is_within(Limit(100, 150), cost_fen=101, standing_fen=0)
    assert not is_within(Limit(100, 150), cost_fen=100, standing_fen=51)
    assert is_within(Limit(None, None), cost_fen=10**9, standing_fen=10**9)
    assert is_within(Limit(100, None), cost_fen=100, standing_fen=10**9)
    assert (left_of(Limit(100, 150), 80), left_of(Limit(None, 150), 80), left_of(Limit(100, 150), 999)) == (70, 70, 0)
    assert (left_of(Limit(100, None), 80), left_of(Limit(None, None), 80)) == (100, None)


def test_what_can_be_done_follows_the_state() -> None:
    assert deeds_of("waiting") == {"approve", "refuse", "take_back"}
    assert deeds_of("offered") == {"accept", "decline", "take_back"}
    assert deeds_of("accepted") == {"decline", "give", "take_back"}
    assert deeds_of("held") == {"give"}
    assert deeds_of("given") == {"take_back"}
    assert not deeds_of("declined")
    assert may("give", "accepted")
    assert not may("give", "offered")
    assert is_own(1, 1)
    assert not is_own(None, None)


def test_offers_for_the_subject_come_before_those_for_all() -> None:
    def offer(name: str, *categories: str, severities: tuple[str, ...] = ("L1", "L2", "L3")) -> RemedyOffer:
        return RemedyOffer(id=f"p.{name}", kind="gift", label=name, categories=categories, severities=severities)  # type: ignore[arg-type] # levels

    offers = (offer("any"), offer("deep", "medical"), offer("leaf", "p.drugs"), offer("grave", severities=("L3",)))
    parents = {"p.drugs": "p.medical", "p.medical": None, "p.loop": "p.loop"}
    found = suggest(offers, severity="L1", category="p.drugs", parents=parents)
    assert [one.id for one in found] == ["p.deep", "p.leaf", "p.any"]
    assert [one.id for one in suggest(offers, severity="L3", category="p.loop", parents=parents)] == [
        "p.any",
        "p.grave",
    ]
    assert [one.id for one in suggest(offers, severity="L1", category=None, parents=parents)] == ["p.any"]


def test_coupons_cost_what_they_take_off_at_most() -> None:
    label = "券"
    assert template_cost(CouponTemplate(id="a", label=label, amount_fen=50_00, uses=2)) == 100_00
    assert template_cost(CouponTemplate(id="b", label=label, pay_percent=80, max_discount_fen=30_00)) == 30_00
    assert template_cost(CouponTemplate(id="c", label=label, pay_percent=80)) is None
    assert points_cost(300, 10) == 30_00
