"""What customer pages show: lines of the list, pets, the member card and the timeline in the reader's language."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from core.customers.queries import CustomerRow, SubjectRecord
from core.hooks.records.customers import SubjectType
from core.hooks.records.forms import ChoiceField, DateField, Field, NumberField, TextField
from core.hooks.records.loyalty.points import Tier, TierLadder
from core.loyalty.queries import Membership
from core.profiles.rules import OwnField
from web.i18n import N_, gettext, localized, ngettext
from web.views.profile import field_input, field_value

SEXES: Final = {"male": N_("Male"), "female": N_("Female"), "unknown": N_("Not known")}
GENDERS: Final = {"female": N_("Ms"), "male": N_("Mr")}
YES_NO: Final = {"yes": N_("Yes"), "no": N_("No")}
CORE_FIELDS: Final = frozenset({"species", "breed", "sex", "birthday", "chip", "neutered"})


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
