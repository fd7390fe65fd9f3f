"""The timeline of a customer in the reader's language: each kind of entry says what happened."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from core.customers.queries import TimelineEvent
from core.hooks.records.loyalty.points import TierLadder
from core.loyalty.rules.tiers import find_tier
from core.profiles.queries import NoteState, NoteVersion
from web.formats import money
from web.i18n import N_, gettext, localized
from web.views.churn import OUTCOME_NAMES, SIGNALS
from web.views.profile import CHANNELS, PURPOSES
from web.views.rewards import REWARD_KINDS
from web.views.rewards import told as reward_told
from web.views.thanks import THANKS, THANKS_KINDS, thanks_body
from web.views.visits import VISIT_KINDS
from web.views.visits import told as visit_told

KINDS: Final = {
    "notes": (N_("Notes"), ("note",)),
    "purchases": (N_("Purchases"), ("purchase", "refund", "tier_changed")),
    "forms": (N_("Forms"), ("intake", "consent", "consent_withdrawn", "survey", "check")),
    "complaints": (N_("Complaints"), ("complaint",)),
    "permissions": (N_("Permissions"), ("contact_granted", "contact_withdrawn")),
    "visits": (N_("Visits"), VISIT_KINDS),
    "rewards": (N_("Coupons and benefits"), REWARD_KINDS),
    "thanks": (N_("Thanks and gifts"), THANKS_KINDS),
    "record": (
        N_("Record"),
        (
            "registered",
            "changed",
            "subject_added",
            "imported",
            "import_undone",
            "merged",
            "merge_undone",
            "churn_opened",
            "churn_closed",
        ),
    ),
}
"""Filters of the timeline: words, and the kinds of entries behind them."""

_FIELD_NAMES: Final = {
    "full_name": N_("Full name"),
    "phone_e164": N_("Phone"),
    "gender": N_("Form of address"),
    "member_no": N_("Member number"),
    "note": N_("Note"),
    "branch_id": N_("Branch"),
}


class EventLine(msgspec.Struct, frozen=True):
    """One entry of the timeline; `path` is below the tenant."""

    event_id: UUID
    icon: str
    title: str
    body: str
    at: Any
    who: str
    state: str = "neutral"
    path: str = ""
    refund: str = ""
    """Where a purchase is taken back, below the customer; empty when it is none or cannot be any more."""
    note: str = ""
    """A note's own address below the customer; empty for everything else."""
    removed: bool = False
    versions: Sequence[NoteVersion] = ()
    """What was done to a note, oldest first."""


def event_lines(
    events: Sequence[TimelineEvent],
    ladder: TierLadder | None,
    refundable: Collection[UUID] = (),
    notes: Mapping[UUID, NoteState] | None = None,
) -> list[EventLine]:
    """The timeline in words; a kind of a plugin brings its own in `data.label`, else it is shown by its name."""
    lines = [_with_note(_event_line(event, ladder), event, (notes or {}).get(event.event_id)) for event in events]
    return [
        msgspec.structs.replace(line, refund=f"/purchases/{event.ref_id}/refund")
        if event.kind == "purchase" and event.ref_id in refundable
        else line
        for event, line in zip(events, lines, strict=True)
    ]


def _with_note(line: EventLine, event: TimelineEvent, state: NoteState | None) -> EventLine:
    if event.kind != "note":
        return line
    line = msgspec.structs.replace(line, note=f"/notes/{event.event_id}")
    if state is None:
        return line
    title = gettext("Note, removed") if state.removed else gettext("Note, changed") if state.body else line.title
    body = "" if state.removed else state.body if state.body is not None else line.body
    written = NoteVersion("note_written", line.body, line.who, event.at)
    versions = (written, *state.versions)
    return msgspec.structs.replace(line, title=title, body=body, removed=state.removed, versions=versions)


def _event_line(event: TimelineEvent, ladder: TierLadder | None) -> EventLine:
    say = _SAY.get(event.kind)
    told = say(event, ladder) if say else _of_plugin(event)
    who = "" if event.actor_kind == "system" else event.actor_name
    return EventLine(event.event_id, told.icon, told.title, told.body, event.at, who, told.state, told.path)


class _Told(msgspec.Struct, frozen=True):
    """An entry in words."""

    icon: str
    title: str
    body: str = ""
    state: str = "neutral"
    path: str = ""


def _of_plugin(event: TimelineEvent) -> _Told:
    """An event of a plugin says `label` in both languages, and perhaps `text`."""
    label = event.data.get("label")
    title = localized(label) if isinstance(label, dict) else event.kind.replace("_", " ")
    text = event.data.get("text", "")
    return _Told("circle-dot", title, localized(text) if isinstance(text, str | dict) else "")


def _permission(event: TimelineEvent, _: TierLadder | None) -> _Told:
    purpose = gettext(PURPOSES[event.data["purpose"]][0]) if event.data.get("purpose") in PURPOSES else ""
    channel = event.data.get("channel", "all")
    where = f" · {gettext(CHANNELS[channel])}" if channel in CHANNELS else ""
    if event.kind == "contact_granted":
        return _Told("shield-check", gettext("Allowed: %(purpose)s") % {"purpose": purpose + where}, state="ok")
    return _Told("shield-off", gettext("Withdrawn: %(purpose)s") % {"purpose": purpose + where}, state="warn")


def _changed(event: TimelineEvent, _: TierLadder | None) -> _Told:
    names = [gettext(_FIELD_NAMES.get(name) or name) for name in map(str, event.data.get("fields", ()))]
    return _Told("pencil", gettext("Changed: %(fields)s") % {"fields": ", ".join(names)})


def _imported(event: TimelineEvent, _: TierLadder | None) -> _Told:
    values = {"file": event.data.get("filename", ""), "row": event.data.get("row", "")}
    path = f"/imports/{event.ref_id}"
    if event.kind == "import_undone":
        return _Told("undo-2", gettext("The import of %(file)s was undone") % values, path=path)
    return _Told("file-up", gettext("Imported from %(file)s, row %(row)s") % values, path=path)


def _merged(event: TimelineEvent, _: TierLadder | None) -> _Told:
    values = {"name": event.data.get("name", ""), "number": event.data.get("number", "")}
    if event.kind == "merge_undone":
        return _Told("split", gettext("The merge with %(name)s (K-%(number)s) was undone") % values)
    return _Told("merge", gettext("%(name)s (K-%(number)s) was merged into this record") % values)


def _bought(event: TimelineEvent, _: TierLadder | None) -> _Told:
    amount = {"amount": money(event.data.get("fen", 0))}
    if event.kind == "refund":
        return _Told("undo-2", gettext("%(amount)s was taken back") % amount)
    title = gettext("Purchase of %(amount)s") % amount
    if event.data.get("saved_fen"):
        title += " · " + gettext("member discount %(amount)s") % {"amount": money(event.data["saved_fen"])}
    return _Told("receipt", title, event.data.get("description", ""))


def _tier(event: TimelineEvent, ladder: TierLadder | None) -> _Told:
    tier = find_tier(ladder, event.data.get("to")) if ladder else None
    title = gettext("Is now %(tier)s") % {"tier": localized(tier.label)} if tier else gettext("The tier changed")
    return _Told("award", title, state="ok")


def _form(event: TimelineEvent, _: TierLadder | None) -> _Told:
    flags = [localized(flag) for flag in event.data.get("flags", ())]
    title = localized(event.data.get("title")) or gettext("Form")
    state = "warn" if flags else "neutral"
    path = f"/forms/{event.ref_id}" if event.ref_id else ""
    return _Told("clipboard-list", title, "、".join(flags), state, path)


def _withdrawn(event: TimelineEvent, _: TierLadder | None) -> _Told:
    title = gettext("Consent withdrawn: %(form)s") % {"form": localized(event.data.get("title")) or gettext("Form")}
    path = f"/forms/{event.ref_id}" if event.ref_id else ""
    return _Told("ban", title, event.data.get("reason", ""), "warn", path)


def _complaint(event: TimelineEvent, _: TierLadder | None) -> _Told:
    return _Told("siren", gettext("Complaint"), event.data.get("title", ""), "warn", f"/complaints/{event.ref_id}")


def _visit(event: TimelineEvent, _: TierLadder | None) -> _Told:
    icon, title, body, state, path = visit_told(event.kind, event.data, event.ref_id)
    return _Told(icon, title, body, state, path)


def _reward(event: TimelineEvent, _: TierLadder | None) -> _Told:
    return _Told(*reward_told(event.kind, event.data))


def _churn(event: TimelineEvent, _: TierLadder | None) -> _Told:
    path = f"/at-risk/{event.ref_id}"
    if event.kind == "churn_closed":
        outcome = gettext(OUTCOME_NAMES.get(event.data.get("outcome", ""), "Closed"))
        return _Told("user-round-check", gettext("No longer at risk: %(outcome)s") % {"outcome": outcome}, path=path)
    label, _icon = SIGNALS.get(event.data.get("signal", ""), SIGNALS["by_hand"])
    title = gettext("May be leaving: %(signal)s") % {"signal": gettext(label)}
    return _Told("user-round-x", title, state="warn", path=path)


def _thanks(event: TimelineEvent, _: TierLadder | None) -> _Told:
    told = THANKS[event.kind]
    return _Told(told.icon, gettext(told.title), thanks_body(event.kind, event.data), told.state)


_SAY: Final[dict[str, Callable[[TimelineEvent, TierLadder | None], _Told]]] = {
    "registered": lambda _event, _ladder: _Told("user-round-plus", gettext("Customer was added")),
    "changed": _changed,
    "subject_added": lambda event, _: _Told(
        "paw-print", gettext("%(name)s was added") % {"name": event.data.get("name", "")}
    ),
    "note": lambda event, _: _Told("notebook-pen", gettext("Note"), event.data.get("body", "")),
    "imported": _imported,
    "import_undone": _imported,
    "merged": _merged,
    "merge_undone": _merged,
    "contact_granted": _permission,
    "contact_withdrawn": _permission,
    "purchase": _bought,
    "refund": _bought,
    "tier_changed": _tier,
    "intake": _form,
    "consent": _form,
    "survey": _form,
    "check": _form,
    "consent_withdrawn": _withdrawn,
    "complaint": _complaint,
    **dict.fromkeys(THANKS_KINDS, _thanks),
    "churn_opened": _churn,
    "churn_closed": _churn,
    **dict.fromkeys(VISIT_KINDS, _visit),
    **dict.fromkeys(REWARD_KINDS, _reward),
}
