"""What survey pages show: figures with their remarks, trends as rows, campaigns and calls in the reader's language."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from core.surveys.queries import CampaignRow
from core.surveys.queue import AttemptRow, InterviewRow
from core.surveys.results import CommentRow, Figures, Point, Risk
from core.surveys.rules.metrics import DETRACTOR, FEW, PROMOTER, REACH_TARGET, Measure, Nps, Rated, Reach
from core.surveys.rules.quarters import Span, last_quarter, month_of, quarter_number, quarter_of
from core.surveys.rules.tiles import Kind, Tile, may_show
from web.formats import format_date, format_datetime
from web.i18n import N_, gettext, ngettext
from web.page import current_page

CHANNELS: Final = {
    "wechat": N_("WeChat official account"),
    "link": N_("Link by SMS"),
    "qr": N_("QR code"),
    "email": N_("E-mail"),
}
AUDIENCES: Final = {"all": N_("All customers"), "branch": N_("One branch"), "segment": N_("One segment")}
STATES: Final = {
    "proposed": (N_("Proposed"), "info"),
    "planned": (N_("Planned"), "neutral"),
    "open": (N_("Running"), "ok"),
    "closed": (N_("Closed"), "neutral"),
    "dropped": (N_("Dropped"), "neutral"),
}
LEFT_OUT: Final = {
    "refused": N_("do not want surveys"),
    "tired": N_("were asked not long ago"),
    "complaint": N_("have an open complaint"),
}
SOURCES: Final = {
    "campaign": N_("Campaign"),
    "interview": N_("Phone interview"),
    "complaint": N_("After a complaint"),
    "other": N_("Typed in"),
}
OUTCOMES: Final = {
    "reached": N_("Talked to the customer"),
    "no_answer": N_("No answer"),
    "call_later": N_("Call later"),
    "refused": N_("Does not want to"),
    "wrong_number": N_("Wrong number"),
}
CALL_STATES: Final = {
    "waiting": (N_("To call"), "info"),
    "done": (N_("Done"), "ok"),
    "refused": (N_("Refused"), "neutral"),
    "wrong_number": (N_("Wrong number"), "warn"),
    "unreached": (N_("Not reached"), "neutral"),
    "expired": (N_("Month is over"), "neutral"),
}
REASONS: Final = {"sample": N_("Monthly sample"), "call_back": N_("Call back")}
PERIODS: Final = {
    "year": N_("Last 12 months"),
    "quarter": N_("This quarter"),
    "last": N_("Last quarter"),
    "month": N_("This month"),
}


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One tile: its value, its interval, and what must be said about it. `value` is empty when there is none."""

    id: str
    label: str
    kind: Kind
    value: str
    detail: str = ""
    remarks: tuple[str, ...] = ()


class Row(msgspec.Struct, frozen=True):
    """One line of a chart's table."""

    label: str
    values: list[float | None]


class Said(msgspec.Struct, frozen=True):
    """One person's answer in words; `state` colours the badge of the worst figure."""

    submission_id: UUID
    customer_id: UUID | None
    who: str
    source: str
    at: datetime
    marks: list[tuple[str, str]]
    comment: str
    call_back: str
    may_call: bool


class CampaignLine(msgspec.Struct, frozen=True):
    """One campaign of the list."""

    campaign_id: UUID
    title: str
    state: str
    tone: str
    when: str
    channel: str
    asked: int


class CallLine(msgspec.Struct, frozen=True):
    """One person of the queue."""

    interview_id: UUID
    name: str
    phone: str | None
    reason: str
    state: str
    tone: str
    detail: str
    calling: str
    mine: bool


def span_of(period: str, today: date) -> Span:
    """Return the days of a period's name; an unknown one is the last twelve months."""
    if period == "quarter":
        return Span(quarter_of(today).first, today)
    if period == "last":
        return last_quarter(today)
    if period == "month":
        return Span(month_of(today).first, today)
    first = month_of(today).first
    return Span(date(first.year - 1, first.month, 1) if first.month == 12 else _months_back(first, 11), today)


def _months_back(first: date, months: int) -> date:
    index = first.year * 12 + first.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def percent(value: float | None) -> str:
    """62.5%, or nothing."""
    return "" if value is None else f"{value:g}%"


def _signed(value: float) -> str:
    return f"{value:+.0f}" if value else "0"


def _remarks(measure: Measure, low: str, high: str) -> tuple[str, ...]:
    said = [ngettext("%(num)s answer", "%(num)s answers", measure.answered) % {"num": measure.answered}]
    if measure.excluded:
        said.append(gettext("%(n)s left it out") % {"n": measure.excluded})
    if low:
        said.append(gettext("95 %% between %(low)s and %(high)s") % {"low": low, "high": high})
    if measure.answered and measure.few:
        said.append(gettext("Too few answers to build on (under %(n)s)") % {"n": FEW})
    return tuple(said)


def _nps(figure: Nps) -> Figure:
    if figure.value is None or figure.low is None or figure.high is None:
        return Figure(id="nps", label="NPS", kind="experience", value="")
    groups = {"up": figure.promoters, "middle": figure.passives, "down": figure.detractors}
    return Figure(
        id="nps",
        label="NPS",
        kind="experience",
        value=_signed(figure.value),
        detail=gettext("%(up)s recommend, %(middle)s neutral, %(down)s warn others off") % groups,
        remarks=_remarks(figure, _signed(figure.low), _signed(figure.high)),
    )


def _rated(figure: Rated, name: str, label: str, detail: str) -> Figure:
    if figure.value is None or figure.mean is None:
        return Figure(id=name, label=label, kind="experience", value="")
    return Figure(
        id=name,
        label=label,
        kind="experience",
        value=percent(figure.value),
        detail=detail % {"mean": figure.mean},
        remarks=_remarks(figure, percent(figure.low), percent(figure.high)),
    )


def _reach(figure: Reach) -> Figure:
    if figure.rate is None:
        return Figure(id="reach", label=gettext("Reach"), kind="experience", value="")
    counts = {"reached": figure.delivered, "asked": figure.asked, "rate": percent(figure.answer_rate)}
    against = (
        gettext("At or above the goal of %(n)s %%")
        if figure.rate >= REACH_TARGET
        else gettext("Below the goal of %(n)s %%")
    )
    return Figure(
        id="reach",
        label=gettext("Reach"),
        kind="experience",
        value=percent(figure.rate),
        detail=gettext("%(reached)s of %(asked)s reached, %(rate)s answered") % counts,
        remarks=(against % {"n": REACH_TARGET},),
    )


def _risk(figure: Risk) -> Figure:
    if figure.rate is None:
        return Figure(id="complaints", label=gettext("Complaint rate"), kind="risk", value="")
    words = (
        gettext("%(n)s complaints on %(base)s visits")
        if figure.per == "visits"
        else gettext("%(n)s complaints on %(base)s customers")
    )
    return Figure(
        id="complaints",
        label=gettext("Complaint rate"),
        kind="risk",
        value=gettext("%(rate)s per 100") % {"rate": f"{figure.rate:g}"},
        detail=words % {"n": figure.complaints, "base": figure.base},
        remarks=(gettext("Too small a base to build on (under %(n)s)") % {"n": FEW},) if figure.base < FEW else (),
    )


def tiles_of(figures: Figures, reach: Reach, risk: Risk) -> tuple[list[Figure], bool]:
    """Return the tiles that may be shown, and whether the NPS was kept back because it would have stood alone."""
    csat = _rated(figures.csat, "csat", gettext("Satisfied (CSAT)"), gettext("Mean %(mean)s of 5"))
    ces = _rated(figures.ces, "ces", gettext("Found it easy (CES)"), gettext("Mean %(mean)s of 7"))
    everything = [_nps(figures.nps), _risk(risk), csat, ces, _reach(reach)]
    known = [Tile(one.id, one.kind, shown=bool(one.value)) for one in everything]
    shown = [one for one in everything if one.value and may_show(known, one.id)]
    return shown, bool(everything[0].value) and not may_show(known, "nps")


def label_of(first: date, step: str) -> str:
    """2026/10 or 2026 Q4."""
    if step == "quarter":
        return f"{first.year} Q{quarter_number(first)}"
    return f"{first.year}/{first.month:02d}"


def trend_of(points: Sequence[Point], step: str, *, with_nps: bool) -> tuple[list[Row], list[Row]]:
    """Return the rows of the NPS chart and of the chart of shares."""
    nps = [Row(label_of(one.first, step), [one.figures.nps.value]) for one in points]
    shares = [Row(label_of(one.first, step), [one.figures.csat.value, one.figures.ces.value]) for one in points]
    return (nps if with_nps else []), shares


def said_of(rows: Sequence[CommentRow], *, may_see: bool) -> list[Said]:
    """Return answers in words; names only for those who may see customers."""
    lines = []
    for row in rows:
        marks = []
        if row.nps is not None:
            state = "danger" if row.nps <= DETRACTOR else "ok" if row.nps >= PROMOTER else "neutral"
            marks.append((f"NPS {row.nps}", state))
        if row.csat is not None:
            marks.append((f"CSAT {row.csat}", "danger" if row.csat <= 2 else "ok" if row.csat >= 4 else "neutral"))
        if row.ces is not None:
            marks.append((f"CES {row.ces}", "neutral"))
        named = may_see and row.customer_id is not None
        lines.append(
            Said(
                submission_id=row.submission_id,
                customer_id=row.customer_id if named else None,
                who=(row.full_name or "") if named else gettext("Somebody"),
                source=gettext(SOURCES[row.source]),
                at=row.answered_at,
                marks=marks,
                comment=row.comment,
                call_back=gettext(CALL_STATES[row.call_back][0]) if row.call_back else "",
                may_call=row.customer_id is not None and row.call_back is None,
            )
        )
    return lines


def days_of(row: CampaignRow) -> str:
    """1 Oct 2026 to 31 Dec 2026."""
    return f"{format_date(row.first_day)} – {format_date(row.last_day)}"


def campaign_lines(rows: Sequence[CampaignRow]) -> list[CampaignLine]:
    """Return the list."""
    return [
        CampaignLine(
            campaign_id=row.campaign_id,
            title=row.title,
            state=gettext(STATES[row.state][0]),
            tone=STATES[row.state][1],
            when=days_of(row),
            channel=gettext(CHANNELS[row.channel]),
            asked=row.asked,
        )
        for row in rows
    ]


def left_out_of(counts: Mapping[str, int]) -> list[str]:
    """Return who was left out: 12 do not want surveys."""
    return [f"{number} {gettext(LEFT_OUT[reason])}" for reason, number in sorted(counts.items()) if number]


def call_lines(rows: Sequence[InterviewRow], me: UUID | None) -> list[CallLine]:
    """Return the queue; what is due or promised stands in words."""
    now = current_page().now
    lines = []
    for row in rows:
        state, tone = CALL_STATES[row.state]
        calling = row.lease_until is not None and row.lease_until > now
        parts = [gettext(REASONS[row.reason])]
        if row.state == "waiting" and row.next_at is not None and row.next_at > now:
            parts.append(gettext("call at %(when)s") % {"when": format_datetime(row.next_at)})
        elif row.state == "waiting":
            parts.append(gettext("until %(when)s") % {"when": format_date(row.due_at - timedelta(seconds=1))})
        elif row.finished_at is not None:
            parts.append(format_datetime(row.finished_at))
        if row.attempts:
            parts.append(ngettext("%(num)s try", "%(num)s tries", row.attempts) % {"num": row.attempts})
        lines.append(
            CallLine(
                interview_id=row.interview_id,
                name=row.full_name,
                phone=row.phone_e164,
                reason=row.reason,
                state=gettext(state),
                tone=tone,
                detail=" · ".join(parts),
                calling=row.claimed_by_name if calling else "",
                mine=calling and row.claimed_by == me,
            )
        )
    return lines


def attempt_lines(rows: Sequence[AttemptRow]) -> list[dict[str, Any]]:
    """Return the calls so far."""
    return [
        {
            "title": gettext(OUTCOMES[row.outcome]),
            "at": row.at,
            "who": row.staff_name,
            "later": format_datetime(row.call_at) if row.call_at else "",
        }
        for row in rows
    ]
