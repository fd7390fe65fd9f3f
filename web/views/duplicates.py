"""What pages say about suspected duplicates and merges: reasons, sides, and what follows, in the reader's language."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import msgspec

from core.customers.queries import CustomerRow
from core.customers.rules.likeness import Reason
from core.customers.rules.phones import national_digits
from core.merges.queries import MergePreview, Suspect
from core.merges.rules import FieldChoice
from web.formats import phone_masked
from web.i18n import N_, gettext, localized, ngettext
from web.views.customers import GENDERS
from web.views.profile import field_value

LEVELS: Final = {"strong": N_("Almost certain"), "likely": N_("Likely"), "possible": N_("Possible")}
LEVEL_STATES: Final = {"strong": "danger", "likely": "warn", "possible": "info"}
REASONS: Final = {
    "phone": N_("Same phone"),
    "landline": N_("Same landline"),
    "phone-near": N_("Phones differ by one slip"),
    "member-no": N_("Same member number"),
    "email": N_("Same e-mail"),
    "address": N_("Same address"),
    "name": N_("Same name"),
    "name-order": N_("Same name in another order"),
    "name-sound": N_("Names sound the same"),
    "name-near-sound": N_("Names sound nearly the same"),
    "name-look": N_("Names look alike"),
    "name-little": N_("Name with and without 小"),
    "name-title": N_("Only the surname is known"),
    "pet-chip": N_("Same chip number"),
    "pet-birthday": N_("Same pet, same birthday"),
    "pet-breed": N_("Same pet, same breed"),
    "pet": N_("Pet of the same name"),
    "chips-differ": N_("Chip numbers differ"),
    "pet-birthday-differs": N_("The pet's birthdays differ"),
    "phones-verified": N_("Two phones, both confirmed"),
    "phones-differ": N_("Phones differ"),
    "gender-differs": N_("Ms and Mr"),
    "member-no-differs": N_("Member numbers differ"),
}
FIELDS: Final = {
    "full_name": N_("Full name"),
    "phone_e164": N_("Phone to call first"),
    "gender": N_("Form of address"),
    "member_no": N_("Member number"),
    "branch_id": N_("Branch"),
    "note": N_("Note"),
}
# What follows, by table; what has no words here is counted together.
TABLES: Final = {
    "subject": N_("Pets and people"),
    "purchase": N_("Purchases"),
    "submission": N_("Filled-in forms"),
    "form_link": N_("Links to forms"),
    "complaint": N_("Complaints"),
    "visit": N_("Visits"),
    "customer_phone": N_("Phones"),
    "customer_contact": N_("Contacts"),
    "customer_tagging": N_("Tags"),
    "custom_value": N_("Own fields"),
    "stored_file": N_("Files"),
    "survey_answer": N_("Survey answers"),
    "survey_ask": N_("Survey invitations"),
    "survey_interview": N_("Interviews"),
}
GROWN: Final = {
    "winner-merged": N_("This customer was merged into another one since. Undo that first."),
    "winner-removed": N_("The customer who stayed was removed since."),
    "loser-moved": N_("The record was changed by another merge since. Undo that first."),
    "refund": N_("A bill that came with the merge was taken back since."),
    "pet:gone": N_("A pet that became one belongs to somebody else since."),
}


class ReasonLine(msgspec.Struct, frozen=True):
    """One reason as a badge; `speaks_for` also stands as a sign, for colour is never alone."""

    text: str
    speaks_for: bool


class SideLine(msgspec.Struct, frozen=True):
    """One of a pair."""

    customer_id: UUID
    name: str
    number: str
    phone: str
    pets: str
    last_visit_on: Any
    created_at: Any


class SuspectLine(msgspec.Struct, frozen=True):
    """One pair of the list."""

    a: SideLine
    b: SideLine
    level: str
    state: str
    reasons: list[ReasonLine]
    note: str
    judged: str


class ChoiceLine(msgspec.Struct, frozen=True):
    """One field of the preview: what each side says, and which are offered."""

    key: str
    label: str
    left: str
    right: str
    chosen: str
    may_join: bool
    differs: bool


def reason_lines(reasons: Sequence[Reason]) -> list[ReasonLine]:
    """The strongest first; what speaks against comes last."""
    ordered = sorted(reasons, key=lambda one: -one.points)
    return [ReasonLine(gettext(REASONS[one.code]), one.points > 0) for one in ordered if one.code in REASONS]


def suspect_line(suspect: Suspect) -> SuspectLine:
    judged = gettext("%(name)s said: two people") % {"name": suspect.judged_by_name} if suspect.judged_by_name else ""
    return SuspectLine(
        _side(suspect.a),
        _side(suspect.b),
        gettext(LEVELS[suspect.level]),
        LEVEL_STATES[suspect.level],
        reason_lines(suspect.reasons),
        suspect.note,
        judged,
    )


def _side(row: CustomerRow) -> SideLine:
    return SideLine(
        row.customer_id,
        row.full_name,
        row.member_no or f"K-{row.number}",
        phone_masked(row.phone_e164) if row.phone_e164 else "—",
        "、".join(row.pets) or "—",
        row.last_visit_on,
        row.created_at,
    )


def choice_lines(preview: MergePreview, branches: Mapping[UUID, str]) -> list[ChoiceLine]:
    """Fields of which at least one side says something, then the chain's own of which both do."""
    lines = [
        ChoiceLine(
            one.key,
            gettext(FIELDS[one.key]),
            _said(one, one.left, branches),
            _said(one, one.right, branches),
            one.chosen,
            one.key == "note" and one.differs,
            one.differs,
        )
        for one in preview.fields
        if one.left not in {None, ""} or one.right not in {None, ""}
    ]
    return lines + [
        ChoiceLine(
            one.key,
            localized(field.label) or field.key,
            field_value(field, one.left),
            field_value(field, one.right),
            one.chosen,
            may_join=False,
            differs=True,
        )
        for field, one in preview.own
    ]


def _said(field: FieldChoice, value: Any, branches: Mapping[UUID, str]) -> str:
    if value in {None, ""}:
        return ""
    if field.key == "gender":
        return gettext(GENDERS[value])
    if field.key == "phone_e164":
        return phone_masked(value)
    return branches.get(value, "") if field.key == "branch_id" else str(value)


def tail_of(phone: str) -> str:
    """A phone as the preview lists it: masked, for the whole number is shown on request only."""
    return phone_masked(phone) or national_digits(phone)[-4:]


def count_lines(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """What follows, named; the rest in one line."""
    named = [(gettext(words), counts[table]) for table, words in TABLES.items() if counts.get(table)]
    rest = sum(count for table, count in counts.items() if table not in TABLES)
    return [*named, (gettext("Other records"), rest)] if rest else named


def grown_texts(reasons: Sequence[str], own: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """Why a merge cannot be taken back, in words; `own` names the chain's own fields."""
    texts = [gettext(GROWN[one]) for one in reasons if one in GROWN]
    fields = [
        own.get(key) or gettext(FIELDS.get(key) or key)
        for key in (one.removeprefix("field:") for one in reasons if one.startswith("field:"))
    ]
    if fields:
        texts.append(gettext("Changed since: %(fields)s") % {"fields": "、".join(fields)})
    if any(one.startswith("pet:") and one not in GROWN for one in reasons):
        texts.append(gettext("A pet that became one was changed since."))
    moved = sum(one.startswith("moved:") for one in reasons)
    if moved:
        texts.append(
            ngettext(
                "Records of %(num)s kind belong to somebody else since.",
                "Records of %(num)s kinds belong to somebody else since.",
                moved,
            )
            % {"num": moved}
        )
    return texts
