"""When a case may end without the customer's word, when an action is due and looked at again, and what counts as a repeat."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from core.days import local_date

MORNING: Final = time(9, 0)
"""Days are told about in the morning of the tenant's own clock."""
WHYS: Final = ("no_answer", "refuses")


class Numbers(msgspec.Struct, frozen=True):
    """What a tenant may set; the defaults are ours, no document states them."""

    contacts: int = 3
    """So many written tries to reach the customer before silence counts."""
    check_days: int = 30
    """So many days after an action is done somebody looks whether it works."""
    repeat_days: int = 180
    """So long the same cause, branch and person count as the same problem again (应急预案 §1.3: 杜绝同类问题重复发生)."""


class Contact(msgspec.Struct, frozen=True):
    """One try to reach the customer."""

    at: datetime
    how: str
    words: str = ""


def silence_problem(why: str, contacts: Sequence[Contact], needed: int, *, now: datetime) -> str:
    """Return why silence does not count yet, as a code, or nothing; a refusal was heard, so one talk is enough."""
    if why not in WHYS:
        return "option"
    wanted = needed if why == "no_answer" else 1
    if len(contacts) < wanted:
        return "too-few-contacts"
    if any(contact.at > now for contact in contacts):
        return "contact-ahead"
    return "same-contact" if len({contact.at for contact in contacts}) < len(contacts) else ""


def check_day(done_at: datetime, days: int, timezone: str) -> date:
    """Return the day on which somebody looks whether what was done works."""
    return local_date(done_at, timezone) + timedelta(days=days)


class ActionDays(msgspec.Struct, frozen=True):
    """What the reminder of an action goes by."""

    state: str
    due_on: date
    check_on: date | None


def reminders(days: ActionDays, timezone: str) -> tuple[tuple[str, datetime], ...]:
    """Return what is told about an action and when: due, overdue the morning after, and the check likewise."""

    def morning(day: date) -> datetime:
        return datetime.combine(day, MORNING, ZoneInfo(timezone))

    if days.state == "open":
        return (("due", morning(days.due_on)), ("overdue", morning(days.due_on + timedelta(days=1))))
    if days.state == "done" and days.check_on is not None:
        return (("check", morning(days.check_on)), ("unchecked", morning(days.check_on + timedelta(days=3))))
    return ()


def next_reminder(days: ActionDays, timezone: str, *, after: datetime) -> datetime | None:
    """Return the next instant at which something is told."""
    return min((at for _, at in reminders(days, timezone) if at > after), default=None)


def is_late(days: ActionDays, today: date) -> bool:
    """Tell whether an action, or the look at it, is overdue."""
    if days.state == "open":
        return today > days.due_on
    return days.state == "done" and days.check_on is not None and today > days.check_on


class Happened(msgspec.Struct, frozen=True):
    """A named cause, where and at whose work."""

    cause: str
    branch_id: Any
    staff_id: Any
    at: datetime


def same_problem(one: Happened, other: Happened, within: timedelta) -> frozenset[str]:
    """Return in what two cases of one cause agree besides it ("branch", "person"); empty is no repeat.

    Of a cause nobody in particular is behind, the branch decides; with a person named on both, the person does too.
    """
    if one.cause != other.cause or abs(one.at - other.at) > within:
        return frozenset()
    same = set()
    if one.branch_id is not None and one.branch_id == other.branch_id:
        same.add("branch")
    if one.staff_id is not None and one.staff_id == other.staff_id:
        same.add("person")
    return frozenset(same)
