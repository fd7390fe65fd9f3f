"""Reads the fields of an event strictly; what cannot be read is refused with a stable word."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from core.hooks.records.loyalty.points import Lifetime
from core.loyalty.rules.days import midnight
from core.loyalty.rules.earning import Line
from core.loyalty.rules.prices import LARGEST_FEN, BillLine
from core.loyalty.rules.refusals import Refused

LARGEST_POINTS = 1_000_000_000_000
MAX_KEY = 100
MAX_LINES = 500
YEARS = (1970, 2200)

Raw = dict[str, Any]


def read_time(value: Any, zone: str) -> datetime:
    """An ISO datetime with any offset; without one it is local, and a bare date is its first moment."""
    if not isinstance(value, str):
        raise Refused("bad-time", at=value)
    try:
        if len(value) == len("2026-03-31"):
            at = midnight(date.fromisoformat(value), zone)
        else:
            found = datetime.fromisoformat(value)
            at = (found if found.tzinfo is not None else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused("bad-time", at=value) from None
    if not YEARS[0] <= at.year <= YEARS[1]:
        raise Refused("bad-time", at=value)
    return at


def read_day(value: Any, code: str) -> date:
    """A bare ISO date."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None or not YEARS[0] <= day.year <= YEARS[1]:
        raise Refused(code, value=value)
    return day


def read_key(raw: Raw, name: str, default: str) -> str:
    """A key as sent, or the one that the event gets by its place."""
    value = raw.get(name)
    if value is None:
        return default
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_KEY:
        raise Refused("bad-key", field=name)
    return value


def read_text(raw: Raw, name: str, *, default: str | None = None) -> str:
    """A text that has to be there, unless there is a default."""
    value = raw.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or not value:
        raise Refused("bad-field", field=name)
    return value


def read_flag(raw: Raw, name: str, *, default: bool = False) -> bool:
    """True or false, nothing that only looks like it."""
    value = raw.get(name, default)
    if not isinstance(value, bool):
        raise Refused("bad-field", field=name)
    return value


def read_points(raw: Raw, *, optional: bool = False) -> int | None:
    """Whole points above 0; a text is no number and neither is 10.0."""
    value = raw.get("points")
    if value is None and optional:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused("points-not-whole", points=value)
    if value <= 0:
        raise Refused("points-not-positive", points=value)
    if value > LARGEST_POINTS:
        raise Refused("points-too-large", points=value, max=LARGEST_POINTS)
    return value


def read_fen(raw: Raw, name: str = "fen", *, least: int = 1) -> int | None:
    """Whole fen, from `least` up; None when it is not there."""
    value = raw.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused("fen-not-whole", field=name, fen=value)
    if value < least:
        raise Refused("fen-not-positive", field=name, fen=value)
    if value > LARGEST_FEN:
        raise Refused("fen-too-large", field=name, fen=value, max=LARGEST_FEN)
    return value


def read_percent(raw: Raw, name: str) -> int | None:
    """A percent to pay, 0 to 100."""
    value = raw.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100:
        raise Refused("bad-field", field=name)
    return value


def read_lines(raw: Raw) -> list[Raw]:
    """The lines of a bill as objects with whole fen; a bill without lines is one line.

    A line may be negative (a discount that is written as a line); the bill as a whole may not.
    """
    sent = raw.get("lines")
    fen = read_fen(raw)
    if sent is None or sent == []:
        if fen is None:
            raise Refused("fen-not-whole", field="fen", fen=None)
        return [{name: raw[name] for name in ("category", "service", "eligible") if name in raw} | {"fen": fen}]
    if not isinstance(sent, list) or len(sent) > MAX_LINES or not all(isinstance(one, dict) for one in sent):
        raise Refused("bad-lines")
    for one in sent:
        value = one.get("fen")
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST_FEN:
            raise Refused("bad-lines", fen=value)
    total = sum(one["fen"] for one in sent)
    if fen is not None and total != fen:
        raise Refused("lines-differ", fen=fen, lines_fen=total)
    read_fen({"fen": total})
    return sent


def paid_line(raw: Raw, fen: int) -> Line:
    """A line with what was paid for it."""
    return Line(
        fen,
        category=read_text(raw, "category", default=""),
        service=read_text(raw, "service", default=""),
        quantity=read_quantity(raw),
        eligible=read_flag(raw, "eligible", default=True),
    )


def listed_line(raw: Raw) -> BillLine:
    """A line with its list price."""
    if raw["fen"] < 0:
        raise Refused("bad-lines", fen=raw["fen"])
    return BillLine(
        fen=raw["fen"],
        category=read_text(raw, "category", default=""),
        service=read_text(raw, "service", default=""),
        quantity=read_quantity(raw),
        member_fen=read_fen(raw, "member_fen", least=0),
    )


def read_quantity(raw: Raw) -> int:
    """Whole pieces."""
    value = raw.get("quantity", 1)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1_000_000:
        raise Refused("bad-lines", quantity=value)
    return value


def read_lifetime(raw: Raw) -> Lifetime | None:
    """How long granted points live, in the stored form of a lifetime."""
    value = raw.get("lifetime")
    if value is None:
        return None
    try:
        return msgspec.convert(value, Lifetime)
    except msgspec.ValidationError as error:
        raise Refused("bad-lifetime", reason=str(error)) from None


def read_end(raw: Raw, zone: str) -> datetime | None:
    """When granted points end: `expires_on` is the last usable day, `expires_at` the instant from which they are gone.

    `expires` is either, by its form.
    """
    if raw.get("expires_at") is not None:
        return _end(raw["expires_at"], zone)
    value = raw.get("expires_on", raw.get("expires"))
    if value is None:
        return None
    if isinstance(value, str) and len(value) > len("2026-03-31"):
        return _end(value, zone)
    return midnight(read_day(value, "bad-lifetime") + timedelta(days=1), zone)


def _end(value: Any, zone: str) -> datetime:
    try:
        return read_time(value, zone)
    except Refused:
        raise Refused("bad-lifetime", value=value) from None
