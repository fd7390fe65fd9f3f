"""The roster as pages show it: a week by role with its gaps in words and as a strip, the lists beside it, a table to keep."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from tenants.shifts.covering import BranchGap
from tenants.shifts.rules.coverage import DayCover, Gap, NamedRole, RoleCover
from tenants.shifts.rules.patterns import Hours, Pattern
from web.formats import format_date, format_datetime
from web.i18n import N_, gettext, localized
from web.role_texts import ROLE_NAMES, role_name

WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
HOLIDAYS = {
    "same": N_("As on any other day"),
    "off": N_("Not on official holidays; on make-up days instead"),
    "only": N_("Only on official holidays"),
}
TURNS = {1: N_("One day"), 7: N_("One week"), 14: N_("Two weeks"), 28: N_("Four weeks")}
STRIP = 960
"""Width of a day's strip in its own units."""
GAPS_SHOWN = 4


class Bar(msgspec.Struct, frozen=True):
    """A piece of a day's strip."""

    x: int
    width: int
    state: str


class DutyLine(msgspec.Struct, frozen=True):
    """Who is on duty for some hours of a day."""

    hours: str
    who: str
    extra: bool


class Cell(msgspec.Struct, frozen=True):
    """One role on one day."""

    kind: str
    lines: tuple[DutyLine, ...]
    gaps: tuple[str, ...]
    bars: tuple[Bar, ...]


class Row(msgspec.Struct, frozen=True):
    """One role of the week."""

    code: str
    label: str
    external: bool
    asked: bool
    cells: tuple[Cell, ...]
    gaps: int


class GapLine(msgspec.Struct, frozen=True):
    """One role with gaps ahead, in words."""

    branch: str
    branch_id: UUID
    role: str
    words: str


def label_of(role: NamedRole) -> str:
    """Return a role's name: the catalogue's, else the plugin's own."""
    return role_name(role.code) if role.code in ROLE_NAMES else localized(role.label)


def clock_text(minutes: int) -> str:
    """Return minutes of a day as HH:MM."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def hours_text(hours: Hours) -> str:
    """Return from when to when a shift goes."""
    begin, end = clock_text(hours.starts), clock_text(hours.ends)
    if hours.ends > hours.starts:
        return f"{begin}–{end}"
    return gettext("%(begin)s–%(end)s on the next day") % {"begin": begin, "end": end}


def days_text(hours: Hours) -> str:
    """Return on which days a shift begins."""
    if hours.holidays == "only":
        return gettext(HOLIDAYS["only"])
    if len(hours.weekdays) == len(WEEKDAYS):
        return gettext("Every day")
    return " ".join(gettext(WEEKDAYS[day]) for day in hours.weekdays)


def teams_text(pattern: Pattern, names: Mapping[UUID, str]) -> str:
    """Return who takes turns."""
    teams = ["、".join(names.get(one, "") for one in team) or gettext("nobody") for team in pattern.teams]
    return " → ".join(teams)


def week_rows(covers: Sequence[RoleCover], names: Mapping[UUID, str], timezone: str) -> list[Row]:
    """Return the week by role."""
    zone = ZoneInfo(timezone)
    return [
        Row(
            code=cover.role.code,
            label=label_of(cover.role),
            external=cover.role.external,
            asked=cover.role.asked,
            cells=tuple(_cell(day, names, zone) for day in cover.days),
            gaps=len(cover.gaps),
        )
        for cover in covers
    ]


def _cell(day: DayCover, names: Mapping[UUID, str], zone: ZoneInfo) -> Cell:
    together: dict[tuple[datetime, datetime], list[str]] = {}
    extra: set[tuple[datetime, datetime]] = set()
    for span in day.spans:
        key = max(span.starts_at, day.starts_at), min(span.ends_at, day.ends_at)
        together.setdefault(key, []).append(names.get(span.staff_id, ""))
        extra |= {key} if span.shift_id is not None else set()
    lines = tuple(
        DutyLine(_span_text(key, day, zone), "、".join(dict.fromkeys(who)), key in extra)
        for key, who in sorted(together.items())
    )
    bars = [_bar(key, day, "extra" if key in extra else "planned") for key in together]
    bars += [_bar(gap, day, "gap") for gap in day.gaps]
    return Cell(day.kind, lines, tuple(_span_text(gap, day, zone) for gap in day.gaps), tuple(bars))


def _bar(span: Gap, day: DayCover, state: str) -> Bar:
    whole = (day.ends_at - day.starts_at).total_seconds()
    x = round(STRIP * (span[0] - day.starts_at).total_seconds() / whole)
    return Bar(x, max(1, round(STRIP * (span[1] - day.starts_at).total_seconds() / whole) - x), state)


def _span_text(span: Gap, day: DayCover, zone: ZoneInfo) -> str:
    begin, end = (one.astimezone(zone).strftime("%H:%M") for one in span)
    return f"{begin}–{'24:00' if span[1] == day.ends_at else end}"


def gap_lines(found: Iterable[BranchGap], timezone: str) -> list[GapLine]:
    """Return the gaps ahead, the first few hours of each role in words."""
    lines = []
    zone = ZoneInfo(timezone)
    for each in found:
        words = [_gap_text(gap, zone) for gap in each.gaps[:GAPS_SHOWN]]
        more = len(each.gaps) - len(words)
        if more:
            words.append(gettext("and %(n)s more") % {"n": more})
        lines.append(GapLine(each.branch_name, each.branch_id, label_of(each.role), "；".join(words)))
    return lines


def _gap_text(gap: Gap, zone: ZoneInfo) -> str:
    begin, end = (one.astimezone(zone) for one in gap)
    if begin.date() == (end - timedelta(seconds=1)).date():
        last = "24:00" if end.date() != begin.date() else end.strftime("%H:%M")
        return f"{format_date(begin.date())} {begin:%H:%M}–{last}"
    return f"{format_datetime(begin)} – {format_datetime(end)}"


def week_table(covers: Sequence[RoleCover], names: Mapping[UUID, str], timezone: str) -> list[list[str]]:
    """Return the week as lines of a spreadsheet: day, role, hours, who; a gap is a line with nobody."""
    zone = ZoneInfo(timezone)
    rows = [[gettext("Day"), gettext("Role"), gettext("Hours"), gettext("On duty")]]
    for cover in covers:
        for day in cover.days:
            cell = _cell(day, names, zone)
            here = [day.day.isoformat(), label_of(cover.role)]
            rows += [[*here, line.hours, line.who] for line in cell.lines]
            rows += [[*here, gap, gettext("NOBODY")] for gap in cell.gaps]
            if cell.kind == "holders":
                rows.append([*here, "00:00–24:00", gettext("Everybody who holds the role")])
    return rows


def day_heads(monday: date, today: date) -> list[tuple[date, str, bool]]:
    """Return the week's days with what stands above them, and which is today."""
    days = (monday + timedelta(days=n) for n in range(7))
    return [(day, f"{gettext(WEEKDAYS[n])} {day.day}", day == today) for n, day in enumerate(days)]


def monday_of(day: date) -> date:
    """Return the Monday of a date's week."""
    return day - timedelta(days=day.weekday())
