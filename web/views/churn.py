"""How cases of customers who stay away are told: signs, steps, outcomes and offers in words."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from core.churn.queries.cases import CaseRow, SignRow, StepRow
from core.churn.rules import Arm, Lift
from core.hooks.records.loyalty.parts import CouponReward, GiftReward, PointsReward, Reward, ServiceReward
from core.hooks.records.loyalty.program import Program
from web.formats import format_date, money
from web.i18n import N_, gettext, localized

SIGNALS: Final = {
    "no_spend": (N_("Stays away"), "calendar-x"),
    "planned_date": (N_("Missed a planned visit"), "calendar-clock"),
    "negative_review": (N_("Unhappy answer"), "thumbs-down"),
    "over_estimate": (N_("Bill over the estimate"), "receipt"),
    "staff_left": (N_("Named clinician left"), "user-x"),
    "not_satisfied": (N_("Complaint not settled well"), "message-square-warning"),
    "by_hand": (N_("Noticed by the team"), "hand"),
}
OUTCOME_NAMES: Final = {
    "came_back": N_("Came back"),
    "promised": N_("Will come"),
    "not_reached": N_("Could not be reached"),
    "no_need": N_("Needs nothing now"),
    "price": N_("Too expensive"),
    "service": N_("Unhappy with us"),
    "competitor": N_("Goes somewhere else"),
    "moved": N_("Moved away"),
    "pet_deceased": N_("The pet has died"),
    "opted_out": N_("Wants no more calls"),
    "merged": N_("One with another case"),
    "other": N_("Something else"),
}
_STEPS: Final = {
    "opened": (N_("Case opened"), "flag"),
    "call": (N_("Call"), "phone"),
    "owner": (N_("Given to somebody else"), "user-round-check"),
    "later": (N_("Later"), "calendar-clock"),
    "offer": (N_("Offer given"), "gift"),
    "closed": (N_("Closed"), "circle-check"),
    "note": (N_("Note"), "notebook-pen"),
}


class CaseLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list."""

    case_id: UUID
    number: int
    name: str
    phone: str | None
    signal: str
    icon: str
    detail: str
    owner: str
    due_at: datetime
    late: bool
    outcome: str
    closed_at: datetime | None


class StepLine(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a case."""

    title: str
    icon: str
    detail: str
    words: str
    who: str
    at: datetime


def case_line(row: CaseRow, now: datetime) -> CaseLine:
    """Return one line."""
    label, icon = SIGNALS[row.signal]
    return CaseLine(
        case_id=row.case_id,
        number=row.number,
        name=row.customer,
        phone=row.phone,
        signal=gettext(label),
        icon=icon,
        detail=_last(row.last_on, row.gap_days),
        owner=row.owner_name,
        due_at=row.due_at,
        late=row.state == "open" and row.due_at < now,
        outcome=gettext(OUTCOME_NAMES[row.outcome]) if row.outcome else "",
        closed_at=row.closed_at,
    )


def _last(last_on: date | None, gap_days: int | None) -> str:
    if last_on is None:
        return gettext("Never came yet")
    if gap_days is None:
        return gettext("Last visit %(day)s") % {"day": format_date(last_on)}
    return gettext("Last visit %(day)s, usually every %(days)s days") % {"day": format_date(last_on), "days": gap_days}


def _said(day: str) -> str:
    return format_date(date.fromisoformat(day))


def sign_words(sign: SignRow) -> tuple[str, str, str]:
    """Return (icon, title, what it stands on) of one sign."""
    label, icon = SIGNALS[sign.signal]
    return icon, gettext(label), _stands_on(sign.signal, sign.data)


def _stands_on(signal: str, data: Mapping[str, Any]) -> str:
    if signal == "no_spend":
        words = _last(date.fromisoformat(data["last_on"]), data.get("gap_days"))
        return words + " · " + gettext("overdue since %(day)s") % {"day": _said(data["overdue_on"])}
    if signal == "planned_date":
        planned = gettext("Was asked to come on %(day)s") % {"day": _said(data["planned_on"])}
        return f"{planned} · {data['reason']}" if data.get("reason") else planned
    if signal == "over_estimate":
        said = {"bill": money(data["bill_fen"]), "estimate": money(data["estimate_fen"])}
        return gettext("Bill %(bill)s, estimate %(estimate)s") % said
    if signal == "staff_left":
        return gettext("%(name)s no longer works here") % {"name": data["name"]}
    if signal == "by_hand":
        return str(data.get("words", ""))
    scores = ((name, data.get(key)) for name, key in (("NPS", "nps"), ("CSAT", "csat")))
    return " · ".join(f"{name} {score}" for name, score in scores if score is not None)


def step_line(step: StepRow) -> StepLine:
    """Return one step in words."""
    label, icon = _STEPS[step.kind]
    title, detail = gettext(label), ""
    if step.kind == "opened":
        detail = gettext(SIGNALS[step.data["signal"]][0])
    elif step.kind == "call":
        title = gettext("Talked on the phone") if step.data["reached"] else gettext("Called, nobody answered")
        if again := step.data.get("again_on"):
            detail = gettext("call again on %(day)s") % {"day": _said(again)}
    elif step.kind == "owner":
        detail = f"{step.data['from'] or '—'} → {step.data['to']}"
    elif step.kind == "closed":
        detail = gettext(OUTCOME_NAMES[step.data["outcome"]])
    elif step.kind == "offer":
        detail = reward_words(msgspec.convert(step.data["reward"], Reward), None)
    return StepLine(title=title, icon=icon, detail=detail, words=step.words, who=step.actor_name, at=step.at)


def reward_words(reward: Reward, program: Program | None) -> str:
    """Name a reward as the desk says it."""
    match reward:
        case PointsReward(points=points):
            return gettext("%(points)s points") % {"points": points}
        case CouponReward(template=template):
            found = program.find(template) if program else None
            return localized(found.label) if found and found.label else template
        case ServiceReward(service=service, label=label):
            return localized(label) if label else service
        case GiftReward(item=item, label=label):
            return localized(label) if label else item


def arm_cells(arm: Arm) -> list[str]:
    """Return households, who came back, the share, and what they paid."""
    share = f"{arm.percent:.1f} %" if arm.percent is not None else "—"
    return [str(arm.households), str(arm.returned), share, money(arm.fen)]


def lift_words(found: Lift) -> str:
    """Say what offers were worth, and how sure that is."""
    if found.points is None or found.low is None or found.high is None:
        return gettext("Nothing to compare yet: both groups need households whose time is over.")
    said = {"points": f"{found.points:+.1f}", "low": f"{found.low:+.1f}", "high": f"{found.high:+.1f}"}
    words = gettext(
        "Offers change the share that comes back by %(points)s points (95 %% interval %(low)s to %(high)s)."
    )
    unsure = "" if found.sure else " " + gettext("The interval holds 0: more episodes are needed to be sure.")
    return words % said + unsure


def case_table(lines: Sequence[CaseLine]) -> list[list[str]]:
    """Return the export of a list, with its head."""
    head = [N_("Number"), N_("Customer"), N_("Signal"), N_("Last visit"), N_("Owner"), N_("Due"), N_("Outcome")]
    return [
        [gettext(one) for one in head],
        *(
            [
                str(line.number),
                line.name,
                line.signal,
                line.detail,
                line.owner,
                line.due_at.date().isoformat(),
                line.outcome,
            ]
            for line in lines
        ),
    ]
