"""`anxin sla calc`: answer due times and elapsed minutes, one JSON line in, one out (sla.md, end of page)."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Any

import click

from core.calendars.openings.rules import EPOCH, OutOfRange, Seconds
from core.calendars.rules import Calendar, InvalidCalendar, NeverDue, PausePeriod, due, elapsed, parse_calendar

# Minutes arrive as decimal text of binary fractions (100 s is 1.6666666666666667 min). Rounding the budget to the
# millisecond drops that noise, which would otherwise push a budget that ends at closing time to the next opening.
_MILLISECOND = Decimal("0.001")
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_MOST_MINUTES = 10**10  # 19,000 years

_CALENDARS_KEPT = 512

_WRITER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

_OFFSET_APART = re.compile(r"\s*(?:(Z|UTC|GMT)|([+-]\d\d(?::?\d\d)?))$", re.IGNORECASE)
_END_OF_DAY = re.compile(r"(?<=[T ])24(?=:?00(?::?00)?(?:[.,]0+)?(?:Z|[+-]|$))")

_CALENDAR_TEXTS = {
    "closes-before-it-opens": "closes before it opens (split a segment over midnight in two)",
    "duplicate-day": "this day is given twice",
    "holiday-and-override": "this date is also a holiday",
    "missing": "is missing",
    "never-open": "there is no open time at all",
    "not-a-date": "is not a date like 2026-10-01",
    "not-a-list": "must be a list",
    "not-a-pair": 'must be a pair like ["09:00", "18:00"]',
    "not-a-time": "is not a time like 09:00 (24:00 is a close)",
    "not-an-object": "must be an object",
    "overlap": "segments overlap",
    "unknown-day": "unknown day (mon, tue, wed, thu, fri, sat, sun)",
    "unknown-key": "unknown key (tz, hours, holidays, overrides)",
    "unknown-zone": "unknown time zone (an IANA name like Asia/Shanghai)",
}


class BadLine(Exception):
    """A line that cannot be answered; the message says which field and why."""


@click.group("sla")
def command() -> None:
    """Deadline arithmetic."""


@command.command()
@click.pass_context
def calc(context: click.Context) -> None:
    """Read JSON lines on stdin, write one JSON line each on stdout; exit with 1 when any of them was bad."""
    out = sys.stdout.buffer
    all_good = True
    for answer, good in answers(sys.stdin.buffer):
        all_good &= good
        # A lone surrogate in an id becomes its JSON escape again.
        out.write(_WRITER.encode(answer).encode("utf-8", "backslashreplace") + b"\n")
        out.flush()  # somebody may be waiting for this line before sending the next
    if not all_good:
        context.exit(1)


sla = command


def answers(lines: Iterable[bytes]) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield the answer to each line that is not blank, and whether it is one."""
    calendars: dict[str, Calendar] = {}
    for number, line in enumerate(lines):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line
        if not text.strip():
            continue
        ident: str | float | None = None
        try:
            data, repeated = _decoded(text)
            ident = _identity(data)
            yield {"id": ident, **_answer(data, repeated, calendars)}, True
        except BadLine as bad:
            yield {"id": ident, "error": str(bad)}, False
        except InvalidCalendar as bad:
            yield {"id": ident, "error": _calendar_text(bad)}, False
        except NeverDue:
            yield {"id": ident, "error": "calendar: too little open time ahead, this is never due"}, False
        except OutOfRange:
            yield {"id": ident, "error": "outside the years 2 to 9998"}, False


def _decoded(line: bytes) -> tuple[dict[str, Any], list[str]]:
    """Decode one line, exactly: decimals stay decimal, and a key given twice is reported, not dropped."""
    repeated: list[str] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            repeated.append(next(name for name in names if names.count(name) > 1))
        return found

    try:
        text = line.decode()
        data = json.loads(text, object_pairs_hook=collect, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadLine(f"not JSON: {error}") from None
    if not isinstance(data, dict):
        raise BadLine("must be an object")
    return data, repeated


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _identity(data: dict[str, Any]) -> str | float | None:
    ident = data.get("id")
    if isinstance(ident, Decimal):
        ident = float(ident)
        if ident in {float("inf"), float("-inf")}:
            raise BadLine("id: too large")
    if ident is None or isinstance(ident, str | int | float):
        return ident
    raise BadLine("id: must be text or a number")


def _answer(data: dict[str, Any], repeated: Sequence[str], calendars: dict[str, Calendar]) -> dict[str, Any]:
    if repeated:
        raise BadLine(f"the key {json.dumps(repeated[0])} is given twice")
    op = data.get("op")
    if op == "due":
        return {"due": _due_text(due(*_asked(data, calendars, "minutes", _budget), _pauses(data.get("pauses"))))}
    if op == "elapsed":
        return {"minutes": _minutes(elapsed(*_asked(data, calendars, "end", _instant), _pauses(data.get("pauses"))))}
    raise BadLine("op: is missing (due or elapsed)" if op is None else "op: must be due or elapsed")


def _asked(
    data: dict[str, Any], calendars: dict[str, Calendar], name: str, read: Callable[[object, str], Seconds]
) -> tuple[Calendar | None, Seconds, Seconds]:
    calendar = _calendar(data.get("calendar"), calendars)
    return calendar, _field(data, "start", _instant), _field(data, name, read)


def _field(data: dict[str, Any], name: str, read: Callable[[object, str], Seconds]) -> Seconds:
    value = data.get(name)
    if value is None:
        raise BadLine(f"{name}: is missing")
    return read(value, name)


def _calendar(value: object, known: dict[str, Calendar]) -> Calendar | None:
    if value is None or value == "wall":
        return None
    content = repr(value)
    calendar = known.get(content)
    if calendar is None:
        calendar = parse_calendar(value)
        if len(known) >= _CALENDARS_KEPT:
            known.clear()
        known[content] = calendar
    return calendar


def _calendar_text(bad: InvalidCalendar) -> str:
    return "; ".join(
        f"calendar.{p.path}: {_CALENDAR_TEXTS[p.code]}" if p.path else f"calendar: {_CALENDAR_TEXTS[p.code]}"
        for p in bad.problems
    )


def _instant(value: object, path: str) -> Seconds:
    """Read an instant with an offset or Z; parts of a second stay exact until the answer is rounded."""
    found = _parsed(value) if isinstance(value, str) else None
    if found is None:
        raise BadLine(f"{path}: is not a time like 2026-03-02T10:00:00+08:00")
    if found.tzinfo is None:
        raise BadLine(f"{path}: has no offset (end it with Z or +08:00)")
    since = found - EPOCH
    seconds = since.days * 86_400 + since.seconds
    return Fraction(since.microseconds, 10**6) + seconds if since.microseconds else seconds


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    tidy = _OFFSET_APART.sub(lambda match: "Z" if match[1] else match[2], text.strip())
    day_later = timedelta(0)
    if _END_OF_DAY.search(tidy):  # ISO 8601 writes midnight at the end of a day as 24:00 too
        tidy, day_later = _END_OF_DAY.sub("00", tidy), timedelta(days=1)
    try:
        return datetime.fromisoformat(tidy) + day_later
    except (ValueError, OverflowError):
        return None


def _budget(value: object, path: str) -> Seconds:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise BadLine(f"{path}: must be a number")
    if value < 0:
        raise BadLine(f"{path}: must not be negative")
    if value > _MOST_MINUTES:
        raise OutOfRange
    if isinstance(value, int):
        return value * 60
    seconds = Fraction(_EXACT.quantize(_EXACT.multiply(value, 60), _MILLISECOND))
    return seconds.numerator if seconds.denominator == 1 else seconds


def _pauses(value: object) -> list[PausePeriod]:
    if value is None:
        return []
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise BadLine("pauses: must be a list")
    found: list[PausePeriod] = []
    for index, pair in enumerate(value):
        path = f"pauses[{index}]"
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            raise BadLine(f"{path}: must be a pair of times; null as the second is a pause still open")
        paused = _instant(pair[0], f"{path}[0]")
        resumed = None if pair[1] is None else _instant(pair[1], f"{path}[1]")
        if resumed is not None and resumed < paused:
            raise BadLine(f"{path}: ends before it starts")
        found.append((paused, resumed))
    return found


def _due_text(instant: Seconds | None) -> str | None:
    """Write the nearest whole second, a half upwards; None (null) is a clock that an open pause holds."""
    if instant is None:
        return None
    written = EPOCH + timedelta(seconds=_nearest(instant))
    return written.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _minutes(seconds: Seconds) -> float:
    """Minutes of the nearest whole second: an integer when they are whole, else the closest binary fraction."""
    whole = _nearest(seconds)
    return whole / 60 if whole % 60 else whole // 60


def _nearest(seconds: Seconds) -> int:
    return seconds if isinstance(seconds, int) else int((seconds + Fraction(1, 2)) // 1)
