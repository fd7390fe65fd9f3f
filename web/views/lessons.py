"""What the desk reads about closing and learning: actions, causes, silence, entries of the library."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from core.casework.queries import CallFacts
from core.hooks.records.complaints import Category, Cause
from core.hooks.records.text import Text
from core.lessons.queries.closing import ActionFacts
from core.lessons.rules.closing import is_late
from core.scope import Actor
from web.formats import format_date
from web.i18n import N_, gettext, localized
from web.views.complaints import number_text

MOST_TRIES: Final = 10
STATES: Final[Mapping[str, tuple[str, str]]] = {
    "open": (N_("To do"), "info"),
    "done": (N_("Done, to be checked"), "brand"),
    "effective": (N_("It works"), "ok"),
    "ineffective": (N_("It does not work"), "danger"),
    "dropped": (N_("Dropped"), "neutral"),
}
WHYS: Final[Mapping[str, str]] = {
    "no_answer": N_("The customer does not answer"),
    "refuses": N_("The customer does not want to say"),
}
SILENCE_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "waiting": (N_("Waits for a leader"), "warn"),
    "confirmed": (N_("Confirmed"), "ok"),
    "rejected": (N_("Not confirmed"), "danger"),
}


def tries_of(calls: Sequence[CallFacts], needed: int, timezone: str) -> list[tuple[str, str]]:
    """The tries to reach the customer that are logged already, the oldest first, and empty ones up to what is needed."""
    zone = ZoneInfo(timezone)
    missed = sorted((one for one in calls if not one.reached), key=lambda one: one.at)[-MOST_TRIES:]
    found = [(f"{one.at.astimezone(zone):%Y-%m-%dT%H:%M}", _how(one)) for one in missed]
    return found + [("", "")] * (needed - len(found))


def _how(call: CallFacts) -> str:
    said = gettext("Phone") if call.way == "phone" else gettext("In person")
    return " · ".join(part for part in (said, call.number, call.outcome) if part)[:200]


class ActionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One corrective action in words, with what this reader can do."""

    action_id: UUID
    complaint_id: UUID
    number: str
    case_title: str
    words: str
    owner: str
    state: str
    tone: str
    late: bool
    day: str
    done_words: str
    check_words: str
    may_finish: bool
    may_check: bool


def action_line(one: ActionFacts, people: Mapping[UUID, str], actor: Actor, today: date) -> ActionLine:
    """Return an action in words."""
    state, tone = STATES[one.state]
    if one.state == "done" and one.check_on is not None:
        day = gettext("Check on %(day)s") % {"day": format_date(one.check_on)}
    else:
        day = gettext("Until %(day)s") % {"day": format_date(one.due_on)}
    may = actor.may("complaints.write")
    own = one.owner_id == actor.id or (one.done_by_name == actor.name and one.done_by_name != "")
    return ActionLine(
        action_id=one.action_id,
        complaint_id=one.complaint_id,
        number=number_text(one.number),
        case_title=one.title,
        words=one.words,
        owner=people.get(one.owner_id, ""),
        state=gettext(state),
        tone=tone,
        late=is_late(one.days, today),
        day=day,
        done_words=one.done_words,
        check_words=one.check_words,
        may_finish=may and one.state == "open",
        may_check=may and one.state == "done" and not own,
    )


def tree_options(nodes: Sequence[Cause] | Sequence[Category]) -> list[tuple[str, str]]:
    """Return a tree as options, each with the words above it."""
    labels = {node.id: localized(node.label) for node in nodes}
    return [
        (node.id, f"{labels[node.parent]} · {labels[node.id]}" if node.parent in labels else labels[node.id])
        for node in nodes
    ]


def label_of(labels: Mapping[str, Text], code: str | None) -> str:
    """Return the words of a category or cause; one that no plugin knows (any more) keeps its code."""
    if code is None:
        return "—"
    return localized(labels[code]) if code in labels else code
