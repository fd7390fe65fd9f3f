"""The desk's form of a complaint: what was typed becomes a filing, with the fields of its channel."""

import re
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from core.complaints.rules.filing import Filing
from core.complaints.rules.sources import SOURCES, Source
from core.errors import FieldProblem, InvalidInput
from core.hooks.records.complaints import Channel
from core.tenancy.queries import list_branches
from core.uow import Reader
from web.i18n import N_

_CHANNELS: Final[dict[str, Channel]] = {one: one for one in SOURCES}
"""Any text may be posted."""
_PHONE: Final = re.compile(r"\+?\d(?:[\d\s()-]{5,}\d)")
_MOST_DIGITS: Final = 18
DESK_CHANNELS: Final = (
    *("phone", "in_person", "online_chat", "social_media", "review_platform", "regulator", "email"),
)
SOURCE_FIELDS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "phone": (("called_at", N_("When the call came in"), "datetime"),),
    "in_person": (("place", N_("Where"), "text"),),
    "online_chat": (("tool", N_("Which chat"), "text"), ("account", N_("Account"), "text")),
    "social_media": (
        ("platform", N_("Platform"), "text"),
        ("account", N_("Account"), "text"),
        ("address", N_("Address of the post"), "url"),
        ("reach", N_("How many have seen it"), "number"),
    ),
    "review_platform": (
        ("platform", N_("Platform"), "text"),
        ("stars", N_("Stars"), "number"),
        ("account", N_("Account"), "text"),
        ("address", N_("Address of the review"), "url"),
    ),
    "regulator": (
        ("authority", N_("Authority"), "text"),
        ("case_number", N_("Number of the notice"), "text"),
        ("received_on", N_("Notice received on"), "date"),
        ("deadline", N_("To be answered by"), "date"),
    ),
    "email": (
        ("sender", N_("Sender"), "email"),
        ("subject", N_("Subject"), "text"),
        ("message_id", N_("Message id"), "text"),
    ),
    "api": (("key_name", N_("Key"), "text"), ("reference", N_("Reference"), "text")),
    "web": (),
}
"""By channel: the field, its English label, and the kind of control."""
_EMPTY_IS_NONE: Final = {"called_at", "reach", "stars", "received_on", "deadline"}


class NewComplaint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The desk's short form: who, what happened and what they wish are enough; the rest is for who has the time."""

    who: str = ""
    """As typed: a name, a phone, or both."""
    text: str = ""
    desired: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    anonymous: str = ""
    channel: str = "phone"
    category: str = ""
    cause: str = ""
    branch_id: str = ""
    estimate: str = ""
    bill: str = ""
    customer_id: str = ""
    subject_id: str = ""
    key: str = ""
    called_at: str = ""
    place: str = ""
    tool: str = ""
    platform: str = ""
    account: str = ""
    address: str = ""
    reach: str = ""
    stars: str = ""
    authority: str = ""
    case_number: str = ""
    received_on: str = ""
    deadline: str = ""
    sender: str = ""
    subject: str = ""
    message_id: str = ""


def read_who(text: str) -> tuple[str, str]:
    """Return name and phone of what was typed into one field: `王小明 138 0013 8000` in any order."""
    for found in _PHONE.finditer(text):
        if sum(char.isdecimal() for char in found.group()) <= _MOST_DIGITS:
            name = f"{text[: found.start()]} {text[found.end() :]}"
            return " ".join(re.sub(r"[,;/\uff0c\uff1b\u3001]+", " ", name).split()), found.group().strip()
    return " ".join(text.split()), ""


def contact_of(form: NewComplaint) -> tuple[str, str]:
    """Return name and phone, from their own fields or from the one that takes both."""
    name, phone = read_who(form.who)
    return form.contact_name or name, form.contact_phone or phone


def source_of(form: NewComplaint, timezone: str) -> Source | None:
    """Return the source of the chosen channel, None when nothing was written of it.

    Raises:
        InvalidInput: numbers and dates that are none, at `source.<field>`.
    """
    kind = next((one for channel, one in SOURCES.items() if channel == form.channel), None)  # any text may be posted
    if kind is None:
        return None
    values: dict[str, Any] = {}
    problems = []
    for name, _, control in SOURCE_FIELDS[form.channel]:
        typed = getattr(form, name).strip()
        try:
            values[name] = _value(name, typed, control, timezone)
        except ValueError:
            problems.append(FieldProblem(f"source.{name}", "wrong-form"))
    if problems:
        raise InvalidInput(tuple(problems))
    if not any(values.values()):
        return None
    made: Source = kind(**values)
    return made


def _value(name: str, typed: str, control: str, timezone: str) -> Any:
    if not typed:
        return None if name in _EMPTY_IS_NONE else ""
    if control == "number":
        if len(typed) > 15:
            raise ValueError(typed)
        return int(typed.replace(",", ""))
    if control == "date":
        return date.fromisoformat(typed)
    if control == "datetime":
        moment = datetime.fromisoformat(typed)
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))
    return typed


def fen_of(text: str, path: str) -> int | None:
    """Read yuan as people type them; None when nothing was typed."""
    plain = text.strip().replace(",", "").removeprefix("¥").removeprefix("\uffe5")
    if not plain:
        return None
    whole, _, part = plain.partition(".")
    if not (whole.isdecimal() and (part.isdecimal() or not part) and len(part) <= 2 and len(whole) <= 10):
        raise InvalidInput((FieldProblem(path, "amount"),))
    return int(whole) * 100 + int((part + "00")[:2])


def _identity(text: str, path: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidInput((FieldProblem(path, "wrong-form"),)) from None


async def filing_of(reader: Reader, form: NewComplaint) -> Filing:
    """Return the filing; raise InvalidInput for what cannot be read, every field of it at once."""
    problems: list[FieldProblem] = []
    branch_id = _kept(problems, _identity, form.branch_id, "branch_id")
    if branch_id is not None and branch_id not in {branch.branch_id for branch in await list_branches(reader)}:
        problems.append(FieldProblem("branch_id", "unknown-branch"))
    if form.channel not in DESK_CHANNELS and form.channel != "web":
        problems.append(FieldProblem("channel", "option"))
    source = _kept(problems, source_of, form, reader.scope.timezone)
    name, phone = contact_of(form)
    filing = Filing(
        text=form.text,
        desired=form.desired,
        contact_name=name,
        contact_phone=phone,
        channel=_CHANNELS.get(form.channel, "phone"),
        source=source,
        anonymous=form.anonymous == "true",
        category=form.category or None,
        cause=form.cause or None,
        branch_id=branch_id,
        customer_id=_kept(problems, _identity, form.customer_id, "customer_id"),
        subject_id=_kept(problems, _identity, form.subject_id, "subject_id"),
        estimate_fen=_kept(problems, fen_of, form.estimate, "estimate"),
        bill_fen=_kept(problems, fen_of, form.bill, "bill"),
    )
    if problems:
        raise InvalidInput(tuple(problems))
    return filing


def _kept(problems: list[FieldProblem], read: Any, *typed: Any) -> Any:
    """Read one field; what is refused is kept with the other problems."""
    try:
        return read(*typed)
    except InvalidInput as refused:
        problems.extend(refused.problems)
        return None
