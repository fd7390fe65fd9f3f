"""The written confirmation of a complaint: what was understood, which steps follow, and by when each is promised."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from core.hooks.records.complaints import Milestone
from core.hooks.records.text import both, localized


class Promised(msgspec.Struct, frozen=True):
    """A step that is still promised to the customer; `due_at` is None while it has no instant."""

    milestone: Milestone
    due_at: datetime | None


def moment_words(at: datetime, timezone: str) -> str:
    """Return an instant as a message says it."""
    return f"{at.astimezone(ZoneInfo(timezone)):%m-%d %H:%M}"


def step_lines(promised: Sequence[Promised], *, locale: str, timezone: str) -> str:
    """Return the numbered steps with their times; those that are not told to customers are left out."""
    told = [one for one in promised if one.milestone.promise is not None]
    lines = []
    for number, one in enumerate(told, start=1):
        words = localized(one.milestone.promise or "", locale)
        until = both("（{at} 前）", " (by {at})")
        when = localized(until, locale).format(at=moment_words(one.due_at, timezone)) if one.due_at else ""
        lines.append(f"{number}. {words}{when}")
    return "\n".join(lines)


def confirmation(
    *, name: str, number: str, received_at: datetime, promised: Sequence[Promised], locale: str, timezone: str
) -> str:
    """Return the first reply as a draft: 宠物服务业投诉处理培训与发展, 书面确认 with the steps and the expected timetable."""
    parts = [
        both("{name}您好：", "Dear {name},"),
        both(
            "能理解您现在的心情，给您带来不便，实在抱歉。", "I understand how you feel, and I am sorry for the trouble."
        ),
        both(
            "我们已于 {at} 收到您的投诉，编号 {number}。", "We received your complaint on {at}; its number is {number}."
        ),
    ]
    values = {"name": name, "number": number, "at": moment_words(received_at, timezone)}
    if not name:
        parts[0] = both("您好：", "Hello,")
    lines = [localized(part, locale).format(**values) for part in parts]
    if steps := step_lines(promised, locale=locale, timezone=timezone):
        lines += [localized(both("接下来我们会：", "This is what follows:"), locale), steps]
    lines.append(
        localized(both("有任何想补充的，请随时告诉我。", "If you want to add anything, please tell me."), locale)
    )
    return "\n".join(lines)
