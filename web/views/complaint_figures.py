"""The parts of complaint reports: blocks of a chart beside its exact table, shares with what they are of, promises and pace."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from core.complaint_reports.queries.pace import Pace
from core.complaint_reports.rules.figures import (
    BASELINES,
    Baseline,
    By,
    Kept,
    Part,
    Times,
    kept_by,
)
from core.complaints.rules.regulator import TRACK_LABELS
from core.hooks.records.complaints import SEVERITIES, Policy, Severity
from web.formats import duration, number
from web.i18n import gettext, localized, ngettext
from web.views.complaints import LEVEL_NAMES
from web.views.loyalty_reports import Chart, Tile, month_name

HOUR, DAY = 3600, 86_400
Row = list[str | float | None]


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A chart and the exact numbers under it; the same rows go into the workbook."""

    chart: Chart | None
    title: str
    head: list[str]
    rows: list[Row]
    hint: str = ""


class Names(msgspec.Struct, frozen=True):
    """Words for what reports group by."""

    policies: Mapping[Severity, Policy]
    branches: Mapping[UUID, str]
    people: Mapping[UUID, str]
    categories: Mapping[str, str]
    causes: Mapping[str, str]

    def promise(self, severity: Severity, milestone: str) -> str:
        """A milestone with its level."""
        known = self.policies.get(severity)
        found = next((one for one in known.milestones if one.id == milestone), None) if known else None
        label = found.label if found else TRACK_LABELS.get(milestone)
        return f"{gettext(LEVEL_NAMES[severity])} · {localized(label) if label else milestone}"


def said(part: Part) -> str:
    """A share that never stands without what it is of: `66.7 % of 3`."""
    if part.percent is None:
        return "—"
    words = gettext("%(percent)s %% of %(n)s") % {"percent": f"{part.percent:g}", "n": number(part.whole)}
    return f"{words} · {gettext('few')}" if part.few else words


def of_n(times: Times) -> str:
    """How many a time rests on."""
    return ngettext("%(num)s case", "%(num)s cases", times.n) % {"num": number(times.n)}


def _long(seconds: float | None) -> str:
    return "—" if seconds is None else duration(round(seconds))


def in_units(seconds: float | None, unit: int) -> float | None:
    return None if seconds is None else round(seconds / unit, 1)


def base_name(base: Baseline) -> str:
    """What a line in a chart says: the document's own words, and which document."""
    return f"{base.words}《{base.document}》"


def month_names(months: Sequence[date]) -> list[str]:
    return [month_name(first) for first in months]


# --- promises ---------------------------------------------------------------------------------------------------


def kept_block(rows: Sequence[Kept], by: By, title: str, first: str, name: Callable[[Any], str]) -> Block:
    """Promises kept, by one side."""
    sums = kept_by(rows, by)
    shown = [(name(one.key), one) for one in sums]
    chart = Chart(
        id=f"chart-kept-{by.replace('_', '-')}",
        title=title,
        first=first,
        columns=[gettext("Kept")],
        rows=[(label, [one.part.percent]) for label, one in shown if one.part.whole],
        unit="%",
        high=100,
    )
    head = [first, gettext("Kept"), gettext("Decided"), gettext("Kept in percent"), gettext("Still open")]
    table: list[Row] = [[label, one.part.part, one.part.whole, one.part.percent, one.waiting] for label, one in shown]
    return Block(chart=chart if chart.rows else None, title=title, head=head, rows=table)


def promises_shown(rows: Sequence[Kept], names: Names) -> tuple[list[Tile], list[Block]]:
    """Which promises were kept, by milestone, level, branch and person."""
    whole = kept_in_all(rows)
    waiting = sum(row.waiting for row in rows)
    tiles = [
        Tile(label=gettext("Promises kept"), value=big(whole), note=said(whole)),
        Tile(label=gettext("Promises broken"), value=number(whole.whole - whole.part), note=_of(whole.whole)),
        Tile(label=gettext("Still open"), value=number(waiting), note=gettext("Neither kept nor broken yet")),
    ]
    nobody = gettext("Nobody in charge")
    blocks = [
        kept_block(rows, "promise", gettext("By level and step"), gettext("Promise"), lambda key: names.promise(*key)),
        kept_block(rows, "severity", gettext("By level"), gettext("Level"), lambda key: gettext(LEVEL_NAMES[key])),
        kept_block(
            rows, "branch_id", gettext("By branch"), gettext("Branch"), lambda key: names.branches.get(key, "—")
        ),
        kept_block(
            rows,
            "staff_id",
            gettext("By person in charge"),
            gettext("Person"),
            lambda key: names.people.get(key, nobody),
        ),
    ]
    return (tiles, blocks) if rows else ([], [])


def kept_in_all(rows: Sequence[Kept]) -> Part:
    whole = Part(0, 0)
    for row in rows:
        whole += row.part
    return whole


def big(part: Part) -> str:
    return "—" if part.percent is None else f"{part.percent:g} %"


def _of(n: int) -> str:
    return gettext("of %(n)s decided") % {"n": number(n)}


# --- pace -------------------------------------------------------------------------------------------------------


def pace_shown(response: Pace, cycle: Pace, months: Sequence[date]) -> tuple[list[Tile], list[Block]]:
    """How soon the first step came, and how long a case took as a whole."""
    if not response.cases and not cycle.cases:
        return [], []
    answered = Part(response.whole.n, response.cases)
    tiles = [
        Tile(label=gettext("First response, median"), value=_long(response.whole.median), note=of_n(response.whole)),
        Tile(label=gettext("First response, nine in ten"), value=_long(response.whole.p90), note=of_n(response.whole)),
        Tile(label=gettext("Answered so far"), value=big(answered), note=said(answered)),
        Tile(label=gettext("Cycle, median"), value=_long(cycle.whole.median), note=of_n(cycle.whole)),
        Tile(label=gettext("Cycle, mean"), value=_long(cycle.whole.mean), note=of_n(cycle.whole)),
    ]
    return tiles, [
        response_block(response, months),
        cycle_block(cycle, months),
        _level_block(response, gettext("First response by level"), "chart-response-level"),
        _level_block(cycle, gettext("Cycle by level"), "chart-cycle-level"),
    ]


def _times_row(label: str, times: Times) -> Row:
    return [label, times.n, _long(times.median), _long(times.p90), _long(times.mean)]


def _times_head(first: str) -> list[str]:
    return [first, gettext("Complaints"), gettext("Median"), gettext("Nine in ten within"), gettext("Mean")]


def response_block(pace: Pace, months: Sequence[date]) -> Block:
    base = BASELINES["reply"]
    rows = list(zip(month_names(months), pace.by_month, strict=True))
    title = gettext("First response by month of receipt")
    chart = Chart(
        id="chart-response",
        title=title,
        first=gettext("Month"),
        columns=[gettext("Median, hours"), gettext("Nine in ten, hours"), base_name(base)],
        rows=[(label, [in_units(one.median, HOUR), in_units(one.p90, HOUR), base.value]) for label, one in rows],
        kind="line",
    )
    hint = gettext("From receipt to the first step that was completed. The line is what a document says of today")
    table = [_times_row(label, one) for label, one in rows]
    return Block(chart=chart if pace.whole.n else None, title=title, hint=hint, head=_times_head(gettext("Month")), rows=table)  # fmt: skip


def cycle_block(pace: Pace, months: Sequence[date]) -> Block:
    lines = [BASELINES["handling"], BASELINES["cycle"]]
    rows = list(zip(month_names(months), pace.by_month, strict=True))
    title = gettext("Cycle by month of resolution")
    chart = Chart(
        id="chart-cycle",
        title=title,
        first=gettext("Month"),
        columns=[gettext("Mean, days"), gettext("Median, days"), *(base_name(one) for one in lines)],
        rows=[
            (label, [in_units(one.mean, DAY), in_units(one.median, DAY), *(line.value for line in lines)])
            for label, one in rows
        ],
        kind="line",
    )
    hint = gettext("From receipt to resolution, of the cases resolved in the month. The lines are what documents say of today")  # fmt: skip
    table = [_times_row(label, one) for label, one in rows]
    return Block(chart=chart if pace.whole.n else None, title=title, hint=hint, head=_times_head(gettext("Month")), rows=table)  # fmt: skip


def _level_block(pace: Pace, title: str, id_: str) -> Block:
    rows = [(gettext(LEVEL_NAMES[level]), pace.by_level[level]) for level in SEVERITIES if level in pace.by_level]
    chart = Chart(
        id=id_,
        title=title,
        first=gettext("Level"),
        columns=[gettext("Median, hours"), gettext("Nine in ten, hours")],
        rows=[(label, [in_units(one.median, HOUR), in_units(one.p90, HOUR)]) for label, one in rows],
    )
    table = [_times_row(label, one) for label, one in rows]
    return Block(chart=chart if pace.whole.n else None, title=title, head=_times_head(gettext("Level")), rows=table)
