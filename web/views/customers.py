"""What customer pages show: lines of the list, pets, the member card and the timeline in the reader's language."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec

from core.customers.queries import CustomerRow, SubjectRecord, TimelineEvent
from core.hooks.records.customers import SubjectType
from core.hooks.records.forms import ChoiceField, DateField, Field, NumberField, TextField
from core.hooks.records.loyalty.points import Tier, TierLadder
from core.loyalty.queries import Membership
from core.loyalty.rules import find_tier
from core.profiles.queries import NoteState, NoteVersion
from core.profiles.rules import OwnField
from web.formats import money
from web.i18n import N_, gettext, localized, ngettext
from web.views.profile import CHANNELS, PURPOSES, field_input, field_value
from web.views.visits import VISIT_KINDS
from web.views.visits import told as visit_told

SEXES: Final = {"male": N_("Male"), "female": N_("Female"), "unknown": N_("Not known")}
GENDERS: Final = {"female": N_("Ms"), "male": N_("Mr")}
YES_NO: Final = {"yes": N_("Yes"), "no": N_("No")}
KINDS: Final = {
    "notes": (N_("Notes"), ("note",)),
    "purchases": (N_("Purchases"), ("purchase", "refund", "tier_changed")),
    "forms": (N_("Forms"), ("intake", "consent", "consent_withdrawn", "survey", "check")),
    "complaints": (N_("Complaints"), ("complaint",)),
    "permissions": (N_("Permissions"), ("contact_granted", "contact_withdrawn")),
    "visits": (N_("Visits"), VISIT_KINDS),
    "record": (
        N_("Record"),
        ("registered", "changed", "subject_added", "imported", "import_undone", "merged", "merge_undone"),
    ),
}
"""Filters of the timeline: words, and the kinds of entries behind them."""
CORE_FIELDS: Final = frozenset({"species", "breed", "sex", "birthday", "chip", "neutered"})
_FIELD_NAMES: Final = {
    "full_name": N_("Full name"),
    "phone_e164": N_("Phone"),
    "gender": N_("Form of address"),
    "member_no": N_("Member number"),
    "note": N_("Note"),
    "branch_id": N_("Branch"),
}


class TierView(msgspec.Struct, frozen=True):
    """A tier as a badge."""

    label: str
    state: str


class CustomerLine(msgspec.Struct, frozen=True):
    """One line of the list."""

    customer_id: UUID
    title: str
    detail: str
    phone: str | None
    last_visit_on: date | None
    tier: TierView | None
    spent_fen: int


class SubjectLine(msgspec.Struct, frozen=True):
    """One pet or person on the customer's page."""

    subject_id: UUID
    name: str
    icon: str
    detail: str
    facts: list[tuple[str, str]]
    deceased: bool


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


class ExtraField(msgspec.Struct, frozen=True):
    """An input for a field that a plugin added to its subject."""

    name: str
    label: str
    kind: str
    options: list[tuple[str, str]]
    unit: str


def tier_view(ladder: TierLadder | None, tier: Tier | None) -> TierView | None:
    """The badge: the higher, the stronger; the words say the same as the colour."""
    if ladder is None or tier is None:
        return None
    place = next((index for index, one in enumerate(ladder.tiers) if one.code == tier.code), 0)
    states = ("neutral", "info", "brand")
    return TierView(localized(tier.label), states[min(place, len(states) - 1)])


def customer_lines(
    rows: Sequence[CustomerRow], cards: Mapping[UUID, Membership], ladder: TierLadder | None
) -> list[CustomerLine]:
    lines = []
    for row in rows:
        card = cards.get(row.customer_id)
        number = row.member_no or f"K-{row.number}"
        detail = " · ".join([number, *row.pets[:3]]) + ("…" if len(row.pets) > 3 else "")
        lines.append(
            CustomerLine(
                customer_id=row.customer_id,
                title=row.full_name,
                detail=detail,
                phone=row.phone_e164,
                last_visit_on=row.last_visit_on,
                tier=tier_view(ladder, card.tier if card else None),
                spent_fen=card.spent_fen if card else 0,
            )
        )
    return lines


def age_text(birthday: date, today: date) -> str:
    """4 years, 7 months, 12 days."""
    months = (today.year - birthday.year) * 12 + today.month - birthday.month - (today.day < birthday.day)
    if months >= 12:
        return ngettext("%(n)s year old", "%(n)s years old", months // 12) % {"n": months // 12}
    if months >= 1:
        return ngettext("%(n)s month old", "%(n)s months old", months) % {"n": months}
    days = max(0, (today - birthday).days)
    return ngettext("%(n)s day old", "%(n)s days old", days) % {"n": days}


def field_of(kind: SubjectType | None, key: str) -> Field | None:
    return next((field for field in kind.fields if field.key == key), None) if kind else None


def options_of(field: Field | None) -> list[tuple[str, str]]:
    """The choices of a field in the reader's language."""
    return [(o.value, localized(o.label)) for o in field.options] if isinstance(field, ChoiceField) else []


def extra_fields(kind: SubjectType | None) -> list[ExtraField]:
    """Inputs for the fields that a plugin added beyond what every subject has."""
    extra = []
    for field in kind.fields if kind else ():
        if field.key in CORE_FIELDS or not isinstance(field, TextField | NumberField | DateField | ChoiceField):
            continue
        unit = localized(field.unit) if isinstance(field, NumberField) else ""
        input_kind = {TextField: "text", NumberField: "number", DateField: "date", ChoiceField: "select"}[type(field)]
        extra.append(ExtraField(f"x_{field.key}", localized(field.label), input_kind, options_of(field), unit))
    return extra


def own_fields(fields: Sequence[OwnField]) -> list[ExtraField]:
    """Inputs for the fields of the chain's own."""
    return [
        ExtraField(f"x_{field.key}", localized(field.label) or field.key, *field_input(field), "") for field in fields
    ]


def subject_lines(
    subjects: Sequence[SubjectRecord],
    kinds: Mapping[str, SubjectType],
    today: date,
    own: Sequence[OwnField] = (),
) -> list[SubjectLine]:
    by_key = {field.key: field for field in own}
    return [_subject_line(subject, kinds.get(subject.kind), today, by_key) for subject in subjects]


def _subject_line(
    subject: SubjectRecord, kind: SubjectType | None, today: date, own: Mapping[str, OwnField]
) -> SubjectLine:
    species = dict(options_of(field_of(kind, "species"))).get(subject.species or "", subject.species or "")
    parts = [species, subject.breed or "", age_text(subject.birthday, today) if subject.birthday else ""]
    facts = []
    if subject.sex and subject.sex != "unknown":
        sex = dict(options_of(field_of(kind, "sex"))).get(subject.sex) or gettext(SEXES[subject.sex])
        facts.append((gettext("Sex"), sex))
    if subject.neutered is not None:
        facts.append((gettext("Neutered"), gettext(YES_NO["yes" if subject.neutered else "no"])))
    if subject.chip:
        facts.append((gettext("Chip"), subject.chip))
    for key, value in subject.custom.items():
        if key in own:
            facts.append((localized(own[key].label) or key, field_value(own[key], value)))
            continue
        field = field_of(kind, key)
        text = dict(options_of(field)).get(str(value), str(value))
        unit = f" {localized(field.unit)}" if isinstance(field, NumberField) and field.unit else ""
        facts.append((localized(field.label) if field else key, text + unit))
    if subject.note:
        facts.append((gettext("Note"), subject.note))
    return SubjectLine(
        subject_id=subject.subject_id,
        name=subject.name,
        icon=kind.icon if kind else "paw-print",
        detail=" · ".join(part for part in parts if part),
        facts=facts,
        deceased=subject.deceased_on is not None,
    )


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
    **dict.fromkeys(VISIT_KINDS, _visit),
}
