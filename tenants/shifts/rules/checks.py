"""What a pattern, an absence or a swap must say before it is kept."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import msgspec

from core.errors import FieldProblem
from tenants.shifts.rules.patterns import DAY, MOST_TEAMS, TURNS, Change, Holidays, Hours, Pattern, people_on

NAME_LIMIT: Final = 60
WORDS_LIMIT: Final = 300
MOST_AHEAD: Final = timedelta(days=366)
LONGEST_ABSENCE: Final = timedelta(days=366)


class PatternDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A pattern as somebody fills it in."""

    name: str
    role: str
    branch_id: UUID | None
    weekdays: tuple[int, ...]
    starts: int
    ends: int
    holidays: Holidays
    teams: tuple[tuple[UUID, ...], ...]
    turn_days: int
    anchor: date
    effective_from: date

    def hours(self) -> Hours:
        """Return what a version keeps beside its people."""
        return Hours(
            name=self.name.strip(),
            weekdays=tuple(sorted(set(self.weekdays))),
            starts=self.starts,
            ends=self.ends,
            holidays=self.holidays,
            turn_days=self.turn_days,
            anchor=self.anchor,
            teams=len(self.teams),
        )


def check_draft(
    draft: PatternDraft, *, today: date, roles: Collection[str], branches: Collection[UUID], people: Collection[UUID]
) -> tuple[FieldProblem, ...]:
    """Return every problem of a draft, each at its field."""
    problems = []
    if not draft.name.strip():
        problems.append(FieldProblem("name", "required"))
    elif len(draft.name.strip()) > NAME_LIMIT:
        problems.append(FieldProblem("name", "too-long", {"max": NAME_LIMIT}))
    if draft.role not in roles:
        problems.append(FieldProblem("role", "unknown-role" if draft.role else "required", {"role": draft.role[:40]}))
    if draft.branch_id is not None and draft.branch_id not in branches:
        problems.append(FieldProblem("branch_id", "unknown-branch"))
    if draft.holidays != "only" and not draft.weekdays:
        problems.append(FieldProblem("weekdays", "required"))
    elif any(not 0 <= one <= 6 for one in draft.weekdays):
        problems.append(FieldProblem("weekdays", "option"))
    problems += [
        FieldProblem(name, "wrong-form")
        for name, minute in (("starts", draft.starts), ("ends", draft.ends))
        if not 0 <= minute < DAY
    ]
    if draft.turn_days not in TURNS:
        problems.append(FieldProblem("turn_days", "option"))
    if not today <= draft.effective_from <= today + MOST_AHEAD:
        problems.append(
            FieldProblem("effective_from", "not-before-today" if draft.effective_from < today else "date-range")
        )
    return (*problems, *_of_teams(draft, people))


def _of_teams(draft: PatternDraft, people: Collection[UUID]) -> list[FieldProblem]:
    """At least one team, none of them empty between others, everybody at work here."""
    if not draft.teams:
        return [FieldProblem("team_1", "required")]
    problems = []
    if len(draft.teams) > MOST_TEAMS:
        problems.append(FieldProblem(f"team_{MOST_TEAMS}", "too-many", {"max": MOST_TEAMS}))
    for number, team in enumerate(draft.teams, 1):
        if not team:
            problems.append(FieldProblem(f"team_{number}", "empty-team"))
        elif any(person not in people for person in team):
            problems.append(FieldProblem(f"team_{number}", "unknown-person"))
    return problems


def check_absence(first: date, last: date, *, today: date) -> tuple[FieldProblem, ...]:
    """Return what is wrong with the days of an absence."""
    if first < today:
        return (FieldProblem("first_on", "not-before-today"),)
    if last < first or last - first > LONGEST_ABSENCE:
        return (FieldProblem("last_on", "span"),)
    return ()


def may_stand_in(
    pattern: Pattern, day: date, changes: tuple[Change, ...], *, person: UUID, holders: Collection[UUID]
) -> bool:
    """Tell whether somebody may take another's shift: of the role or of the teams, not on it already, not away."""
    if person in people_on(pattern, day, changes):
        return False
    away = any(
        c.staff_id == person
        and c.stand_in_id is None
        and c.holds_on(day)
        and c.pattern_id in {None, pattern.pattern_id}
        for c in changes
    )
    return not away and (person in holders or any(person in team for team in pattern.teams))
