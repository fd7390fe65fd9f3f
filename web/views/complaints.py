"""What complaint pages show: rows, cards, steps and history in the reader's language."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from core.complaints.queries import ClockRow, ComplaintDetail, ComplaintRow, HistoryRow, NoticeRow
from core.complaints.rules import blocked_by
from core.complaints.surveyed import SURVEY
from core.hooks.records.complaints import Milestone, Policy
from web.formats import format_datetime
from web.i18n import N_, gettext, localized
from web.page import Step

LEVELS: Final = ("L3", "L2", "L1")
LEVEL_NAMES: Final = {"L1": N_("L1 minor"), "L2": N_("L2 serious"), "L3": N_("L3 major")}
STATES: Final = {
    "open": N_("Open"),
    "resolved": N_("Resolved"),
    "archived": N_("Archived"),
    "withdrawn": N_("Withdrawn"),
    "merged": N_("Merged"),
}
CHANNELS: Final = {
    "web": N_("Web page"),
    "phone": N_("Phone"),
    "in_person": N_("In person"),
    "social_media": N_("Social media"),
    "regulator": N_("Regulator"),
    "online_chat": N_("Online chat"),
    "email": N_("E-mail"),
    "review_platform": N_("Review platform"),
    "api": N_("Another program"),
}
_KINDS: Final = {
    "filed": (N_("%(who)s filed the complaint"), "message-square"),
    "assessed": (N_("The level was worked out"), "zap"),
    "fallback": (N_("A plugin failed; the product's own promises hold"), "shield-alert"),
    "judged": (N_("%(who)s changed the level"), "scale"),
    "completed": (N_("%(who)s completed a step"), "circle-check"),
    "note": (N_("%(who)s added a note"), "notebook-pen"),
    "customer_added": (N_("The customer added information"), "message-square"),
    "claimed": (N_("%(who)s took the case"), "user-check"),
    "paused": (N_("%(who)s paused a promise"), "circle-pause"),
    "resumed": (N_("A promise runs again"), "circle-play"),
    "warned": (N_("A promise is near its end"), "bell"),
    "escalated": (N_("The case was escalated"), "bell-ring"),
    "breached": (N_("A promise was broken"), "circle-alert"),
    "nobody": (N_("Nobody was on duty for a role"), "user-x"),
    "resolved": (N_("The case is resolved"), "badge-check"),
    "archived": (N_("%(who)s archived the case"), "archive"),
    "reopened": (N_("The case was opened again"), "rotate-ccw"),
    "withdrawn": (N_("The complaint was withdrawn"), "circle-slash"),
    "answered": (N_("The customer answered whether they are satisfied"), "smile"),
    "surveyed": (N_("The customer filled in the survey"), "clipboard-check"),
    "unhappy": (N_("Unhappy answer in the survey"), "frown"),
}


class Line(msgspec.Struct, frozen=True):
    """One row of the list or card of the board."""

    complaint_id: UUID
    number: str
    title: str
    level: str
    state: str
    detail: str
    assignee: str
    mine: bool
    milestone: str
    start: datetime | None
    due: datetime | None
    received_at: datetime


class Entry(msgspec.Struct, frozen=True):
    """One item of the history."""

    seq: int
    at: datetime
    title: str
    icon: str
    about: str
    """Step, role, level: what the title is about, in few words."""
    text: str
    """What somebody wrote."""
    state: str


def number_text(number: int) -> str:
    """Return the display number."""
    return f"C-{number:04d}"


def milestone_label(policy: Policy | None, milestone_id: str | None) -> str:
    """Return the label of a milestone in the reader's language, or its id when the policy no longer knows it."""
    found = next((m for m in policy.milestones if m.id == milestone_id), None) if policy is not None else None
    return localized(found.label) if found is not None else (milestone_id or "")


def lines_of(
    rows: Iterable[ComplaintRow], policies: Mapping[str, Policy], staff: Mapping[UUID, str], me: UUID | None
) -> list[Line]:
    """Return the rows as a page shows them."""
    return [
        Line(
            complaint_id=row.complaint_id,
            number=number_text(row.number),
            title=row.title,
            level=row.severity,
            state=row.state,
            detail=" · ".join(filter(None, (number_text(row.number), row.contact_name, row.branch_name))),
            assignee=staff.get(row.assignee_id, "") if row.assignee_id else "",
            mine=row.assignee_id == me,
            milestone=milestone_label(policies.get(row.policy_version), row.next_milestone),
            start=row.next_started_at,
            due=row.next_due_at,
            received_at=row.received_at,
        )
        for row in rows
    ]


def newest_clocks(detail: ComplaintDetail) -> dict[str, ClockRow]:
    """Return each milestone's clock of its newest cycle."""
    return {clock.milestone: clock for clock in sorted(detail.clocks, key=lambda clock: clock.cycle)}


_STATE_OF: Final = {"met": "done", "met_late": "late", "breached": "over", "cancelled": "cancelled"}


def _note_of(clock: ClockRow | None, milestone: Milestone, *, ready: bool) -> str:
    if clock is None:
        return ""
    if clock.completed_at is not None:
        return gettext("Completed %(when)s") % {"when": format_datetime(clock.completed_at)}
    if clock.status == "paused":
        return gettext("Paused")
    if clock.due_at is not None:
        return gettext("Due %(when)s") % {"when": format_datetime(clock.due_at)}
    return gettext("After the steps before it") if milestone.after and not ready else gettext("No deadline")


def steps_of(detail: ComplaintDetail, actions: Mapping[str, str]) -> list[Step]:
    """Return the stepper: every milestone of the policy, its state, its clock, and what can be done now."""
    clocks = newest_clocks(detail)
    steps = []
    for milestone in detail.policy.milestones:
        clock = clocks.get(milestone.id)
        status = clock.status if clock is not None else "waiting"
        ready = not blocked_by(detail.policy, milestone.id, detail.done)
        running = status in {"running", "paused"} or (status == "waiting" and ready)
        steps.append(
            Step(
                label=localized(milestone.label),
                state=_STATE_OF.get(status, "current" if running and detail.state == "open" else "todo"),  # type: ignore[arg-type] # values are Step's own
                note=_note_of(clock, milestone, ready=ready),
                due=clock.due_at if clock is not None and status in {"running", "breached"} else None,
                start=clock.started_at if clock is not None else None,
                action=actions.get(milestone.id, ""),
            )
        )
    return steps


def _about_of(row: HistoryRow, policy: Policy) -> str:
    data = row.data
    parts = []
    if "milestone" in data:
        parts.append(milestone_label(policy, str(data["milestone"])))
    if "role_label" in data:
        parts.append(localized(data["role_label"]))
    if "severity" in data:
        parts.append(gettext(LEVEL_NAMES[str(data["severity"])]))
    return " · ".join(parts)


def history_of(detail: ComplaintDetail) -> list[Entry]:
    """Return the history, oldest first; what a late worker wrote down stands where it happened."""
    entries = []
    for row in sorted(detail.history, key=lambda row: (row.at, row.seq)):
        title, icon = _KINDS.get(row.kind, (row.kind, "circle-dot"))
        who = row.actor_name or (detail.contact_name or gettext("The customer"))
        late = row.kind in {"breached", "nobody", "unhappy"}
        entries.append(
            Entry(
                seq=row.seq,
                at=row.at,
                title=gettext(title) % {"who": who},
                icon=icon,
                about=_about_of(row, detail.policy),
                text="\n".join(str(row.data[key]) for key in ("reason", "text", "people") if row.data.get(key)),
                state="danger" if late else "neutral",
            )
        )
    return entries


CONTEXT: Final = 14
"""Characters shown before and after a quoted word."""


class Excerpt(msgspec.Struct, frozen=True):
    """Words of the complaint that led to a reason, with what stands around them."""

    before: str
    words: str
    after: str


def excerpts_of(detail: ComplaintDetail) -> list[Excerpt]:
    """Return each quote in its sentence."""
    found = []
    for quote in detail.quotes:
        text = detail.desired if quote.source == "desired" else detail.text
        start, end = max(0, quote.start - CONTEXT), min(len(text), quote.end + CONTEXT)
        before = ("…" if start else "") + text[start : quote.start]
        found.append(Excerpt(before, quote.text, text[quote.end : end] + ("…" if end < len(text) else "")))
    return found


_TOLD: Final = {
    "warning": (N_("Ends soon"), "warn"),
    "due": (N_("Broken"), "danger"),
    "step": (N_("Escalated to you"), "danger"),
    "unhappy": (N_("Unhappy answer in the survey"), "danger"),
}


class Note(msgspec.Struct, frozen=True):
    """One line of the inbox."""

    notice_id: UUID
    complaint_id: UUID
    title: str
    level: str
    text: str
    told: str
    """Why it stands there, by the first word of the stage's name (core.clocks.rules.stages)."""
    state: str
    due: datetime
    sent_at: datetime


def notes_of(rows: Iterable[NoticeRow], policies: Mapping[str, Policy]) -> list[Note]:
    """Return notices with the words of their milestone."""
    return [
        Note(
            notice_id=row.notice_id,
            complaint_id=row.complaint_id,
            title=f"{number_text(row.number)} {row.title}",
            level=row.severity,
            text=gettext("Survey after the complaint")
            if row.milestone == SURVEY
            else milestone_label(policies.get(row.policy_version), row.milestone),
            told=gettext(_TOLD[row.stage.split()[0]][0]),
            state=_TOLD[row.stage.split()[0]][1],
            due=row.due_at,
            sent_at=row.sent_at,
        )
        for row in rows
    ]
