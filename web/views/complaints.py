"""What complaint pages show: rows, cards, steps and history in the reader's language."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from core.casework.actions import MENTION, TASK
from core.casework.rules.talking import Change
from core.complaints.actions.surveyed import SURVEY
from core.complaints.actions.telling import ACTION, ADDED, CALL_ME, SOLUTION
from core.complaints.queries.cases import ClockRow, ComplaintDetail, ComplaintRow, HistoryRow, NoticeRow
from core.complaints.rules.filing import blocked_by
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
    "called": (N_("%(who)s spoke with the customer by phone"), "phone"),
    "met": (N_("%(who)s spoke with the customer in person"), "users"),
    "missed": (N_("%(who)s did not reach the customer"), "phone-missed"),
    "replied": (N_("%(who)s wrote to the customer"), "send"),
    "reply_taken_back": (N_("%(who)s took a message back"), "undo-2"),
    "task_added": (N_("%(who)s gave a task"), "list-todo"),
    "task_done": (N_("%(who)s did a task"), "list-checks"),
    "task_dropped": (N_("%(who)s dropped a task"), "list-x"),
    "task_reopened": (N_("%(who)s opened a task again"), "rotate-ccw"),
    "macro_undone": (N_("%(who)s undid a macro"), "undo-2"),
    "customer_added": (N_("The customer added information"), "message-square"),
    "merged": (N_("%(who)s let this complaint go on as another"), "merge"),
    "merged_in": (N_("%(who)s merged another complaint into this one"), "merge"),
    "unmerged": (N_("%(who)s took two complaints apart again"), "split"),
    "split": (N_("%(who)s split a part off"), "split"),
    "classified": (N_("%(who)s set category and cause"), "tag"),
    "confirmed": (N_("%(who)s confirmed the level"), "badge-check"),
    "files_refused": (N_("Some attachments could not be kept"), "paperclip"),
    "rules_moved": (N_("The deadlines follow newly published rules"), "timer"),
    "claimed": (N_("%(who)s took the case"), "user-check"),
    "paused": (N_("%(who)s paused a promise"), "circle-pause"),
    "resumed": (N_("A promise runs again"), "circle-play"),
    "warned": (N_("A promise is near its end"), "bell"),
    "escalated": (N_("The case was escalated"), "bell-ring"),
    "breached": (N_("A promise was broken"), "circle-alert"),
    "nobody": (N_("Nobody was on duty for a role"), "user-x"),
    "taken": (N_("%(who)s said that they have it"), "check"),
    "resolved": (N_("The case is resolved"), "badge-check"),
    "evidence_sealed": (N_("%(who)s sealed the evidence"), "lock"),
    "hearing_planned": (N_("%(who)s planned a hearing"), "users"),
    "hearing_held": (N_("The hearing was held"), "users"),
    "report_begun": (N_("%(who)s began the written report"), "file-pen"),
    "report_submitted": (N_("%(who)s submitted the written report"), "file-check"),
    "report_returned": (N_("%(who)s sent the report back"), "undo-2"),
    "report_approved": (N_("%(who)s approved the report"), "stamp"),
    "report_sent": (N_("%(who)s sent the report to the customer"), "send"),
    "report_received": (N_("The customer received the report"), "mail-check"),
    "report_answered": (N_("The customer answered to the report"), "signature"),
    "report_unopened": (N_("The report was not opened for a day"), "mail-question-mark"),
    "staff_recorded": (N_("%(who)s entered the case in somebody's file"), "notebook-text"),
    "staff_not_recorded": (N_("%(who)s said that it concerns nobody's file"), "notebook-text"),
    "archived": (N_("%(who)s archived the case"), "archive"),
    "reopened": (N_("The case was opened again"), "rotate-ccw"),
    "withdrawn": (N_("The complaint was withdrawn"), "circle-slash"),
    "answered": (N_("The customer answered whether they are satisfied"), "smile"),
    "surveyed": (N_("The customer filled in the survey"), "clipboard-check"),
    "unhappy": (N_("Unhappy answer in the survey"), "frown"),
    "call_wanted": (N_("The customer asks to be called"), "phone"),
    "solution_accepted": (N_("The customer accepts the proposal"), "check"),
    "solution_declined": (N_("The customer does not accept the proposal"), "x"),
    "remedy_asked": (N_("%(who)s asked for a remedy above their limit"), "gift"),
    "remedy_offered": (N_("%(who)s offered a remedy"), "gift"),
    "remedy_refused": (N_("%(who)s did not approve a remedy"), "gift"),
    "remedy_accepted": (N_("%(who)s accepted a remedy"), "gift"),
    "remedy_declined": (N_("%(who)s did not accept a remedy"), "frown"),
    "remedy_held": (N_("The points of a remedy wait for an approval"), "coins"),
    "remedy_unheld": (N_("The points of a remedy were not approved"), "coins"),
    "remedy_given": (N_("%(who)s gave a remedy"), "gift"),
    "remedy_undone": (N_("%(who)s took a remedy back"), "undo-2"),
    "cause_named": (N_("%(who)s named the cause"), "search"),
    "repeat_found": (N_("The same problem has happened before"), "repeat"),
    "action_added": (N_("%(who)s added a corrective action"), "wrench"),
    "action_done": (N_("%(who)s did a corrective action"), "wrench"),
    "action_effective": (N_("%(who)s saw that the action works"), "badge-check"),
    "action_ineffective": (N_("%(who)s saw that the action does not work"), "circle-alert"),
    "silence_noted": (N_("%(who)s wrote down that the customer does not say"), "message-square"),
    "silence_confirmed": (N_("%(who)s confirmed that the customer does not say"), "check"),
    "silence_rejected": (N_("%(who)s did not confirm it"), "x"),
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
    risk: str = ""
    """How likely the next promise is to be broken, with how many alike; shown on the board."""


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
    group: str = "steps"
    """Which filter of the timeline shows it: talk, steps, clocks."""


_TALK: Final = frozenset(
    {
        *("filed", "note", "customer_added", "called", "met", "missed", "replied", "reply_taken_back", "answered"),
        *("surveyed", "unhappy", "call_wanted", "solution_accepted", "solution_declined"),
    }
)
_CLOCKS: Final = frozenset({"warned", "escalated", "breached", "nobody", "taken", "paused", "resumed", "rules_moved"})


def group_of(kind: str) -> str:
    """Return the timeline's group of a kind of event."""
    return "talk" if kind in _TALK else "clocks" if kind in _CLOCKS else "steps"


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
    if "instead_of" in data:
        parts.append(gettext("nobody on duty as %(role)s") % {"role": localized(data["instead_of"])})
    if "severity" in data:
        parts.append(gettext(LEVEL_NAMES[str(data["severity"])]))
    parts += [localized(data[key]) for key in ("remedy", "cause") if data.get(key)]
    if data.get("minutes"):
        parts.append(gettext("%(n)s min") % {"n": data["minutes"]})
    return " · ".join(parts)


def change_lines(changes: Iterable[Change]) -> list[str]:
    """Return what others did meanwhile, a line each."""
    lines = []
    for change in changes:
        title, _ = _KINDS.get(change.kind, (change.kind, ""))
        who = change.actor_name or gettext("The customer")
        said = str(change.data.get("text") or change.data.get("reason") or "")
        lines.append(gettext(title) % {"who": who} + (f": {said[:120]}" if said else ""))
    return lines


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
                text="\n".join(
                    str(row.data[key]) for key in ("reason", "outcome", "text", "why", "people") if row.data.get(key)
                ),
                state="danger" if late else "neutral",
                group=group_of(row.kind),
            )
        )
    return entries


CONTEXT: Final = 14
"""Characters shown before and after a quoted word."""
CLOSE: Final = 6
"""Quotes with so few characters between them are read as one."""


class Excerpt(msgspec.Struct, frozen=True):
    """Words of the complaint that led to a reason, with what stands around them."""

    before: str
    words: str
    after: str


def excerpts_of(detail: ComplaintDetail) -> list[Excerpt]:
    """Return each quote in its sentence; quotes that stand close together are one, as a reader would mark them."""
    spans: list[tuple[str, int, int]] = []
    for quote in sorted(detail.quotes, key=lambda one: (one.source == "desired", one.start, one.end)):
        source, start, end = spans[-1] if spans else ("", 0, 0)
        if source == quote.source and quote.start - end <= CLOSE:
            spans[-1] = (source, start, max(end, quote.end))
        else:
            spans.append((quote.source, quote.start, quote.end))
    found = []
    for source, start, end in spans:
        text = detail.desired if source == "desired" else detail.text
        left, right = max(0, start - CONTEXT), min(len(text), end + CONTEXT)
        before = ("…" if left else "") + text[left:start]
        found.append(Excerpt(before, text[start:end], text[end:right] + ("…" if right < len(text) else "")))
    return found


_TOLD: Final = {
    "warning": (N_("Ends soon"), "warn"),
    "due": (N_("Broken"), "danger"),
    "step": (N_("Escalated to you"), "danger"),
    "unhappy": (N_("Unhappy answer in the survey"), "danger"),
    "mention": (N_("You are mentioned"), "info"),
    "task": (N_("A task for you"), "info"),
    "overdue": (N_("A task is due"), "danger"),
    "customer_added": (N_("New from the customer"), "info"),
    "call_me": (N_("Asks to be called"), "warn"),
    "solution": (N_("Does not accept the proposal"), "danger"),
    "action-due": (N_("Due today"), "warn"),
    "action-overdue": (N_("Overdue"), "danger"),
    "action-check": (N_("To be checked"), "warn"),
    "action-unchecked": (N_("Not checked in time"), "danger"),
}
_ABOUT: Final = {
    MENTION: N_("A note of a colleague"),
    TASK: N_("Task"),
    SURVEY: N_("Survey after the complaint"),
    ADDED: N_("The customer's page"),
    CALL_ME: N_("The customer's page"),
    SOLUTION: N_("The customer's page"),
    ACTION: N_("Corrective action"),
}
"""What a notice is about when it is about no milestone."""


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
    waits: bool
    """It asks for an answer, and nobody has given one."""


def notes_of(rows: Iterable[NoticeRow], policies: Mapping[str, Policy], waiting: Collection[UUID]) -> list[Note]:
    """Return notices with the words of their milestone, those that wait for an answer first."""
    notes = [
        Note(
            notice_id=row.notice_id,
            complaint_id=row.complaint_id,
            title=f"{number_text(row.number)} {row.title}",
            level=row.severity,
            text=gettext(_ABOUT[row.milestone])
            if row.milestone in _ABOUT
            else milestone_label(policies.get(row.policy_version), row.milestone),
            told=gettext(_TOLD[row.stage.split()[0]][0]),
            state=_TOLD[row.stage.split()[0]][1],
            due=row.due_at,
            sent_at=row.sent_at,
            waits=row.notice_id in waiting,
        )
        for row in rows
    ]
    return sorted(notes, key=lambda note: not note.waits)
