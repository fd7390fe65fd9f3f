"""What the clock tests share: the office of sla.md's worked examples, its calendars, and short ways to write events."""

from datetime import datetime

import pytest

from core.calendars.holidays.queries import list_holiday_tables
from core.calendars.holidays.rules import with_holidays
from core.calendars.rules import parse_calendar
from core.clocks.rules import (
    At,
    ClockEvent,
    ClockRefused,
    ClockState,
    Complete,
    Pause,
    PauseReason,
    Plan,
    Resume,
    Start,
    fold,
)

MINUTE, HOUR = 60, 3_600
WEEK = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
OFFICE = parse_calendar({"tz": "Asia/Shanghai", "hours": WEEK})
CALENDARS = {
    "office": OFFICE,
    "office@2": parse_calendar({"tz": "Asia/Shanghai", "hours": WEEK, "holidays": ["2026-03-03"]}),
    "mainland": with_holidays(OFFICE, list_holiday_tables().values()),
}


def at(text: str, year: int = 2026) -> datetime:
    """Read `03-02 10:00` as Shanghai time."""
    return datetime.fromisoformat(f"{year}-{text}+08:00")


def plan(minutes: int | None = 480, calendar: str | None = "office", version: str = "v1", **more: object) -> Plan:
    given: dict[str, object] = {"pausable": True, "seconds": None if minutes is None else minutes * 60} | more
    return Plan(policy_version=version, calendar=calendar, **given)  # type: ignore[arg-type] # the tests' own mapping


def start(text: str = "03-02 10:00", given: Plan | None = None) -> Start:
    return Start(seq=1, at=at(text), plan=given or plan())


def pause(seq: int, text: str, reason: PauseReason = "customer") -> Pause:
    return Pause(seq=seq, at=at(text), reason=reason)


def resume(seq: int, text: str, reason: PauseReason | None = None) -> Resume:
    return Resume(seq=seq, at=at(text), reason=reason)


def complete(seq: int, text: str, recorded: str | None = None, approver: str | None = None) -> Complete:
    return Complete(seq=seq, at=at(text), recorded_at=at(recorded or text), fact="call", approved_by=approver)


def state(*events: ClockEvent, now: str | None = None) -> ClockState:
    return fold(events, CALENDARS, None if now is None else at(now))


PAUSED = (start(), pause(2, "03-02 11:00"), resume(3, "03-02 14:00"))
"""The paused case of the worked examples."""
FRACTIONS = (At(fraction=0.5), At(fraction=0.75), At(fraction=0.9))


def refusal(*events: object) -> str:
    """Why the machine refuses these events."""
    with pytest.raises(ClockRefused) as refused:
        fold(events, CALENDARS)  # type: ignore[arg-type] # the tests' own order
    return str(refused.value.params["why"])
