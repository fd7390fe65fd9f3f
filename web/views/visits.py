"""What pages of visits, prices and bills show: names in the reader's language, numbers, meters and subtotals."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from core.visits.queries.bills import BillFacts, EstimateFacts, Standing
from core.visits.queries.choices import AppliedFacts
from core.visits.queries.visits import ProcedureFacts
from core.visits.rules.bills import Line, category_sums, fen_to_limit, gross_fen, permille_of, quantity_text
from core.visits.rules.gates import Need, Paper
from core.visits.rules.prices import CATEGORIES, Item
from web.form_titles import title_of
from web.formats import money
from web.i18n import N_, gettext, localized
from web.page import current_page
from web.views.rewards import StepOff, steps_by_line

CATEGORY_NAMES: Final = {
    "consultation": N_("Consultation fees"),
    "examination": N_("Examination fees"),
    "drug": N_("Drug fees"),
    "surgery": N_("Surgery fees"),
    "goods": N_("Goods"),
}
STATES: Final = {
    "open": N_("In the waiting room"),
    "in_treatment": N_("In treatment"),
    "discharged": N_("Discharged"),
    "cancelled": N_("Cancelled"),
}
STATE_TONES: Final = {"open": "info", "in_treatment": "brand", "discharged": "neutral", "cancelled": "neutral"}
BILL_STATES: Final = {
    "open": N_("Being written"),
    "final": N_("To be paid"),
    "paid": N_("Paid"),
    "void": N_("Void"),
}
BILL_TONES: Final = {"open": "neutral", "final": "warn", "paid": "ok", "void": "neutral"}
PROCEDURE_STATES: Final = {
    "planned": N_("Planned"),
    "started": N_("Going on"),
    "done": N_("Done"),
    "cancelled": N_("Dropped"),
}
PROCEDURE_TONES: Final = {"planned": "neutral", "started": "brand", "done": "ok", "cancelled": "neutral"}
METHODS: Final = {
    "cash": N_("Cash"),
    "card": N_("Bank card"),
    "wechat": N_("WeChat Pay"),
    "alipay": N_("Alipay"),
    "stored_value": N_("Stored value"),
}
ITEM_FIELDS: Final = {
    "name_zh": N_("Chinese name"),
    "name_en": N_("English name"),
    "category": N_("Fee category"),
    "unit": N_("Unit"),
    "price_fen": N_("Price"),
    "member_price_fen": N_("Member price"),
    "branch_prices": N_("Prices of branches"),
    "consent_form": N_("Consent form"),
    "check_form": N_("Check before it begins"),
    "active": N_("In use"),
}
_UNITS: Final = {
    "次": N_("time"),
    "片": N_("tablet"),
    "支": N_("vial"),
    "针": N_("shot"),
    "天": N_("day"),
    "项": N_("item"),
    "只": N_("animal"),
    "盒": N_("box"),
    "部位": N_("site"),
    "小时": N_("hour"),
}
"""Units as the price list writes them, in words of the catalogue; another one stays as it is."""


def visit_number(number: int) -> str:
    return f"V-{number:04d}"


def bill_number(number: int | None) -> str:
    """Return the display number; an open bill has none yet."""
    return f"B-{number:04d}" if number is not None else gettext("Draft")


def note_number(number: int) -> str:
    return f"CN-{number:04d}"


def item_name(thing: Item | Line | ProcedureFacts) -> str:
    """The name in the reader's language, Chinese when there is no English one."""
    english = current_page().locale != "zh_CN"
    return thing.name_en if english and thing.name_en else thing.name_zh


def unit_text(unit: str) -> str:
    if current_page().locale == "zh_CN":
        return unit
    return gettext(_UNITS[unit]) if unit in _UNITS else unit


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an estimate or a bill in words."""

    line_id: str
    name: str
    category: str
    quantity: str
    unit_fen: int
    gross_fen: int
    off_fen: int
    amount_fen: int
    refunded_fen: int
    steps: Sequence[StepOff] = ()
    """What came off, step by step; empty where a bill says only how much."""


class CategoryView(msgspec.Struct, frozen=True):
    """One fee category of the documents with its lines and what they come to."""

    name: str
    lines: list[LineView]
    fen: int


class Meter(msgspec.Struct, frozen=True):
    """A bill beside what the customer agreed to."""

    bill_fen: int
    estimate_fen: int
    permille: int
    percent: str
    state: str
    text: str


class GateView(msgspec.Struct, frozen=True):
    """One paper that a procedure needs."""

    kind: str
    form_id: str
    title: str
    paper: Paper | None


class ProcedureView(msgspec.Struct, frozen=True, kw_only=True):
    """One procedure with its gate."""

    procedure_id: UUID
    name: str
    state: str
    label: str
    tone: str
    detail: str
    gates: list[GateView]
    may_start: bool
    at: datetime | None


def _line_id(line: Any) -> Any:
    """The id of a line that was written down; a preview has none."""
    return getattr(line, "line_id", None)


def line_views(lines: Sequence[Line], applied: Sequence[AppliedFacts] = ()) -> list[LineView]:
    steps: Mapping[Any, Sequence[StepOff]] = steps_by_line(applied)
    return [
        LineView(
            line_id=str(getattr(line, "line_id", "")),
            name=item_name(line),
            category=line.category,
            quantity=f"{quantity_text(line.quantity_milli)} {unit_text(line.unit)}",
            unit_fen=line.unit_fen,
            gross_fen=gross_fen(line),
            off_fen=line.discount_fen + line.share_fen,
            amount_fen=line.amount_fen,
            refunded_fen=getattr(line, "refunded_fen", 0),
            steps=steps.get(_line_id(line), ()),
        )
        for line in lines
    ]


def by_category(lines: Sequence[Line], applied: Sequence[AppliedFacts] = ()) -> list[CategoryView]:
    """The lines under the documents' four fee categories, in the documents' order; empty ones are left out."""
    sums, views = category_sums(lines), line_views(lines, applied)
    return [
        CategoryView(gettext(CATEGORY_NAMES[code]), [view for view in views if view.category == code], sums[code])
        for code in CATEGORIES
        if code in sums
    ]


def categories() -> list[tuple[str, str]]:
    """The four fee categories as options."""
    return [(code, gettext(name)) for code, name in CATEGORY_NAMES.items()]


def meter_of(bill: BillFacts | None, standing: Standing) -> Meter | None:
    """The running total against the accepted estimate; None while there is nothing to hold it against."""
    if bill is None or standing.base is None:
        return None
    estimate_fen, total = standing.base.total_fen, bill.held_fen
    permille = permille_of(total, estimate_fen)
    state = "danger" if standing.is_over else "warn" if permille > 1000 else "ok"
    room = fen_to_limit(total, estimate_fen)
    text = (
        gettext("The customer has to agree anew")
        if standing.is_over
        else gettext("%(amount)s more can be added before the customer has to agree anew") % {"amount": money(room)}
    )
    return Meter(total, estimate_fen, permille, f"{permille // 10}.{permille % 10}%", state, text)


def procedure_views(
    procedures: Sequence[ProcedureFacts],
    gates: Mapping[UUID, Mapping[Need, Paper | None]],
    titles: Mapping[str, Any],
) -> list[ProcedureView]:
    """Procedures in words; `titles` are those of the forms in use."""
    views = []
    for one in procedures:
        found = gates.get(one.procedure_id, {})
        held = {(paper.kind, paper.form_id): paper for paper in one.papers}
        needs = [
            GateView(
                need.kind,
                need.form_id,
                title_of(titles, need.form_id),
                found.get(need) or held.get((need.kind, need.form_id)),
            )
            for need in one.needs
        ]
        views.append(
            ProcedureView(
                procedure_id=one.procedure_id,
                name=item_name(one),
                state=one.state,
                label=gettext(PROCEDURE_STATES[one.state]),
                tone=PROCEDURE_TONES[one.state],
                detail=one.note or one.started_by_name or one.planned_by_name,
                gates=needs if one.state in {"planned", "started", "done"} else [],
                may_start=one.state == "planned"
                and all(gate.paper is not None and not gate.paper.against for gate in needs),
                at=one.ended_at or one.started_at or one.planned_at,
            )
        )
    return views


def estimate_state(one: EstimateFacts, newest: EstimateFacts) -> tuple[str, str]:
    """The words and the tone of a version's state."""
    if one.answer == "accepted":
        return gettext("Accepted"), "ok"
    if one.answer == "declined":
        return gettext("Declined"), "danger"
    if one.estimate_id != newest.estimate_id:
        return gettext("Replaced"), "neutral"
    return gettext("Waiting for the customer"), "warn"


def told(kind: str, data: Mapping[str, Any], ref_id: UUID | None) -> tuple[str, str, str, str, str]:
    """An entry of the timeline: icon, title, body, state and path below the tenant."""
    icon, title, state = _TOLD[kind]
    words = {
        "visit": visit_number(int(data.get("number") or 0)),
        "bill": bill_number(data.get("number")),
        "amount": money(int(data.get("fen") or 0)),
        "estimate": money(int(data.get("estimate_fen") or 0)),
        "version": data.get("version", 1),
        "name": localized(data.get("name")),
    }
    body = str(data.get("reason") or data.get("note") or "")
    return icon, gettext(title) % words, body, state, f"/visits/{ref_id}" if ref_id else ""


_TOLD: Final = {
    "visit_opened": ("stethoscope", N_("Visit %(visit)s began"), "neutral"),
    "visit_discharged": ("house", N_("Visit %(visit)s ended"), "neutral"),
    "visit_cancelled": ("circle-slash", N_("Visit %(visit)s was cancelled"), "neutral"),
    "procedure_started": ("activity", N_("%(name)s began"), "neutral"),
    "estimate_given": ("file-text", N_("Estimate of %(amount)s, version %(version)s"), "neutral"),
    "estimate_accepted": ("circle-check", N_("%(name)s accepted the estimate of %(amount)s"), "ok"),
    "estimate_declined": ("circle-slash", N_("%(name)s declined the estimate of %(amount)s"), "warn"),
    "bill_over_estimate": (
        "triangle-alert",
        N_("The bill of %(amount)s reached 130 %% of the estimate of %(estimate)s: risk of a complaint"),
        "warn",
    ),
    "bill_finalised": ("receipt", N_("Bill %(bill)s of %(amount)s"), "neutral"),
    "bill_paid": ("circle-check", N_("Bill %(bill)s was paid: %(amount)s"), "ok"),
    "bill_refunded": ("undo-2", N_("%(amount)s of bill %(bill)s went back"), "neutral"),
    "bill_voided": ("circle-slash", N_("Bill %(bill)s was voided"), "warn"),
}
VISIT_KINDS: Final = tuple(_TOLD)
