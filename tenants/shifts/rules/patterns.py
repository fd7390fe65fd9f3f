"""What a shift pattern says of one date: whether it runs, from when to when, whose turn it is, and who stands in."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec

Holidays = Literal["same", "off", "only"]
Minutes = tuple[int, int]
"""From and to in minutes of one local day, half open; 1,440 is its end."""

DAY: Final = 24 * 60
TURNS: Final = {1: "day", 7: "week", 14: "fortnight", 28: "four weeks"}
MOST_TEAMS: Final = 4
_WORKDAYS: Final = frozenset(range(5))


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """What one version of a pattern says, without its people; times are local, weekdays count from Monday = 0."""

    name: str
    weekdays: tuple[int, ...]
    starts: int
    ends: int
    """At or before `starts` it ends on the next day."""
    holidays: Holidays = "same"
    turn_days: int = 7
    anchor: date
    """The first day of the first team's turn."""
    teams: int = 1
    """How many teams take turns, whoever of them is still here."""
    ended: bool = False
    """From its day on the pattern plans nothing any more, and its role is free again."""


class Pattern(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a pattern: a role at a branch (None is all of them), its hours, and the teams that take turns."""

    pattern_id: UUID
    number: int
    role: str
    branch_id: UUID | None
    effective_from: date
    hours: Hours
    teams: tuple[tuple[UUID, ...], ...] = ()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is away from one pattern (None: from all) for some days, first and last included; or another stands in."""

    change_id: UUID
    staff_id: UUID
    stand_in_id: UUID | None = None
    pattern_id: UUID | None = None
    first_on: date
    last_on: date

    def holds_on(self, day: date) -> bool:
        """Tell whether the change is about this date."""
        return self.first_on <= day <= self.last_on


class Single(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody on duty for a role once, from one instant to another, beside every pattern."""

    shift_id: UUID
    role: str
    branch_id: UUID | None
    staff_id: UUID
    starts_at: datetime
    ends_at: datetime


class FreeDays(msgspec.Struct, frozen=True):
    """The official holidays and the days that are worked instead (调休)."""

    off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()


def runs_on(hours: Hours, day: date, free: FreeDays) -> bool:
    """Tell whether a shift begins on this date; a day worked for a holiday counts as a working day of the week."""
    if hours.ended:
        return False
    if hours.holidays == "only":
        return day in free.off
    if hours.holidays == "off":
        if day in free.off:
            return False
        if day in free.worked and _WORKDAYS.intersection(hours.weekdays):
            return True
    return day.weekday() in hours.weekdays


def parts_of(hours: Hours) -> tuple[tuple[int, Minutes], ...]:
    """Return the shift's parts as (days after the date it begins, minutes): over midnight it is two."""
    if hours.ends > hours.starts:
        return ((0, (hours.starts, hours.ends)),)
    first = (0, (hours.starts, DAY))
    return (first,) if hours.ends == 0 else (first, (1, (0, hours.ends)))


def version_on(versions: Iterable[Pattern], day: date) -> Pattern | None:
    """Return the newest version that is effective on a date: shifts follow the version of the date they begin on."""
    effective = [one for one in versions if one.effective_from <= day]
    return max(effective, key=lambda one: one.number, default=None)


def turn_on(pattern: Pattern, day: date) -> int:
    """Return whose turn a date is: the index of the team; before the anchor the turns count backwards."""
    return ((day - pattern.hours.anchor).days // pattern.hours.turn_days) % len(pattern.teams)


def people_on(pattern: Pattern, day: date, changes: Sequence[Change]) -> tuple[UUID, ...]:
    """Return who has the shift that begins on a date: the team of the turn, swaps in the order they were made, absences.

    Who stands in for somebody is there even when the one they stand in for is away; not when they are away themselves.
    """
    if not pattern.teams:
        return ()
    here = [c for c in changes if c.holds_on(day) and c.pattern_id in {None, pattern.pattern_id}]
    people = list(pattern.teams[turn_on(pattern, day)])
    for change in here:
        if change.stand_in_id is not None and change.staff_id in people:
            people[people.index(change.staff_id)] = change.stand_in_id
    away = {change.staff_id for change in here if change.stand_in_id is None}
    return tuple(dict.fromkeys(person for person in people if person not in away))


def shift_days(first: date, last: date) -> tuple[date, ...]:
    """Return the dates on which a shift may begin that touches the dates from first to last: the eve too."""
    return tuple(first + timedelta(days=n) for n in range(-1, (last - first).days + 1))
