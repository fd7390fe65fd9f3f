"""What the complaint reports show: outcomes, the mix, the hours and the overview, in the reader's language."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from core.complaint_reports.queries.mix import Mix
from core.complaint_reports.queries.outcomes import Outcome, OutcomeSum, sum_outcomes
from core.complaint_reports.queries.pace import Pace
from core.complaint_reports.rules.figures import (
    BASELINES,
    LEVEL_SHARES,
    LEVEL_SHARES_FROM,
    ONCE_DAYS,
    Kept,
    Part,
    kept_by,
    pareto,
)
from core.hooks.records.complaints import SEVERITIES, Policy, Severity
from core.reports.rules.cohorts import heat
from web.formats import money, number
from web.i18n import N_, gettext, ngettext
from web.views.complaint_figures import (
    DAY,
    Block,
    Names,
    Row,
    base_name,
    big,
    cycle_block,
    in_units,
    kept_in_all,
    month_names,
    of_n,
    response_block,
    said,
)
from web.views.complaints import CHANNELS, LEVEL_NAMES
from web.views.loyalty_reports import Chart, Tile

REPORTS: Final = {
    "overview": (N_("Overview"), ""),
    "promises": (N_("Promises kept"), "/promises"),
    "pace": (N_("Response and cycle"), "/pace"),
    "outcomes": (N_("Solved at once and cost"), "/outcomes"),
    "mix": (N_("What they are about"), "/mix"),
    "hours": (N_("When they come"), "/hours"),
    "months": (N_("Months on paper"), "/months"),
}
_WEEKDAYS: Final = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))


class HeatHour(msgspec.Struct, frozen=True):
    """One weekday: its name, its sum, and (cases, step of colour) of each hour."""

    day: str
    cases: int
    cells: list[tuple[int, int]]


# --- outcomes ---------------------------------------------------------------------------------------------------


def outcomes_shown(rows: list[Outcome], months: Sequence[date]) -> tuple[list[Tile], list[Block]]:
    """Solved at once, opened again, and what it cost."""
    if not rows:
        return [], []
    whole = sum_outcomes(rows)
    by_month = [(label, sum_outcomes([one for one in rows if one.month == at])) for at, label in enumerate(month_names(months))]  # fmt: skip
    levels = [(gettext(LEVEL_NAMES[level]), sum_outcomes([one for one in rows if one.severity == level])) for level in SEVERITIES]  # fmt: skip
    base = BASELINES["not_once"]
    title = gettext("Not solved at once")
    once = Chart(
        id="chart-once",
        title=title,
        first=gettext("Month"),
        columns=[title, base_name(base)],
        rows=[(label, [_rest(one.once), base.value]) for label, one in by_month],
        kind="line",
        unit="%",
        high=100,
    )
    hint = gettext("Opened again, or a second case of the same customer and cause within %(days)s days; only cases whose %(days)s days are over") % {"days": ONCE_DAYS}  # fmt: skip
    cost = Chart(
        id="chart-cost",
        title=gettext("Cost per case"),
        first=gettext("Level"),
        columns=[gettext("Yuan per case")],
        rows=[(label, [None if one.fen_per_case is None else one.fen_per_case / 100]) for label, one in levels],
    )
    head = _outcome_head
    return _outcome_tiles(whole), [
        Block(
            chart=once if whole.once.whole else None,
            title=title,
            hint=hint,
            head=head(gettext("Month")),
            rows=[_outcome_row(label, one) for label, one in by_month],
        ),
        Block(
            chart=cost if whole.cost_fen else None,
            title=gettext("Cost per case"),
            hint=gettext("Remedies that were given, spread over all cases that ended"),
            head=head(gettext("Level")),
            rows=[_outcome_row(label, one) for label, one in levels if one.paid.whole],
        ),
    ]


def _outcome_tiles(whole: OutcomeSum) -> list[Tile]:
    return [
        Tile(label=gettext("Solved at once"), value=big(whole.once), note=said(whole.once)),
        Tile(label=gettext("Opened again"), value=big(whole.reopened), note=said(whole.reopened)),
        Tile(
            label=gettext("Cost per case"),
            value="—" if whole.fen_per_case is None else money(whole.fen_per_case),
            note=gettext("%(sum)s over %(n)s cases") % {"sum": money(whole.cost_fen), "n": number(whole.paid.whole)},
        ),
    ]


def _rest(part: Part) -> float | None:
    return None if part.percent is None else round(100 - part.percent, 1)


def _outcome_head(first: str) -> list[str]:
    return [
        first,
        gettext("Cases that ended"),
        gettext("Solved at once"),
        gettext("Of"),
        gettext("Opened again"),
        gettext("With a remedy"),
        gettext("Cost in yuan"),
    ]


def _outcome_row(label: str, one: OutcomeSum) -> Row:
    return [
        label,
        one.paid.whole,
        one.once.part,
        one.once.whole,
        one.reopened.part,
        one.paid.part,
        one.cost_fen / 100,
    ]


# --- the mix ----------------------------------------------------------------------------------------------------


def mix_shown(mix: Mix, names: Names) -> list[Block]:
    """Levels against the share they should have, channels, categories and causes."""
    if not mix.cases:
        return []
    return [
        _levels_block(mix, names.policies),
        _counts_block(
            "channels",
            gettext("Where they come from"),
            gettext("Channel"),
            mix.channels,
            lambda key: gettext(CHANNELS.get(key, key)),
        ),
        _counts_block(
            "categories",
            gettext("Categories"),
            gettext("Category"),
            mix.categories,
            lambda key: _named(names.categories, key),
        ),
        _counts_block("causes", gettext("Causes"), gettext("Cause"), mix.causes, lambda key: _named(names.causes, key)),
    ]


def _named(labels: Mapping[str, str], key: str) -> str:
    """What a plugin calls it; a plugin that was switched off since names nothing."""
    return labels.get(key, gettext("No longer in use")) if key else gettext("Not written down")


def _levels_block(mix: Mix, policies: Mapping[Severity, Policy]) -> Block:
    title = gettext("Levels, and the shares they should have")
    rows = []
    for level in SEVERITIES:
        policy = policies.get(level)
        wanted = (
            policy.share_percent if policy is not None and policy.share_percent is not None else LEVEL_SHARES[level]
        )
        rows.append((gettext(LEVEL_NAMES[level]), Part(mix.levels.get(level, 0), mix.cases), wanted))
    chart = Chart(
        id="chart-levels",
        title=title,
        first=gettext("Level"),
        columns=[gettext("Share"), gettext("Expected")],
        rows=[(label, [part.percent, float(wanted)]) for label, part, wanted in rows],
        unit="%",
        high=100,
    )
    head = [
        gettext("Level"),
        gettext("Complaints"),
        gettext("Of"),
        gettext("In percent"),
        gettext("Expected in percent"),
    ]
    table: list[Row] = [[label, part.part, part.whole, part.percent, wanted] for label, part, wanted in rows]
    hint = gettext("Expected: about 60, 30 and 10 of a hundred, %(source)s") % {"source": f"《{LEVEL_SHARES_FROM}》"}
    return Block(chart=chart, title=title, hint=hint, head=head, rows=table)


def _counts_block(id_: str, title: str, first: str, counts: Mapping[str, int], name: Callable[[str], str]) -> Block:
    total = sum(counts.values())
    bars = pareto({key: n for key, n in counts.items() if key}) if set(counts) - {""} else []
    rest = counts.get("", 0)
    others = gettext("All others")
    labelled = [(name(one.key) if one.key else others, one) for one in bars]
    chart = Chart(
        id=f"chart-{id_}",
        title=title,
        first=first,
        columns=[gettext("Complaints")],
        rows=[(label, [float(one.n)]) for label, one in labelled],
    )
    head = [first, gettext("Complaints"), gettext("Of"), gettext("In percent"), gettext("Up to here, in percent")]
    table: list[Row] = [[label, one.n, total, Part(one.n, total).percent, one.upto] for label, one in labelled]
    if rest:
        table.append([name(""), rest, total, Part(rest, total).percent, None])
    hint = gettext("The most frequent first; the last column adds up what is written down") if bars else ""
    return Block(chart=chart if bars else None, title=title, hint=hint, head=head, rows=table)


def hours_shown(grid: Sequence[Sequence[int]]) -> tuple[list[HeatHour], Block]:
    """At which hours of the week complaints come."""
    most = max((n for row in grid for n in row), default=0)
    rows = [
        HeatHour(gettext(_WEEKDAYS[at]), sum(day), [(n, heat(100 * n / most) if n else 0) for n in day])
        for at, day in enumerate(grid)
    ]
    head = [gettext("Weekday"), *(f"{hour}:00" for hour in range(24)), gettext("Complaints")]
    table: list[Row] = [[row.day, *(n for n, _ in row.cells), row.cases] for row in rows]
    return rows, Block(chart=None, title=gettext("When they come"), head=head, rows=table)


# --- the overview -----------------------------------------------------------------------------------------------


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the overview puts side by side."""

    kept: list[Kept]
    response: Pace
    cycle: Pace
    outcomes: list[Outcome]
    mix: Mix


def overview_shown(whole: Whole, months: Sequence[date]) -> tuple[list[Tile], list[Block]]:
    """The five sides of 服务体系建设7大维度 (过程, 结果, 对比, 成本, 风险), and the trend by month."""
    if not whole.mix.cases and not whole.outcomes:
        return [], []
    kept, out = kept_in_all(whole.kept), sum_outcomes(whole.outcomes)
    grave = Part(whole.mix.levels.get("L3", 0), whole.mix.cases)
    base = BASELINES["cycle"]
    days = in_units(whole.cycle.whole.mean, DAY)
    tiles = [
        Tile(label=gettext("Process: promises kept"), value=big(kept), note=said(kept)),
        Tile(label=gettext("Result: solved at once"), value=big(out.once), note=said(out.once)),
        Tile(
            label=gettext("Comparison: mean cycle"),
            value="—" if days is None else gettext("%(n)s days") % {"n": f"{days:g}"},
            note=f"{of_n(whole.cycle.whole)} · {base_name(base)}",
        ),
        Tile(
            label=gettext("Cost: per case"),
            value="—" if out.fen_per_case is None else money(out.fen_per_case),
            note=ngettext("%(num)s case", "%(num)s cases", out.paid.whole) % {"num": number(out.paid.whole)},
        ),
        Tile(label=gettext("Risk: grave cases"), value=big(grave), note=said(grave)),
    ]
    return tiles, [
        _received_block(whole, months),
        _trend_block(whole, months),
        cycle_block(whole.cycle, months),
        response_block(whole.response, months),
    ]


def _received_block(whole: Whole, months: Sequence[date]) -> Block:
    title = gettext("Complaints by month")
    ended = [sum(one.cases for one in whole.outcomes if one.month == at) for at in range(len(months))]
    rows = list(zip(month_names(months), whole.mix.by_month, ended, strict=True))
    chart = Chart(
        id="chart-received",
        title=title,
        first=gettext("Month"),
        columns=[gettext("Came in"), gettext("Were closed")],
        rows=[(label, [float(came), float(gone)]) for label, came, gone in rows],
    )
    head = [gettext("Month"), gettext("Came in"), gettext("Were closed")]
    return Block(chart=chart, title=title, head=head, rows=[[*row] for row in rows])


def _trend_block(whole: Whole, months: Sequence[date]) -> Block:
    title = gettext("Promises kept by month of receipt")
    parts: dict[object, Part] = {one.key: one.part for one in kept_by(whole.kept, "month")}
    rows = [(label, parts.get(at, Part(0, 0))) for at, label in enumerate(month_names(months))]
    chart = Chart(
        id="chart-kept-month",
        title=title,
        first=gettext("Month"),
        columns=[gettext("Kept")],
        rows=[(label, [part.percent]) for label, part in rows],
        kind="line",
        unit="%",
        high=100,
    )
    head = [gettext("Month"), gettext("Kept"), gettext("Decided"), gettext("Kept in percent")]
    table: list[Row] = [[label, part.part, part.whole, part.percent] for label, part in rows]
    return Block(chart=chart if any(part.whole for _, part in rows) else None, title=title, head=head, rows=table)
