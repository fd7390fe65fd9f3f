"""What the customer's own page says of a case: promises kept, running and late, what was done, and what is asked of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from core.complaints.queries.cases import ClockRow, ComplaintDetail
from core.hooks.records.complaints import Milestone
from core.hooks.records.forms import ChoiceField, MultiField
from core.remedies.queries import RemedyFacts
from web.i18n import N_, localized
from web.views.complaints import newest_clocks

_STATES: Final = {"met": "done", "met_late": "late", "breached": "over", "running": "current", "paused": "current"}
_VISIBLE: Final = frozenset({"offered", "accepted", "declined", "held", "given"})
REMEDY_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "accepted": (N_("You accepted it; we are getting it ready"), "info"),
    "held": (N_("You accepted it; we are getting it ready"), "info"),
    "given": (N_("It is yours"), "ok"),
    "declined": (N_("You did not accept it"), "neutral"),
}


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """One promise in the customer's words."""

    id: str
    text: str
    state: str
    """done, late, over, current, todo."""
    paused: bool
    start: datetime | None
    due: datetime | None
    done_at: datetime | None
    told: str
    """The role that was told when it became late."""
    facts: tuple[str, ...]
    """What was done, in the words that the policy shows to customers."""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the customer may accept or not."""

    id: str
    text: str
    action: str
    detail: str = ""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A remedy that was answered."""

    text: str
    state: str
    tone: str
    code: str


def promises_of(detail: ComplaintDetail, now: datetime) -> list[Promise]:
    """Return what was promised, in the order of the policy; late is arithmetic, whatever a worker has told (sla.md, 13)."""
    clocks = newest_clocks(detail)
    done = _facts_by_step(detail)
    told = _told_by_step(detail)
    return [
        _promise(milestone, clock, done.get(milestone.id, {}), told.get(milestone.id, ""), now)
        for milestone in detail.policy.milestones
        if milestone.promise is not None
        for clock in [clocks.get(milestone.id)]
        if clock is not None and clock.status != "cancelled"
    ]


def _promise(milestone: Milestone, clock: ClockRow, facts: Mapping[str, Any], told: str, now: datetime) -> Promise:
    done = clock.completed_at is not None
    late = clock.status == "breached" or (clock.status == "running" and clock.due_at is not None and now > clock.due_at)
    return Promise(
        id=milestone.id,
        text=localized(milestone.promise or ""),
        state="over" if late else _STATES.get(clock.status, "todo"),
        paused=clock.status == "paused",
        start=clock.started_at,
        due=clock.due_at,
        done_at=clock.completed_at,
        told=told if late else "",
        facts=_plain(milestone, facts) if done else (),
    )


def _facts_by_step(detail: ComplaintDetail) -> dict[str, Mapping[str, Any]]:
    return {
        str(row.data["milestone"]): row.data.get("facts") or {}
        for row in detail.history
        if row.kind == "completed" and "milestone" in row.data
    }


def _told_by_step(detail: ComplaintDetail) -> dict[str, str]:
    """Whom a late promise was brought to: roles, never names."""
    return {
        str(row.data["milestone"]): localized(row.data["role_label"])
        for row in detail.history
        if row.kind in {"escalated", "breached"} and row.data.get("role_label") and "milestone" in row.data
    }


def _plain(milestone: Milestone, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Only what the policy shows, options in their words."""
    fields = {field.key: field for field in milestone.facts}
    lines = []
    for key in milestone.shown:
        value, field = facts.get(key), fields.get(key)
        if not value or field is None:
            continue
        if isinstance(field, ChoiceField | MultiField):
            words = {option.value: localized(option.label) for option in field.options}
            chosen = value if isinstance(value, list) else [value]
            value = "、".join(words.get(str(one), str(one)) for one in chosen)
        lines.append(str(value))
    return tuple(lines)


def next_promise(promises: list[Promise]) -> Promise | None:
    """Return what comes next: what is late first, as its time has passed."""
    timed = [one for one in promises if one.due is not None and one.state in {"current", "over"} and not one.paused]
    return min(timed, key=lambda one: one.due, default=None)  # type: ignore[arg-type,return-value] # filtered above


def proposals_of(detail: ComplaintDetail, remedies: list[RemedyFacts], here: str) -> list[Proposal]:
    """Return what waits for the customer's yes or no."""
    if detail.state not in {"open", "resolved"}:
        return []
    clocks, facts = newest_clocks(detail), _facts_by_step(detail)
    answered = {
        (row.data.get("milestone"), row.data.get("cycle"))
        for row in detail.history
        if row.kind in {"solution_accepted", "solution_declined"}
    }
    found = []
    for milestone in detail.policy.milestones:
        clock = clocks.get(milestone.id)
        asked = milestone.asks_customer and clock is not None and clock.completed_at is not None
        if not asked or clock is None or (milestone.id, clock.cycle) in answered:
            continue
        words = "\n".join(_plain(milestone, facts.get(milestone.id, {})))
        if words:
            found.append(Proposal(id=milestone.id, text=words, action=f"{here}/solution/{milestone.id}"))
    found += [
        Proposal(id=str(one.remedy_id), text=localized(one.label), action=f"{here}/remedies/{one.remedy_id}")
        for one in remedies
        if one.state == "offered"
    ]
    return found


def standings_of(remedies: list[RemedyFacts]) -> list[Standing]:
    """Return the remedies that were answered, with the code to show at the desk."""
    return [
        Standing(
            text=localized(one.label),
            state=REMEDY_STATES[one.state][0],
            tone=REMEDY_STATES[one.state][1],
            code=one.ref_text if one.state == "given" else "",
        )
        for one in remedies
        if one.state in _VISIBLE and one.state != "offered"
    ]
