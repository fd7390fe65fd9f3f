"""Who is on duty by the whole roster: at one instant, and as spans over days, which always say the same."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from core.calendars.openings.rules import EPOCH, EPOCH_ORDINAL, Openings
from tenants.shifts.rules.patterns import (
    Change,
    FreeDays,
    Minutes,
    Pattern,
    Single,
    parts_of,
    people_on,
    runs_on,
    shift_days,
    version_on,
)

_NO_WEEK: Final = ((),) * 7


class Holder(msgspec.Struct, frozen=True):
    """Somebody active who holds a role, and where they work; no branch is all of them."""

    role: str
    branch_id: UUID | None
    staff_id: UUID


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody on duty from one instant to another; a shift over midnight is one span for each of its dates."""

    role: str
    branch_id: UUID | None
    staff_id: UUID
    starts_at: datetime
    ends_at: datetime
    begins_on: date
    """The date whose shift it is: the eve for the hours after midnight."""
    pattern_id: UUID | None = None
    shift_id: UUID | None = None
    name: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the roster knows about a stretch of dates."""

    timezone: str
    patterns: Mapping[UUID, tuple[Pattern, ...]] = {}
    """Versions by pattern."""
    changes: tuple[Change, ...] = ()
    """In the order they were made."""
    singles: tuple[Single, ...] = ()
    holders: tuple[Holder, ...] = ()
    free: FreeDays = FreeDays()

    def on_duty(self, role: str, branch_id: UUID | None, at: datetime) -> tuple[UUID, ...]:
        """Return who is on duty, in a stable order.

        Patterns and single shifts together; where no pattern plans the role that day, everybody who holds it, those of
        the branch before others. Where one does, a gap is a gap: nobody.
        """
        planned = {one.staff_id for one in self.singles if _is_for(one, role, branch_id) and _runs(one, at)}
        local = at.astimezone(ZoneInfo(self.timezone))
        minute = local.hour * 60 + local.minute
        for back in (0, 1):
            day = local.date() - timedelta(days=back)
            for pattern in self._running(role, branch_id, day):
                if any(
                    after == back and opens <= minute < closes for after, (opens, closes) in parts_of(pattern.hours)
                ):
                    planned.update(people_on(pattern, day, self.changes))
        if planned:
            return tuple(sorted(planned))
        return () if self.rosters(role, branch_id, local.date()) else self.holding(role, branch_id, local.date())

    def rosters(self, role: str, branch_id: UUID | None, day: date) -> bool:
        """Tell whether a pattern plans the role there on a date, though it may not run on it."""
        return any(not one.hours.ended for one in self._versions(role, branch_id, day))

    def holding(self, role: str, branch_id: UUID | None, day: date) -> tuple[UUID, ...]:
        """Return everybody who holds the role and is not away: those of the branch, else all."""
        away = {c.staff_id for c in self.changes if c.pattern_id is None and c.stand_in_id is None and c.holds_on(day)}
        holders = [one for one in self.holders if one.role == role and one.staff_id not in away]
        near = [one for one in holders if branch_id is None or one.branch_id in {None, branch_id}]
        return tuple(sorted({one.staff_id for one in near or holders}))

    def spans(self, role: str, branch_id: UUID | None, first: date, last: date) -> list[Span]:
        """Return the planned duties that touch the dates from first to last, whole, in order; no holders."""
        found = []
        for day in shift_days(first, last):
            for pattern in self._running(role, branch_id, day):
                people = people_on(pattern, day, self.changes)
                for after, minutes in parts_of(pattern.hours):
                    on = day + timedelta(days=after)
                    if on < first or on > last:
                        continue
                    found += [
                        Span(
                            role=role,
                            branch_id=pattern.branch_id,
                            staff_id=person,
                            starts_at=starts,
                            ends_at=ends,
                            begins_on=day,
                            pattern_id=pattern.pattern_id,
                            name=pattern.hours.name,
                        )
                        for starts, ends in instants(self.timezone, on, minutes)
                        for person in people
                    ]
        begin, end = midnight(self.timezone, first), midnight(self.timezone, last + timedelta(days=1))
        zone = ZoneInfo(self.timezone)
        found += [
            Span(
                role=role,
                branch_id=one.branch_id,
                staff_id=one.staff_id,
                starts_at=one.starts_at,
                ends_at=one.ends_at,
                begins_on=one.starts_at.astimezone(zone).date(),
                shift_id=one.shift_id,
            )
            for one in self.singles
            if _is_for(one, role, branch_id) and one.starts_at < end and one.ends_at > begin
        ]
        return sorted(found, key=lambda span: (span.starts_at, span.ends_at, span.staff_id))

    def _versions(self, role: str, branch_id: UUID | None, day: date) -> Iterable[Pattern]:
        for versions in self.patterns.values():
            if versions[0].role == role and versions[0].branch_id in {None, branch_id}:
                pattern = version_on(versions, day)
                if pattern is not None:
                    yield pattern

    def _running(self, role: str, branch_id: UUID | None, day: date) -> Iterable[Pattern]:
        return (one for one in self._versions(role, branch_id, day) if runs_on(one.hours, day, self.free))


def by_pattern(versions: Iterable[Pattern]) -> dict[UUID, tuple[Pattern, ...]]:
    """Return versions by pattern."""
    found: dict[UUID, tuple[Pattern, ...]] = {}
    for one in versions:
        found[one.pattern_id] = (*found.get(one.pattern_id, ()), one)
    return found


def instants(timezone: str, day: date, minutes: Minutes) -> Sequence[tuple[datetime, datetime]]:
    """Return when the local minutes of a date are: nothing inside a skipped hour, a repeated one twice as long."""
    return [(_instant(a), _instant(b)) for a, b in _intervals(timezone, day.toordinal() - EPOCH_ORDINAL, minutes)]


def midnight(timezone: str, day: date) -> datetime:
    """Return the instant at which a local date begins; one that its zone skipped begins with the next."""
    pieces = _intervals(timezone, day.toordinal() - EPOCH_ORDINAL, (0, 24 * 60))
    return _instant(pieces[0][0]) if pieces else midnight(timezone, day + timedelta(days=1))


@lru_cache(maxsize=4096)
def _intervals(timezone: str, day: int, minutes: Minutes) -> tuple[tuple[int, int], ...]:
    opens, closes = (60 * one for one in minutes)
    return tuple(Openings(timezone, _NO_WEEK, {day: ((opens, closes),)}).intervals(day))


def _instant(seconds: int) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def _is_for(single: Single, role: str, branch_id: UUID | None) -> bool:
    return single.role == role and single.branch_id in {None, branch_id}


def _runs(single: Single, at: datetime) -> bool:
    return single.starts_at <= at < single.ends_at
