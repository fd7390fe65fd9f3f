"""Coverage: the hours in which nobody answers for a role that the policies name, and what a pattern must say."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from core.hooks.records.complaints import DutyRole, EscalationStep, Milestone, Policy
from tenants.shifts.rules.checks import PatternDraft, check_absence, check_draft, may_stand_in
from tenants.shifts.rules.coverage import NamedRole, cover_of, gaps, joined, named_roles
from tenants.shifts.rules.patterns import Change
from tenants.shifts.rules.plans import Holder, midnight
from tests.rules.test_shift_patterns import MONDAY, ROLE, A, B, C, at, pattern, plan

DOCTOR = NamedRole(code=ROLE, label="资深医生")
SHANGHAI = "Asia/Shanghai"


def test_every_role_of_a_chain_is_named_once_with_its_label() -> None:
    step = EscalationStep(role="team_leader", fraction=0.5, need_ack=True, ack_timeout=10, next="counsel")
    told = Milestone(id="on_site", label="到达现场", minutes=10, owner_role="team_leader", steps=(step,))
    untimed = Milestone(id="archive", label="归档", owner_role="head_nurse")
    roles = (
        DutyRole(code="team_leader", label="组长"),
        DutyRole(code="counsel", label="法律顾问", external=True),
        DutyRole(code="head_nurse", label="护士长"),
    )
    policy = Policy(severity="L3", label="重大", milestones=(told, untimed), roles=roles)
    assert named_roles((policy, policy)) == (
        NamedRole(code="team_leader", label="组长", asked=True),
        NamedRole(code="counsel", label="法律顾问", external=True, asked=True),
    )


def test_nobody_on_sunday_at_three_is_a_gap() -> None:
    days, nights = pattern(id_=8), pattern(starts=20 * 60, ends=8 * 60, weekdays=(0, 1, 2, 3, 4, 5))
    cover = cover_of(plan(days, nights), DOCTOR, None, MONDAY, 7)
    assert cover.gaps == (
        (at("2026-11-23T00:00"), at("2026-11-23T08:00")),  # no night begins before the pattern does
        (at("2026-11-29T20:00"), at("2026-11-30T00:00")),
    )
    assert [day.kind for day in cover.days] == ["planned"] * 7
    assert len(cover.days[1].spans) == 3


def test_without_a_pattern_holders_answer_and_without_holders_nobody() -> None:
    held = cover_of(plan(holders=(Holder(ROLE, None, A),)), DOCTOR, None, MONDAY, 1)
    assert held.days[0].kind == "holders"
    assert held.gaps == ()
    none = cover_of(plan(), DOCTOR, None, MONDAY, 2)
    assert none.gaps == ((midnight(SHANGHAI, MONDAY), midnight(SHANGHAI, MONDAY + timedelta(days=2))),)
    assert cover_of(plan(), replace(DOCTOR, external=True), None, MONDAY, 2).gaps == ()


def test_gaps_are_what_no_span_covers_and_join_where_they_touch() -> None:
    spans = plan(pattern()).spans(ROLE, None, MONDAY, MONDAY)
    begin, end = at("2026-11-23T09:00"), at("2026-11-23T21:00")
    assert gaps(spans, begin, end) == ((at("2026-11-23T20:00"), end),)
    assert joined([(begin, end), (end, end + timedelta(hours=1)), (begin, begin)]) == (
        (begin, end + timedelta(hours=1)),
    )


DRAFT = PatternDraft(
    name="白班",
    role=ROLE,
    branch_id=None,
    weekdays=(0, 1),
    starts=480,
    ends=1200,
    holidays="same",
    teams=((A,), (B,)),
    turn_days=7,
    anchor=MONDAY,
    effective_from=MONDAY,
)


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"name": " "}, "name", "required"),
        ({"name": "班" * 61}, "name", "too-long"),
        ({"role": ""}, "role", "required"),
        ({"role": "cook"}, "role", "unknown-role"),
        ({"branch_id": C}, "branch_id", "unknown-branch"),
        ({"weekdays": ()}, "weekdays", "required"),
        ({"weekdays": (7,)}, "weekdays", "option"),
        ({"starts": -1}, "starts", "wrong-form"),
        ({"ends": 1440}, "ends", "wrong-form"),
        ({"turn_days": 3}, "turn_days", "option"),
        ({"effective_from": MONDAY - timedelta(days=1)}, "effective_from", "not-before-today"),
        ({"effective_from": MONDAY + timedelta(days=400)}, "effective_from", "date-range"),
        ({"teams": ()}, "team_1", "required"),
        ({"teams": ((A,), (), (B,))}, "team_2", "empty-team"),
        ({"teams": ((C,),)}, "team_1", "unknown-person"),
        ({"teams": ((A,),) * 5}, "team_4", "too-many"),
    ],
)
def test_a_draft_is_refused_at_the_field_that_is_wrong(change: dict[str, object], path: str, code: str) -> None:
    (problem,) = check_draft(replace(DRAFT, **change), today=MONDAY, roles=(ROLE,), branches=(), people=(A, B))
    assert (problem.path, problem.code) == (path, code)


def test_a_good_draft_has_no_problem_and_one_for_holidays_needs_no_weekday() -> None:
    known = {"today": MONDAY, "roles": (ROLE,), "branches": (C,), "people": (A, B)}
    assert check_draft(replace(DRAFT, branch_id=C), **known) == ()  # type: ignore[arg-type] # the same words each time
    assert check_draft(replace(DRAFT, holidays="only", weekdays=()), **known) == ()  # type: ignore[arg-type] # as above
    assert DRAFT.hours().teams == 2


def test_an_absence_begins_today_at_the_earliest_and_ends_after_it_begins() -> None:
    day = timedelta(days=1)
    assert [one.code for one in check_absence(MONDAY - day, MONDAY, today=MONDAY)] == ["not-before-today"]
    assert [one.code for one in check_absence(MONDAY, MONDAY - day, today=MONDAY)] == ["span"]
    assert check_absence(MONDAY, MONDAY, today=MONDAY) == ()


def test_a_colleague_stands_in_when_of_the_role_or_the_teams_and_free_that_day() -> None:
    both = pattern(teams=((A,), (B,)))
    away = Change(change_id=UUID(int=1), staff_id=C, first_on=MONDAY, last_on=MONDAY)
    assert may_stand_in(both, MONDAY, (), person=B, holders=())
    assert may_stand_in(both, MONDAY, (), person=C, holders=(C,))
    assert not may_stand_in(both, MONDAY, (), person=A, holders=(A,))
    assert not may_stand_in(both, MONDAY, (), person=C, holders=())
    assert not may_stand_in(both, MONDAY, (away,), person=C, holders=(C,))
    assert may_stand_in(both, date(2026, 11, 24), (away,), person=C, holders=(C,))
