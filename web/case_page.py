"""The page of one case: what must be done next on top, then the words to write, the timeline, and the other areas' cards."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response

from core.casework.actions import CaseMoved, WordingDoubtful
from core.casework.queries import (
    get_confirmation,
    get_values,
    list_promised,
    list_related,
    list_replies,
    list_scripts,
    list_tasks,
)
from core.casework.rules.macros import Filled
from core.complaints.actions.handling import facts_form
from core.complaints.cases.case import topic_of
from core.complaints.queries.cases import ComplaintDetail, get_complaint, list_for_customer
from core.complaints.rules.filing import ARCHIVE, blocked_by
from core.customers.queries import get_customer
from core.errors import FieldProblem
from core.forms.rules import FormView, form_view
from core.hooks.records.complaints import Milestone, Policy, Severity, severity_rank
from core.loyalty.queries import get_membership, list_purchases
from core.surveys.queries import find_case_survey
from core.uow import Reader
from tenants.roster import Roster
from tenants.staff import list_people
from web.case_sections import load_case_sections
from web.i18n import N_, gettext, localized
from web.live import live_source
from web.page import current_page
from web.problems import problem_words
from web.request import WebRequest
from web.screens import show, tenant_path
from web.views.complaints import (
    LEVEL_NAMES,
    LEVELS,
    STATES,
    change_lines,
    excerpts_of,
    history_of,
    newest_clocks,
    number_text,
    steps_of,
)
from web.views.risks import add_step_risks

PAUSE_REASONS: Final = ("customer", "laboratory", "expert", "third_party", "disaster", "other")
ROSTER: Final = Roster()
YEAR: Final = timedelta(days=365)
AREAS: Final = {
    "evidence": N_("Evidence"),
    "hearing": N_("Hearing"),
    "case_report": N_("Report"),
    "remedies": N_("Remedies"),
    "lessons": N_("What we learn"),
}
"""The other areas' cards that the bar of the page leads to, by the id of their section."""
PROOFS: Final = {
    "call": N_("Log a contact that reached the customer: by phone or in person"),
    "evidence": N_("Secure and seal the evidence"),
    "hearing": N_("Sign the minutes of the hearing"),
    "report": N_("Write the report"),
    "approval": N_("The director approves the report"),
    "delivery": N_("Deliver the report, with a receipt"),
    "record": N_("Enter it in the staff record"),
    "remedy": N_("Give the remedy"),
    "cause": N_("Name the root cause"),
    "action": N_("Do the corrective action"),
    "effect": N_("Check that the action works"),
}
PROOF_AREAS: Final = {
    "call": "compose",
    "evidence": "area-evidence",
    "hearing": "area-hearing",
    "report": "area-case_report",
    "approval": "area-case_report",
    "delivery": "area-case_report",
    "record": "area-case_report",
    "remedy": "area-remedies",
    "cause": "area-lessons",
    "action": "area-lessons",
    "effect": "area-lessons",
}


class StepForm(msgspec.Struct, frozen=True):
    """A step that can be done now, with what must be written down."""

    milestone: Milestone
    view: FormView
    pausable: bool
    paused: bool


class Missing(msgspec.Struct, frozen=True):
    """An open step: who owns it, and what is still missing before it is done."""

    label: str
    owner: str
    duty: str
    """Who of that role is on duty now."""
    needs: tuple[str, ...]
    first: tuple[str, ...]
    """Steps that come before it."""
    anchor: str
    ready: bool


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed and not taken, so that the page can show it again."""

    which: str = ""
    """The part of the composer it belongs to: reply, note, call, task; or level, step."""
    words: str = ""
    values: Mapping[str, str] = {}
    errors: Mapping[str, str] = {}
    title: str = ""
    lines: tuple[str, ...] = ()
    """What others did meanwhile."""
    findings: tuple[Any, ...] = ()
    closed: bool = False


NOTHING: Final = Kept()


def kept_of(which: str, words: str, error: Exception, **values: str) -> Kept:
    """Return what the page shows after a refusal of these kinds: others were faster, words in doubt, the case is closed."""
    if isinstance(error, CaseMoved):
        title = gettext("While you were writing, the case has changed. Your words are still here: look and send again.")
        return Kept(which=which, words=words, values=values, title=title, lines=tuple(change_lines(error.changes)))
    if isinstance(error, WordingDoubtful):
        title = gettext("Some of it is better said differently. Change it, or send it as it is with a reason.")
        return Kept(which=which, words=words, values=values, title=title, findings=error.findings)
    title = gettext(
        "This case is closed, so nothing was changed. Your words are kept here; open the case again to go on."
    )
    return Kept(which=which, words=words, values=values, title=title, closed=True)


def _ready(detail: ComplaintDetail) -> list[Milestone]:
    """Return the steps that nothing stands before."""
    clocks = newest_clocks(detail)
    closed = {name for name, clock in clocks.items() if clock.status == "cancelled"} | detail.done
    return [
        milestone
        for milestone in detail.policy.milestones
        if milestone.id not in closed and not blocked_by(detail.policy, milestone.id, detail.done)
    ]


def _step_forms(
    reader: Reader, detail: ComplaintDetail, posted: Mapping[str, dict[str, Any]], errors: Sequence[FieldProblem]
) -> list[StepForm]:
    clocks = newest_clocks(detail)
    today, lang = reader.today.isoformat(), current_page().lang
    forms = []
    for milestone in _ready(detail):
        found = tuple(errors) if milestone.id in posted else ()
        view = form_view(facts_form(milestone), posted.get(milestone.id, {}), found, lang, today)
        status = clocks[milestone.id].status if milestone.id in clocks else "waiting"
        may_rest = milestone.pausable and status in {"running", "paused", "breached"}
        forms.append(StepForm(milestone, view, may_rest, status == "paused"))
    return forms


def _role_label(policy: Policy, code: str) -> str:
    return next((localized(role.label) for role in policy.roles if role.code == code), code)


async def _on_duty(reader: Reader, detail: ComplaintDetail, staff: Mapping[UUID, str]) -> dict[str, str]:
    """Return who is on duty now, by each role that an open step needs."""
    roles = dict.fromkeys(
        role for one in list_promised(detail) for role in (one.milestone.owner_role, *one.milestone.with_roles)
    )
    found = {}
    for role in roles:
        people = await ROSTER.find_on_duty(reader, role=role, branch_id=detail.branch_id, at=reader.now)
        found[role] = "、".join(staff.get(one, "") for one in people[:3] if one in staff)
    return found


def _missing(detail: ComplaintDetail, duty: Mapping[str, str]) -> list[Missing]:
    lines = []
    ready = {milestone.id for milestone in _ready(detail)}
    for one in list_promised(detail):
        step = one.milestone
        needs = [localized(fact.label) for fact in step.facts if getattr(fact, "required", False)]
        if step.proof is not None:
            needs.insert(0, gettext(PROOFS[step.proof]))
        if step.approver is not None:
            needs.append(gettext("Yes of: %(who)s") % {"who": _role_label(detail.policy, step.approver)})
        before = [localized(each.label) for each in blocked_by(detail.policy, step.id, detail.done)]
        lines.append(
            Missing(
                label=localized(step.label),
                owner=_role_label(detail.policy, step.owner_role),
                duty=duty.get(step.owner_role, ""),
                needs=tuple(needs),
                first=tuple(before),
                anchor=PROOF_AREAS[step.proof] if step.proof else f"step-{step.id}",
                ready=step.id in ready,
            )
        )
    return lines


async def _customer(reader: Reader, detail: ComplaintDetail) -> dict[str, Any]:
    if detail.customer_id is None or not reader.actor.may("customers.read"):
        return {"customer": None}
    record = await get_customer(reader, detail.customer_id)
    card = await get_membership(reader, detail.customer_id)
    bought = await list_purchases(reader, detail.customer_id, limit=200)
    year = sum(one.paid_fen - one.refunded_fen for one in bought if one.occurred_at > reader.now - YEAR)
    others = await list_for_customer(reader, customer_id=detail.customer_id)
    return {
        "customer": record,
        "tier": localized(card.tier.label) if card.tier is not None else "",
        "year_fen": year,
        "earlier": len([one for one in others if one.complaint_id != detail.complaint_id]),
        "pets": " · ".join(one.name for one in record.subjects if one.name),
        "pet": next((one.name for one in record.subjects if one.subject_id == detail.subject_id), ""),
    }


async def _composer(
    reader: Reader, detail: ComplaintDetail, staff: Mapping[UUID, str], kept: Kept, macro: str, pet: str
) -> dict[str, Any]:
    """Return what stands in the reply box and beside it: scripts that fit, the chosen macro with what it would do."""
    scripts = await list_scripts(reader, detail, await get_values(reader, detail, pet=pet))
    replies = await list_replies(reader, detail.complaint_id)
    chosen: Filled | None = next((one for one in scripts if one.id == macro), None)
    draft = chosen.text if chosen is not None else "" if replies else await get_confirmation(reader, detail)
    return {
        "scripts": scripts,
        "chosen": chosen,
        "draft": kept.words if kept.which == "reply" else draft,
        "first_reply": not replies and chosen is None and kept.which != "reply",
        "people": [(str(staff_id), name) for staff_id, name in staff.items()],
        "step_options": [(one.milestone.id, localized(one.milestone.label)) for one in list_promised(detail)],
        "pause_label": next(
            (localized(m.label) for m in detail.policy.milestones if chosen and m.id == chosen.pause), ""
        ),
    }


def _levels(reader: Reader, detail: ComplaintDetail) -> list[Severity]:
    """Return the levels that the reader may give the case: who works on it raises it, who judges lowers it too."""
    if reader.actor.may("complaints.judge"):
        return list(LEVELS)
    least = severity_rank(detail.severity) if reader.actor.may("complaints.write") else len(LEVELS)
    return [code for code in LEVELS if severity_rank(code) >= least]


async def _data(request: WebRequest, reader: Reader, detail: ComplaintDetail, kept: Kept, macro: str) -> dict[str, Any]:
    people = await list_people(reader)
    staff = {person.staff_id: person.full_name for person in people}
    root = tenant_path(request, "/complaints")
    duty = await _on_duty(reader, detail, staff) if detail.state == "open" else {}
    whose = await _customer(reader, detail)
    working = {person.staff_id: person.full_name for person in people if person.state == "active"}
    sections = await load_case_sections(request, reader, detail)
    here = {section.id for section in sections}
    levels = _levels(reader, detail)
    return {
        "case": detail,
        "number": number_text(detail.number),
        "root": root,
        "here": f"{root}/{detail.complaint_id}",
        "seen": max((row.seq for row in detail.history), default=0),
        "steps": await add_step_risks(reader, detail, steps_of(detail, {})),
        "missing": _missing(detail, duty) if detail.state in {"open", "resolved"} else [],
        "history": history_of(detail),
        "excerpts": excerpts_of(detail),
        "assignee": staff.get(detail.assignee_id, "") if detail.assignee_id else "",
        "team": [
            (_role_label(detail.policy, role), names or gettext("Nobody on duty")) for role, names in duty.items()
        ],
        "customers": f"/t/{reader.scope.slug}/customers",
        "may_write": reader.actor.may("complaints.write"),
        "may_judge": reader.actor.may("complaints.judge"),
        "may_level": detail.state == "open" and bool(levels[1:]),
        "macros": tenant_path(request, "/macros") if reader.actor.may("complaints.manage") else "",
        "may_archive": detail.state == "resolved" and not blocked_by(detail.policy, ARCHIVE, detail.done),
        "works": detail.state in {"open", "resolved"},
        "state_name": gettext(STATES[detail.state]),
        "levels": [(code, gettext(LEVEL_NAMES[code])) for code in levels],
        "pause_reasons": PAUSE_REASONS,
        "problem": problem_words,
        "me": reader.actor.id,
        "survey": await find_case_survey(reader, detail.complaint_id),
        "tasks": await list_tasks(reader, detail.complaint_id),
        "staff": staff,
        "related": await list_related(reader, detail),
        "sections": sections,
        "areas": [(f"area-{name}", gettext(label)) for name, label in AREAS.items() if name in here],
        "kept": kept,
        **whose,
        **await _composer(reader, detail, working, kept, macro, whose.get("pet", "")),
    }


async def show_case_page(
    request: WebRequest,
    reader: Reader,
    complaint_id: UUID,
    *,
    status: int = 200,
    posted: Mapping[str, dict[str, Any]] | None = None,
    errors: Sequence[FieldProblem] = (),
    kept: Kept = NOTHING,
    macro: str = "",
) -> Response[Any]:
    """Show one case, after a refusal with everything that was typed."""
    live = await live_source(
        request, tenant_path(request, f"/complaints/{complaint_id}/live"), [topic_of(complaint_id)]
    )
    detail = await get_complaint(reader, complaint_id=complaint_id)
    data = await _data(request, reader, detail, kept, macro)
    data["forms"] = _step_forms(reader, detail, posted or {}, errors)
    return await show(request, "pages/complaints/case.html", status=status, errors=kept.errors, live=live, **data)
