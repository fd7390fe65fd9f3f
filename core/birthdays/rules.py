"""When a birthday gift may be fetched: pure days, for leap years and across New Year."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import msgspec

from core.hooks.records.loyalty.offers import Birthday

LEAP_DAY: Final = 229


class Window(msgspec.Struct, frozen=True):
    """A birthday of one year, and from when to when its gift may be fetched, both included."""

    birthday: date
    opens: date
    closes: date


def birthday_in(year: int, born: date) -> date:
    """The birthday of that year; who was born on 29 February has it on the 28th of a year without one."""
    if (born.month, born.day) == (2, 29) and not _is_leap(year):
        return date(year, 2, 28)
    return date(year, born.month, born.day)


def window_of(rule: Birthday, birthday: date) -> Window:
    """The window around a birthday: [birthday - lead, birthday + grace]."""
    return Window(birthday, birthday - timedelta(days=rule.lead_days), birthday + timedelta(days=rule.grace_days))


def open_days(rule: Birthday, today: date) -> tuple[date, ...]:
    """The birthdays whose window is open today, the earliest first; around New Year they lie in two years."""
    first = today - timedelta(days=rule.grace_days)
    return tuple(first + timedelta(days=n) for n in range(rule.grace_days + rule.lead_days + 1))


def month_days(days: Iterable[date]) -> frozenset[int]:
    """The days as month * 100 + day, with 29 February wherever the 28th stands for it."""
    found = set()
    for day in days:
        found.add(day.month * 100 + day.day)
        if (day.month, day.day) == (2, 28) and not _is_leap(day.year):
            found.add(LEAP_DAY)
    return frozenset(found)


def dates_of_birth(days: Iterable[date], *, oldest: int) -> tuple[date, ...]:
    """Every day of birth since the year `oldest` whose birthday is one of these days."""
    return tuple(born for day in days for year in range(oldest, day.year) for born in _born_on(year, day))


def _born_on(year: int, day: date) -> tuple[date, ...]:
    born = [] if (day.month, day.day) == (2, 29) and not _is_leap(year) else [date(year, day.month, day.day)]
    if (day.month, day.day) == (2, 28) and not _is_leap(day.year) and _is_leap(year):
        born.append(date(year, 2, 29))
    return tuple(born)


def open_window(rule: Birthday, born: date, today: date) -> Window | None:
    """The window that is open today for somebody born on that day; none for the day of birth itself."""
    for day in open_days(rule, today):
        if day.year > born.year and birthday_in(day.year, born) == day:
            return window_of(rule, day)
    return None


def gift_key(
    rule: Birthday, *, subject_id: UUID | None, customer_id: UUID, household_id: UUID | None, year: int
) -> str:
    """`birthday:{who}:{year}`: the pet, the person, or with `once_per` household everybody under one roof."""
    if rule.once_per == "household":
        return f"birthday:{household_id or customer_id}:{year}"
    return f"birthday:{subject_id or customer_id}:{year}"


def is_for(rule: Birthday, kind: str) -> bool:
    """The rule is about subjects of this kind; `pet` of a rule is `petclinic.pet` of a tenant."""
    return not rule.subject_type or kind == rule.subject_type or kind.endswith(f".{rule.subject_type}")


def is_current(rule: Birthday, today: date) -> bool:
    """The rule counts today: both of its days are included."""
    return (rule.starts_on is None or rule.starts_on <= today) and (rule.ends_on is None or today <= rule.ends_on)


def may_have(rule: Birthday, tier: str | None) -> bool:
    """Members of this tier are given something; a rule that names no tiers is for everybody."""
    return not rule.tiers or tier in rule.tiers


def choices_problem(choice: int | None, rewards: Collection[object]) -> bool:
    """Nothing, or nothing that is offered, was chosen."""
    return choice is None or not 0 <= choice < len(rewards)


def _is_leap(year: int) -> bool:
    return (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
