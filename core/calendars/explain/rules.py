"""Explain a deadline: the budget, the pauses, and every local day passed over, with the reason (sla.md, rule 18)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from core.calendars.openings.rules import EPOCH_ORDINAL
from core.calendars.rules import (
    Calendar,
    PausePeriod,
    Spans,
    due_over,
    elapsed_over,
    instant_of,
    running,
)

Reason = Literal["weekly-hours", "weekly-closed", "holiday", "special-hours", "special-closed"]

# A page shows days, not decades: more of them than a year are counted, not listed.
MOST_DAYS = 366


class ExplainedDay(Struct, frozen=True):
    """One local date between start and due: seconds that counted, open seconds a pause took, and which rule held."""

    day: date
    counted: int
    paused: int
    reason: Reason

    @property
    def skipped(self) -> bool:
        """Nothing of this day counted."""
        return self.counted == 0


class Explanation(Struct, frozen=True):
    """Why a clock is due when it is; `due` is None while a pause is open. Budget in seconds."""

    start: datetime
    budget: int
    due: datetime | None
    pauses: tuple[tuple[datetime, datetime | None], ...]
    days: tuple[ExplainedDay, ...]
    more_days: int = 0

    @property
    def skipped(self) -> tuple[ExplainedDay, ...]:
        """The days that were passed over."""
        return tuple(day for day in self.days if day.skipped)


def explain(
    calendar: Calendar | None, start: int, budget: int, pauses: Iterable[PausePeriod] = (), until: int | None = None
) -> Explanation:
    """Explain `due(calendar, start, budget, pauses)`; an open pause is explained up to `until` (now)."""
    spans: Spans = ((None, calendar),)
    pauses = tuple(pauses)
    end = due_over(spans, start, budget, pauses)
    return explain_over(spans, start, budget, pauses, due=None if end is None else int(end), until=until)


def explain_over(
    spans: Spans,
    start: int,
    budget: int,
    pauses: Iterable[PausePeriod],
    *,
    due: int | None,
    until: int | None = None,
) -> Explanation:
    """Explain a due time that is known already, over calendars that follow each other (rule 9)."""
    pauses = tuple(pauses)
    last = due if due is not None else max(start, start if until is None else until)
    days, more = _days(spans, start, last, pauses)
    return Explanation(
        start=instant_of(start),
        budget=budget,
        due=None if due is None else instant_of(due),
        pauses=tuple(_joined(start, pauses)),
        days=tuple(days),
        more_days=more,
    )


def _joined(start: int, pauses: Sequence[PausePeriod]) -> list[tuple[datetime, datetime | None]]:
    """Return what lies between the running stretches: the pauses, clipped and made one where they overlap."""
    joined: list[tuple[datetime, datetime | None]] = []
    paused: int | None = start
    for begin, end in running(start, pauses):
        if paused is not None and begin > paused:
            joined.append((instant_of(paused), instant_of(int(begin))))
        paused = None if end is None else int(end)
    if paused is not None:
        joined.append((instant_of(paused), None))
    return joined


def _days(spans: Spans, start: int, last: int, pauses: Sequence[PausePeriod]) -> tuple[list[ExplainedDay], int]:
    """List the local dates from start to last; nothing is skipped on the wall clock, so nothing is listed there."""
    days: list[ExplainedDay] = []
    more = 0
    for index, (since, calendar) in enumerate(spans):
        after = spans[index + 1][0] if index + 1 < len(spans) else None
        first = start if since is None else max(start, int(since))
        end = last if after is None else min(last, int(after))
        if calendar is None or end < first:
            continue
        openings = calendar.openings
        begin_day, end_day = openings.local_day(first), openings.local_day(max(first, end - 1))
        listed = range(begin_day, min(end_day, begin_day + MOST_DAYS - 1) + 1)
        days += [_explained(calendar, day, first, end, pauses) for day in listed]
        more += max(0, end_day - begin_day + 1 - MOST_DAYS)
    return days, more


def _explained(calendar: Calendar, day: int, start: int, end: int, pauses: Sequence[PausePeriod]) -> ExplainedDay:
    spans = ((None, calendar),)
    counted = opened = 0
    for opens, closes in calendar.openings.intervals(day):
        begin, until = max(opens, start), min(closes, end)
        opened += max(0, until - begin)
        counted += int(elapsed_over(spans, begin, until, pauses))
    at = date.fromordinal(day + EPOCH_ORDINAL)
    return ExplainedDay(at, counted, opened - counted, _reason(calendar, at))


def _reason(calendar: Calendar, day: date) -> Reason:
    """Name what decided the hours of a date: override, then holiday, then the weekly pattern (rule 2)."""
    special = dict(calendar.overrides).get(day)
    if special is not None:
        return "special-hours" if special else "special-closed"
    if day in calendar.holidays:
        return "holiday"
    return "weekly-hours" if calendar.week[day.weekday()] else "weekly-closed"
