"""What the loyalty reports show: tiles, charts with their tables, and the same rows for a file, in the reader's language."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec

from core.churn.queries.lifts import LiftReport
from core.hooks.records.loyalty.points import TierLadder
from core.reports.queries.rfm import RfmReport
from core.reports.queries.shares import Repeat
from core.reports.rules.cohorts import Retention, heat
from core.reports.rules.liability import Liability
from core.reports.rules.movement import Movement
from core.reports.rules.rfm import BANDS, frequency_range, group_sums, recency_range, squares
from core.reports.rules.shares import REFERRAL_BENCHMARK, REPEAT_BENCHMARK, Share
from web.formats import money, number
from web.i18n import N_, gettext, localized, ngettext

PERIODS: Final = {
    "year": N_("Last 12 months"),
    "half": N_("Last 6 months"),
    "quarter": N_("Last 3 months"),
    "two_years": N_("Last 24 months"),
}
REPORTS: Final = {
    "liability": (N_("Open points"), ""),
    "retention": (N_("Coming back"), "/retention"),
    "rfm": (N_("Groups"), "/groups"),
    "movement": (N_("Tiers"), "/tiers"),
    "lift": (N_("What offers bring"), "/lift"),
}
GROUPS: Final = {
    "best": N_("Best customers"),
    "loyal": N_("Loyal customers"),
    "new": N_("New customers"),
    "promising": N_("Promising"),
    "cooling": N_("Cooling down"),
    "leaving_good": N_("Good ones leaving"),
    "lost": N_("Lost customers"),
}
SOURCE_ZH: Final = "宠物医院客户服务与技术关怀体系建设"


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """One figure."""

    label: str
    value: str
    note: str = ""


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """One chart with its table; values are rounded already."""

    id: str
    title: str
    first: str
    columns: list[str]
    rows: list[tuple[str, list[float | None]]]
    hint: str = ""
    kind: str = "bar"
    unit: str = ""
    target: int | None = None
    target_name: str = ""
    low: int | None = 0
    high: int | None = None


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of a file."""

    title: str
    head: list[str]
    rows: list[list[Any]]


class HeatRow(msgspec.Struct, frozen=True):
    """One cohort: its month, its size, and (share, step of colour, people) for each month after."""

    month: str
    people: int
    cells: list[tuple[str, int, int]]


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of the grid of recency and frequency."""

    recency: int
    frequency: int
    people: int
    yuan: str
    group: str
    step: int


def month_name(first: date) -> str:
    """2026-11, as charts and files write it."""
    return f"{first:%Y-%m}"


def ages(months: int | None, before: int | None) -> str:
    """The age of a band of lots."""
    if months is None:
        return gettext("older than %(n)s months") % {"n": before}
    return ngettext("up to %(num)s month", "up to %(num)s months", months) % {"num": months}


def liability_shown(report: Liability) -> tuple[list[Tile], list[Chart], Sheet]:
    """Open points by age and what they are worth."""
    share = report.breakage.share
    broken = gettext("%(n)s of points that ended were never used") % {"n": f"{float(share) * 100:.1f} %"} if share is not None else gettext("No points have ended yet, so nothing is taken off")  # fmt: skip
    tiles = [
        Tile(
            label=gettext("Owed in points"),
            value=money(report.net_fen),
            note=gettext("%(gross)s before points that are never used") % {"gross": money(report.gross_fen)},
        ),
        Tile(
            label=gettext("Open points"),
            value=number(report.points),
            note=gettext("%(n)s of them count only later") % {"n": number(report.pending_points)},
        ),
        Tile(
            label=gettext("A point is worth"),
            value=money(report.fen_per_point) if report.fen_per_point else "—",
            note="" if report.fen_per_point else gettext("The rules let points pay for nothing"),
        ),
        Tile(
            label=gettext("Never used"),
            value=f"{float(share) * 100:.1f} %" if share is not None else "—",
            note=broken,
        ),
    ]
    bands = _bands(report)
    chart = Chart(
        id="chart-liability",
        title=gettext("Open points by age"),
        hint=gettext("Counted from the day they were earned"),
        first=gettext("Age"),
        columns=[gettext("Worth in yuan") if report.fen_per_point else gettext("Points")],
        rows=[(name, [fen / 100 if report.fen_per_point else float(points)]) for name, _, points, fen in bands],
    )
    head = [gettext("Age"), gettext("Lots"), gettext("Points"), gettext("Worth in yuan")]
    rows: list[list[Any]] = [[name, lots, points, f"{fen / 100:.2f}"] for name, lots, points, fen in bands]
    rows.append([gettext("All"), sum(one[1] for one in bands), report.points, f"{report.gross_fen / 100:.2f}"])
    rows.append([gettext("Less what is never used"), None, None, f"{report.net_fen / 100:.2f}"])
    return tiles, [chart], Sheet(title=gettext("Open points"), head=head, rows=rows)


def _bands(report: Liability) -> list[tuple[str, int, int, int]]:
    found, before = [], None
    for band in report.bands:
        found.append((ages(band.months, before), band.lots, band.points, band.fen))
        before = band.months
    return found


def retention_shown(report: Retention, months: Sequence[date]) -> tuple[list[HeatRow], list[Chart], Sheet]:
    """Cohorts as a heat table, the curve over all as a chart."""
    heats = [
        HeatRow(
            month_name(cohort.first),
            cohort.people,
            [
                (f"{share:g}", heat(share), cohort.back[after])
                for after in range(len(cohort.back))
                if (share := cohort.share(after)) is not None
            ],
        )
        for cohort in report.cohorts
    ]
    curve: list[tuple[str, list[float | None]]] = [
        (ngettext("after %(num)s month", "after %(num)s months", after) % {"num": after}, [share])
        for after, share in enumerate(report.curve)
        if after and share is not None
    ]
    chart = Chart(
        id="chart-retention",
        title=gettext("How many of a hundred come back"),
        hint=gettext("Over everybody whose first visit is long enough ago"),
        first=gettext("Time since the first visit"),
        columns=[gettext("Came back")],
        rows=curve,
        kind="line",
        unit="%",
        high=100,
    )
    head = [gettext("First visit"), gettext("People"), *(f"+{after}" for after in range(len(months)))]
    rows: list[list[Any]] = [
        [month_name(cohort.first), cohort.people, *cohort.back, *([None] * (len(months) - len(cohort.back)))]
        for cohort in report.cohorts
    ]
    return heats, [chart] if curve else [], Sheet(title=gettext("Coming back"), head=head, rows=rows)


def recency_name(band: int) -> str:
    """When somebody of a band came last."""
    above, up_to = recency_range(band)
    if up_to is None:
        return gettext("more than %(n)s days ago") % {"n": above}
    return gettext("within %(n)s days") % {"n": up_to}


def frequency_name(band: int) -> str:
    """How often somebody of a band bought in a year."""
    first, last = frequency_range(band)
    if last is None:
        return gettext("%(n)s times and more") % {"n": first}
    if first == last:
        return ngettext("%(num)s time", "%(num)s times", first) % {"num": first}
    return gettext("%(first)s to %(last)s times") % {"first": first, "last": last}


def rfm_shown(report: RfmReport) -> tuple[list[tuple[str, list[Field]]], list[Chart], Sheet]:
    """The grid of recency and frequency, the groups as a chart, and every cell for a file."""
    most = max((one.people for one in squares(report.cells)), default=0)
    fields: dict[int, list[Field]] = {}
    for one in squares(report.cells):
        fields.setdefault(one.recency, []).append(
            Field(
                recency=one.recency,
                frequency=one.frequency,
                people=one.people,
                yuan=money(one.fen // one.people) if one.people else "",
                group=gettext(GROUPS[one.group]),
                step=heat(100 * one.people / most) if most else 0,
            )
        )
    grid = [(recency_name(band), fields[band]) for band in range(BANDS, 0, -1)]
    sums = group_sums(report.cells)
    chart = Chart(
        id="chart-groups",
        title=gettext("Groups of customers"),
        hint=gettext("Who bought anything in the last 365 days, by when and how often"),
        first=gettext("Group of customers"),
        columns=[gettext("Customers")],
        rows=[(gettext(GROUPS[one.group]), [float(one.people)]) for one in sums],
    )
    head = [gettext("Last purchase"), gettext("Purchases in a year"), gettext("Fifth of spending"), gettext("Group of customers"), gettext("Customers"), gettext("Spent in yuan")]  # fmt: skip
    rows: list[list[Any]] = [
        [
            recency_name(one.recency),
            frequency_name(one.frequency),
            one.money,
            gettext(GROUPS[one.group]),
            one.people,
            f"{one.fen / 100:.2f}",
        ]
        for one in sorted(report.cells, key=lambda one: (-one.recency, -one.frequency, -one.money))
    ]
    return grid, [chart], Sheet(title=gettext("Groups"), head=head, rows=rows)


def movement_shown(
    report: Movement, ladder: TierLadder | None, counts: Mapping[str, int]
) -> tuple[list[Tile], list[Chart], Sheet]:
    """Rises and falls by month, and each way between two tiers."""
    names = {tier.code: localized(tier.label) or tier.code for tier in ladder.tiers} if ladder else {}

    def named(code: str) -> str:
        return names.get(code, code) or "—"

    tiles = [Tile(label=named(code), value=number(people)) for code, people in counts.items()]
    charts = [
        Chart(
            id="chart-movement",
            title=gettext("Rises and falls"),
            first=gettext("Month"),
            columns=[gettext("Rose"), gettext("Fell")],
            rows=[(month_name(one.first), [float(one.up), float(one.down)]) for one in report.months],
        )
    ]
    ways = [(f"{named(one.before)} → {named(one.after)}", one) for one in report.paths]
    if ways:
        charts.append(
            Chart(
                id="chart-ways",
                title=gettext("From where to where"),
                first=gettext("Way"),
                columns=[gettext("Customers")],
                rows=[(name, [float(one.people)]) for name, one in ways],
            )
        )
    head = [gettext("From"), gettext("To"), gettext("All"), *(month_name(one.first) for one in report.months)]
    rows: list[list[Any]] = [[named(one.before), named(one.after), one.people, *one.by_month] for one in report.paths]
    return tiles, charts if ways else [], Sheet(title=gettext("Tiers"), head=head, rows=rows)


def lift_shown(lift: LiftReport, referred: Share, repeat: Repeat) -> tuple[list[Tile], list[Chart], Sheet]:
    """Win-back against the hold-out, and two shares beside what the documents say."""
    whole = lift.whole
    arms = [(gettext("Made an offer"), whole.offered), (gettext("Left alone by lot"), whole.held_out)]
    rows = [(name, [round(100 * arm.returned / arm.households, 1) if arm.households else None]) for name, arm in arms]
    tiles = [
        Tile(
            label=gettext("Lift of win-back"),
            value=f"{whole.points:+.1f}" if whole.points is not None else "—",
            note=_lift_note(lift),
        ),
        _share_tile(gettext("New customers who were referred"), referred, REFERRAL_BENCHMARK),
        _share_tile(gettext("Come again, with a clinician of their own"), repeat.personal, REPEAT_BENCHMARK),
        Tile(label=gettext("Come again, all others"), value=_percent(repeat.others), note=_base(repeat.others)),
    ]
    charts = []
    if any(arm.households for _, arm in arms):
        charts.append(
            Chart(
                id="chart-lift",
                title=gettext("Came back after being gone"),
                hint=gettext("Households that were made an offer, beside those left alone by lot"),
                first=gettext("Arm"),
                columns=[gettext("Came back")],
                rows=rows,
                unit="%",
                high=100,
            )
        )
    if referred.whole:
        charts.append(_benchmark("chart-referred", gettext("New customers who were referred"), [(gettext("Referred"), [referred.value])], REFERRAL_BENCHMARK))  # fmt: skip
    if repeat.personal.whole or repeat.others.whole:
        both_rows = [(gettext("With a clinician of their own"), [repeat.personal.value]), (gettext("All others"), [repeat.others.value])]  # fmt: skip
        charts.append(_benchmark("chart-repeat", gettext("Bought at least twice"), both_rows, REPEAT_BENCHMARK))
    head = [gettext("What"), gettext("Of"), gettext("People"), gettext("In percent"), gettext("95 % interval")]
    sheet: list[list[Any]] = [
        [name, arm.households, arm.returned, f"{row[1][0]}" if row[1][0] is not None else "", ""]
        for (name, arm), row in zip(arms, rows, strict=True)
    ]
    interval = f"{whole.low:.1f} … {whole.high:.1f}" if whole.low is not None and whole.high is not None else ""
    sheet.append([gettext("Lift of win-back"), None, None, f"{whole.points:.1f}" if whole.points is not None else "", interval])  # fmt: skip
    for name, one in (
        (gettext("New customers who were referred"), referred),
        (gettext("Come again, with a clinician of their own"), repeat.personal),
        (gettext("Come again, all others"), repeat.others),
    ):
        said = f"{one.low:g} … {one.high:g}" if one.low is not None and one.high is not None else ""
        sheet.append([name, one.whole, one.part, f"{one.value:g}" if one.value is not None else "", said])
    return tiles, charts, Sheet(title=gettext("What offers bring"), head=head, rows=sheet)


def _benchmark(id_: str, title: str, rows: list[tuple[str, list[float | None]]], target: int) -> Chart:
    return Chart(
        id=id_,
        title=title,
        hint=gettext("The line is what the documents name: %(source)s") % {"source": SOURCE_ZH},
        first=gettext("What"),
        columns=[gettext("Share")],
        rows=rows,
        unit="%",
        high=100,
        target=target,
        target_name=gettext("Documents: %(n)s %%") % {"n": target},
    )


def _lift_note(lift: LiftReport) -> str:
    whole = lift.whole
    if whole.points is None:
        return gettext("Nobody's time to come back is over yet; %(n)s are running") % {"n": lift.running}
    interval = gettext("points of a hundred, between %(low)s and %(high)s") % {"low": f"{whole.low:.1f}", "high": f"{whole.high:.1f}"}  # fmt: skip
    return interval if whole.sure else f"{interval} · {gettext('may be chance')}"


def _share_tile(label: str, share: Share, benchmark: int) -> Tile:
    words = gettext("Documents: %(n)s %%") % {"n": benchmark}
    return Tile(label=label, value=_percent(share), note=f"{words} · {_base(share)}")


def _percent(share: Share) -> str:
    return f"{share.value:g} %" if share.value is not None else "—"


def _base(share: Share) -> str:
    said = gettext("%(part)s of %(whole)s") % {"part": number(share.part), "whole": number(share.whole)}
    return f"{said} · {gettext('too few to build on')}" if share.whole and share.few else said
