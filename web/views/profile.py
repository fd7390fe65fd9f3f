"""What the profile parts of a customer's page show: tags, wishes, own fields with their history, ways and permissions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from core.contacts.queries import ContactRecord, PurposeState
from core.customers.queries import ValueRecord
from core.profiles.queries import Preference, Tag
from core.profiles.rules import OwnField
from web.i18n import N_, gettext, localized

TAG_STATES: Final = {
    "grey": "neutral",
    "green": "ok",
    "blue": "info",
    "amber": "warn",
    "red": "danger",
    "violet": "brand",
}
COLOURS: Final = {
    "grey": N_("Grey"),
    "green": N_("Green"),
    "blue": N_("Blue"),
    "amber": N_("Amber"),
    "red": N_("Red"),
    "violet": N_("Violet"),
}
WAYS: Final = {"email": N_("E-mail"), "wechat": N_("WeChat"), "address": N_("Address")}
WAY_ICONS: Final = {"email": "mail", "wechat": "message-circle", "address": "map-pin"}
CHANNELS: Final = {"phone": N_("Phone call"), "sms": N_("Text message"), "wechat": N_("WeChat"), "email": N_("E-mail")}
TIMES: Final = {
    "morning": N_("In the morning"),
    "noon": N_("Around noon"),
    "afternoon": N_("In the afternoon"),
    "evening": N_("In the evening"),
    "weekend": N_("At the weekend"),
}
LANGUAGES: Final = {"zh-CN": "中文", "en": "English"}
PURPOSES: Final = {
    "service": (N_("Service"), N_("Appointments, results, follow-up after a visit")),
    "survey": (N_("Surveys"), N_("How satisfied somebody was with a visit")),
    "marketing": (N_("Offers"), N_("News, offers and events")),
    "research": (N_("Research"), N_("Questions that are not about a visit of one's own")),
    "health_data": (N_("Health data"), N_("Use of one's own health data, agreed to separately")),
}
SOURCES: Final = {
    "form": N_("on a form"),
    "desk": N_("at the desk"),
    "customer_page": N_("on the own page"),
    "import": N_("by a list"),
}
FIELD_KINDS: Final = {
    "text": N_("Text"),
    "number": N_("Whole number"),
    "date": N_("Date"),
    "bool": N_("Yes or no"),
    "choice": N_("One of several"),
}
WHO_SAID: Final = {"import": N_("a list"), "customer": N_("the customer"), "staff": N_("staff")}


class Said(msgspec.Struct, frozen=True):
    """One value that was said about a field."""

    value: str
    who: str
    at: datetime
    taken: bool


class FieldLine(msgspec.Struct, frozen=True):
    """An own field with its present value in words, and what was said before."""

    key: str
    label: str
    value: str
    history: list[Said]


class WayLine(msgspec.Struct, frozen=True):
    """One way to reach somebody."""

    contact_id: UUID
    kind: str
    icon: str
    value: str
    label: str


class PermissionLine(msgspec.Struct, frozen=True):
    """One purpose: what holds, since when, and the buttons that change it."""

    purpose: str
    title: str
    detail: str
    state: str
    """all | some | none"""
    channels: list[tuple[str, str, bool]]
    last: str
    at: datetime | None


def field_value(field: OwnField, value: Any) -> str:
    """A stored value in the reader's language; one that no longer fits stands as it is."""
    if value is None or value == "":
        return ""
    if field.kind == "bool" and value in {0, 1}:
        return gettext("Yes") if value else gettext("No")
    for option, label in field.options:
        if option == value:
            return localized(label) or option
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def field_input(field: OwnField) -> tuple[str, list[tuple[str, str]]]:
    """The kind of `ui.field` for a field, and its options."""
    if field.kind == "bool":
        return "select", [("yes", gettext("Yes")), ("no", gettext("No"))]
    if field.kind == "choice":
        return "select", [(value, localized(label) or value) for value, label in field.options]
    return {"number": "number", "date": "date"}.get(field.kind, "text"), []


def typed_value(field: OwnField, value: Any) -> str:
    """A stored value as the input shows it."""
    if value is None:
        return ""
    if field.kind == "bool" and value in {0, 1}:
        return "yes" if value else "no"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def field_lines(fields: Sequence[OwnField], values: dict[str, Any], said: Sequence[ValueRecord]) -> list[FieldLine]:
    """Fields with a value or a history; what was never asked stays away."""
    lines = []
    for field in fields:
        history = [
            Said(
                _said_value(field, one.value),
                f"{gettext(WHO_SAID.get(one.source, one.source))}{f' ({one.actor_name})' if one.actor_name else ''}",
                one.at,
                one.taken,
            )
            for one in said
            if one.field_key == field.key
        ]
        value = field_value(field, values.get(field.key))
        if value or history:
            lines.append(FieldLine(field.key, localized(field.label) or field.key, value, history))
    return lines


def _said_value(field: OwnField, text: str | None) -> str:
    if text is None:
        return "—"
    if field.kind == "bool":
        return {"yes": gettext("Yes"), "1": gettext("Yes"), "no": gettext("No"), "0": gettext("No")}.get(text, text)
    return field_value(field, text)


def wish_lines(wish: Preference, *, clinician: str, branches: dict[UUID, str]) -> list[tuple[str, str]]:
    """What was wished, in words."""
    lines = [
        (gettext("Clinician"), clinician),
        (gettext("Branch"), branches.get(wish.branch_id, "") if wish.branch_id else ""),
        (gettext("Channel"), gettext(CHANNELS[wish.channel]) if wish.channel else ""),
        (gettext("Best time"), gettext(TIMES[wish.contact_time]) if wish.contact_time else ""),
        (gettext("Language"), LANGUAGES.get(wish.locale or "", "")),
    ]
    return [(name, value) for name, value in lines if value]


def tag_badges(tags: Sequence[Tag]) -> list[tuple[UUID, str, str]]:
    """(id, name, state of the badge)."""
    return [(tag.tag_id, tag.name, TAG_STATES.get(tag.colour, "neutral")) for tag in tags]


def way_lines(ways: Sequence[ContactRecord]) -> list[WayLine]:
    return [WayLine(one.contact_id, gettext(WAYS[one.kind]), WAY_ICONS[one.kind], one.value, one.label) for one in ways]


def permission_lines(states: Sequence[PurposeState], *, with_health: bool = True) -> list[PermissionLine]:
    lines = []
    for state in states:
        if state.purpose == "health_data" and not with_health and not state.asked:
            continue
        title, detail = PURPOSES[state.purpose]
        open_to = list(state.allowed.values())
        last = state.last
        lines.append(
            PermissionLine(
                purpose=state.purpose,
                title=gettext(title),
                detail=gettext(detail),
                state="all" if all(open_to) else "some" if any(open_to) else "none",
                channels=[
                    (name, gettext(CHANNELS[name]), allowed)
                    for name, allowed in state.allowed.items()
                    if name in CHANNELS
                ],
                last=_last(last.decision, last.source) if last else gettext("Never asked"),
                at=last.at if last else None,
            )
        )
    return lines


def _last(decision: str, source: str) -> str:
    where = {"place": gettext(SOURCES.get(source, source))}
    return gettext("Allowed %(place)s") % where if decision == "granted" else gettext("Withdrawn %(place)s") % where
