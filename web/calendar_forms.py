"""A calendar as a form, as a year at a glance, and as what differs between two versions of it."""

import calendar as months
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

import msgspec

from core.calendars.holidays.queries import list_holiday_tables
from core.calendars.rules import DAY_NAMES, Calendar
from core.errors import FieldProblem, InvalidInput
from core.policies.rules.calendars import WORKDAYS_NAME, CalendarBody
from web.i18n import N_, gettext
from web.problems import field_texts
from web.views.policies import Diff, calendar_name

WEEKDAYS: Final = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)


def form_of(body: CalendarBody) -> dict[str, str]:
    """Return a calendar as the fields of its form."""
    hours = body.calendar.get("hours", {})
    form = {
        "name": calendar_name(body.name),
        "tz": str(body.calendar.get("tz", "")),
        "mainland": "true" if body.mainland else "",
    }
    for day in DAY_NAMES:
        form[day] = ", ".join("-".join(segment) for segment in hours.get(day[:3], []))
    form["holidays"] = "\n".join(body.calendar.get("holidays", []))
    lines = [
        f"{day} {', '.join('-'.join(segment) for segment in segments)}".strip()
        for day, segments in body.calendar.get("overrides", {}).items()
    ]
    return form | {"overrides": "\n".join(lines)}


def read_form(form: Mapping[str, str]) -> CalendarBody:
    """Read the fields back; times that are none are refused by the calendar itself, with their path."""
    hours = {day[:3]: _segments(form.get(day, "")) for day in DAY_NAMES if form.get(day, "").strip()}
    overrides: dict[str, list[list[str]]] = {}
    for line in filter(None, (one.strip() for one in form.get("overrides", "").splitlines())):
        day, _, rest = line.partition(" ")
        if day in overrides:
            raise InvalidInput((FieldProblem("overrides", "not-a-date"),))
        overrides[day] = _segments(rest)
    holidays = [day for line in form.get("holidays", "").splitlines() for day in _range(line.strip())]
    data: dict[str, Any] = {"tz": form.get("tz", ""), "hours": hours, "holidays": holidays, "overrides": overrides}
    name = form.get("name", "")
    if name.strip() == gettext(WORKDAYS_NAME):  # still ours: other readers see it in their language
        name = WORKDAYS_NAME
    return CalendarBody(name=name, calendar=data, mainland=form.get("mainland") == "true")


def _range(line: str) -> list[str]:
    """Read a date, or the first and last of several with `..` between."""
    first, between, last = line.partition("..")
    if not between:
        return [first] if first else []
    try:
        begin, end = date.fromisoformat(first.strip()), date.fromisoformat(last.strip())
    except ValueError:
        return [line]  # the calendar's own reader refuses it
    return [str(begin + timedelta(days=n)) for n in range(min((end - begin).days, 366) + 1)] or [line]


def _segments(text: str) -> list[list[str]]:
    parts = text.replace("，", ",").replace("、", ",").replace("–", "-").replace("—", "-").replace("：", ":").split(",")
    return [[one.strip() for one in part.split("-")] for part in parts if part.strip()]


def errors_of(problems: tuple[FieldProblem, ...]) -> dict[str, str]:
    """Put each problem of a calendar beside the field it was typed in."""
    found: dict[str, str] = {}
    for path, words in field_texts(problems).items():
        head, _, rest = path.partition(".")
        name = head.partition("[")[0]
        if name == "hours" and rest:
            name = next((day for day in DAY_NAMES if day.startswith(rest[:3])), "monday")
        elif name == "hours":
            name = "monday"
        where = rest.partition("[")[0] if name == "overrides" and rest else ""
        found.setdefault(name, f"{where} {words}".strip())
    return found


class Day(msgspec.Struct, frozen=True):
    """One day of the year view; `kind` is open, closed, holiday, special or empty (another month's)."""

    number: int
    kind: str
    title: str


def year_of(calendar: Calendar, year: int) -> list[tuple[int, list[list[Day]]]]:
    """Return the months of a year in weeks from Monday on."""
    official = list_holiday_tables().get(year)
    names = (official.days_off | official.workdays) if official else {}
    overrides = dict(calendar.overrides)
    return [
        (
            month,
            [
                [_day(day, month, calendar, overrides, names) for day in week]
                for week in months.Calendar().monthdatescalendar(year, month)
            ],
        )
        for month in range(1, 13)
    ]


def _day(day: date, month: int, calendar: Calendar, overrides: Mapping[date, Any], names: Mapping[date, str]) -> Day:
    if day.month != month:
        return Day(day.day, "", "")
    if day in overrides:
        return Day(day.day, "special" if overrides[day] else "holiday", names.get(day, ""))
    if day in calendar.holidays:
        return Day(day.day, "holiday", names.get(day, ""))
    return Day(day.day, "open" if calendar.week[day.weekday()] else "closed", "")


def diffs_of_calendars(before: CalendarBody | None, after: CalendarBody) -> list[Diff]:
    """Return what differs between two calendars in the words of their form."""
    old = form_of(before) if before else {}
    new = form_of(after)
    fields = [("name", gettext("Name")), ("tz", gettext("Time zone")), ("mainland", gettext("Mainland China holidays"))]
    fields += list(zip(DAY_NAMES, (gettext(day) for day in WEEKDAYS), strict=True))
    fields += [("holidays", gettext("Holidays")), ("overrides", gettext("Make-up days and special hours"))]
    rows = [
        (label, _shown(old.get(key, "")), _shown(new[key])) for key, label in fields if old.get(key, "") != new[key]
    ]
    if before is not None and before.tables != after.tables:
        years = gettext("Official holidays")
        rows.append((years, ", ".join(before.tables) or "—", ", ".join(after.tables) or "—"))
    if not rows:
        return []
    return [Diff(level="", label=calendar_name(after.name), what="changed" if before else "added", rows=tuple(rows))]


def _shown(text: str) -> str:
    return {"true": gettext("yes"), "": "—"}.get(text, text.replace("\n", "; "))
