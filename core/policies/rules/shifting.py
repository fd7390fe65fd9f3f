"""Where an instant that is still ahead comes to lie when a newer version of its calendar is followed (sla.md, rule 9)."""

from datetime import datetime

from core.calendars.rules import Calendar, instant_of, seconds_of
from core.policies.rules.calendars import CalendarVersion, Timetable


class Shift:
    """One change of one calendar; consumed time stays, so what is left until an instant says when it comes instead."""

    def __init__(self, timetable: Timetable, version: CalendarVersion, now: datetime) -> None:
        """Take every known version of the calendar, and the one that is followed from now on, or from its later day."""
        self.since = max(version.effective_from, now)
        self._since = seconds_of(self.since)
        self._to = version.calendar.openings
        known = timetable.versions.get(version.calendar_id, ())
        # The first holds from ever; another that begins later stands behind one that only the clock's events name.
        held = [one for one in known if one is known[0] or one.effective_from <= now]
        self._from: dict[str, Calendar] = {one.key: one.calendar for one in held if one.key != version.key}

    @property
    def known(self) -> tuple[str, ...]:
        """The versions of which it is certain that a clock whose last one it is has been on it since before now."""
        return tuple(self._from)

    def of(self, key: str, instant: datetime) -> datetime | None:
        """Return the instant at which as much open time has passed as before; None when it would never come."""
        at = seconds_of(instant)
        if at <= self._since:
            return instant
        openings = self._from[key].openings
        left = openings.open_before(at) - openings.open_before(self._since)
        # Nothing left is a budget of none: due at the first open instant.
        found = self._to.filled(self._since, left) if left > 0 else self._to.first_open(self._since)
        return None if found is None else instant_of(int(found))
