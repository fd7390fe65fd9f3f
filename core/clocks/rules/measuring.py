"""What follows from the facts of a clock: its calendars, its pauses within the longest allowed, its instants."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from core.calendars.rules import (
    Calendar,
    NeverDue,
    PausePeriod,
    Spans,
    due_over,
    due_working_days_over,
    elapsed_over,
    instant_of,
    seconds_of,
)
from core.clocks.rules.events import CancelReason, Paused, Plan

Calendars = Mapping[str, Calendar]
"""The calendar versions that the events name."""


class Facts(Struct, frozen=True, kw_only=True):
    """What the events have said so far; everything else is computed from it."""

    plan: Plan
    cycle: int
    seq: int
    started_at: datetime
    changed_at: datetime
    """The last start, retarget or override: a due time before it is not stamped into the past."""
    carried: int = 0
    """Seconds that earlier cycles used."""
    spans: tuple[tuple[datetime | None, str | None], ...]
    pauses: tuple[Paused, ...] = ()
    fixed: tuple[datetime, datetime] | None = None
    """When a person set a due time, and which."""
    first_breached_at: datetime | None = None
    breached_by_retarget: bool = False
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: CancelReason | None = None
    reopened_as: int | None = None

    @property
    def closed_at(self) -> datetime | None:
        """When it was completed or cancelled."""
        return self.completed_at or self.cancelled_at


def spans_of(facts: Facts, calendars: Calendars) -> Spans:
    """Return the calendars that hold one after the other, as the arithmetic takes them."""
    return tuple(
        (None if since is None else seconds_of(since), None if name is None else calendars[name])
        for since, name in facts.spans
    )


def periods(pauses: Iterable[Paused], until: datetime | None = None) -> list[PausePeriod]:
    """Turn pauses into seconds; an open one stays open, or ends `until`, when there is such an instant."""
    found: list[PausePeriod] = []
    for pause in pauses:
        end = pause.end or until
        found.append((seconds_of(pause.start), None if end is None else max(seconds_of(pause.start), seconds_of(end))))
    return found


def open_since(facts: Facts) -> datetime | None:
    """Return the start of the earliest pause that has no end."""
    return min((pause.start for pause in facts.pauses if pause.end is None), default=None)


def pause_left(facts: Facts, calendars: Calendars, at: datetime) -> int | None:
    """Return how long the clock may still pause from `at` on, given its ended pauses; None is without limit.

    The longest pause in all is counted like the budget, in the clock's own time; by default twice the budget (rule 7).
    """
    most = facts.plan.max_pause
    if most is None:
        if facts.plan.seconds is None:
            return None
        most = 2 * facts.plan.seconds
    spans, start, end = spans_of(facts, calendars), seconds_of(facts.started_at), seconds_of(at)
    ended = periods(pause for pause in facts.pauses if pause.end is not None)
    used = elapsed_over(spans, start, end) - elapsed_over(spans, start, end, ended)
    return max(0, most - int(used))


def auto_resume(facts: Facts, calendars: Calendars) -> datetime | None:
    """Return when an open pause reaches the longest one allowed; None when nothing is paused or there is no limit."""
    since = open_since(facts)
    left = None if since is None else pause_left(facts, calendars, since)
    if since is None or left is None:
        return None
    reached = seconds_of(since)
    if left > 0:
        try:
            found = due_over(spans_of(facts, calendars), reached, left)
        except NeverDue:
            return None
        reached = reached if found is None else int(found)
    # A plan that allows less now ends the pause at the change, not before it.
    return instant_of(max(reached, seconds_of(facts.changed_at)))


def effective_pauses(facts: Facts, calendars: Calendars, as_of: datetime) -> tuple[Paused, ...]:
    """Return the pauses as they are by `as_of`: one that reached the limit has ended there, whoever looks, whenever."""
    limit = auto_resume(facts, calendars)
    if limit is None or limit > as_of:
        return facts.pauses
    return tuple(
        pause if pause.end is not None else replace(pause, end=max(pause.start, limit)) for pause in facts.pauses
    )


def due_at(facts: Facts, calendars: Calendars, as_of: datetime) -> datetime | None:
    """Return the due time; None without a deadline and while an open pause holds it."""
    if facts.plan.days is not None:
        held = [(since, calendar) for since, calendar in spans_of(facts, calendars) if calendar is not None]
        return instant_of(int(due_working_days_over(held, seconds_of(facts.started_at), facts.plan.days)))
    if facts.plan.seconds is None:
        return None
    if facts.fixed is None:
        return Ruler(facts, calendars, as_of).used_up_at(facts.plan.seconds)
    return _fixed_due(facts, facts.fixed, calendars, as_of)


class Ruler:
    """Measures one clock at one instant: its calendars and pauses are worked out once for many questions."""

    def __init__(self, facts: Facts, calendars: Calendars, as_of: datetime) -> None:
        """Take the pauses as they are by `as_of`; a closed clock has no open one."""
        self._spans = spans_of(facts, calendars)
        self._start = seconds_of(facts.started_at)
        self._carried = facts.carried
        self._pauses = periods(effective_pauses(facts, calendars, as_of), facts.closed_at) if facts.pauses else []

    def used_up_at(self, budget: int) -> datetime | None:
        """Return when all cycles together have used `budget` seconds; None while an open pause holds it."""
        found = due_over(self._spans, self._start, max(0, budget - self._carried), self._pauses)
        return None if found is None else instant_of(int(found))


def _fixed_due(
    facts: Facts, fixed: tuple[datetime, datetime], calendars: Calendars, as_of: datetime
) -> datetime | None:
    """Return the due time a person set, moved by the pauses since then."""
    since, due = seconds_of(fixed[0]), seconds_of(fixed[1])
    later = [
        (begin, end)
        for begin, end in periods(effective_pauses(facts, calendars, as_of), facts.closed_at)
        if begin < due and (end is None or end > since)
    ]
    if not later:
        return fixed[1]
    spans = spans_of(facts, calendars)
    found = due_over(spans, since, elapsed_over(spans, since, due), later)
    return None if found is None else instant_of(int(found))


def used_seconds(facts: Facts, calendars: Calendars, begin: datetime, end: datetime) -> int:
    """Return the clock's own seconds in `[begin, end)`: open and not paused; an open pause lasts to the end."""
    pauses = periods(effective_pauses(facts, calendars, end), end)
    return int(elapsed_over(spans_of(facts, calendars), seconds_of(begin), seconds_of(end), pauses))
