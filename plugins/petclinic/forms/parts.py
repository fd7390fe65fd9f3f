"""What several papers of the clinic ask in the same words: which pet, and who signs."""

from plugins.api import (
    ChoiceField,
    CompletenessItem,
    Condition,
    Field,
    Option,
    Section,
    TextField,
    both,
)
from plugins.petclinic.customers import SPECIES

STRATEGY = "2025东营宠物诊所客户服务策略"


def pet_name() -> TextField:
    """Which pet it is about; finds the pet on record."""
    return TextField(
        key="pet_name", label=both("宠物名字", "Pet's name"), required=True, max_length=60, profile="subject.name"
    )


def species() -> ChoiceField:
    """The kind of pet."""
    return ChoiceField(
        key="species",
        label=both("宠物类型", "Kind of pet"),
        required=True,
        options=SPECIES,
        profile="subject.species",
    )


def owner_name() -> TextField:
    """The customer's name."""
    return TextField(
        key="owner_name",
        label=both("您的姓名", "Your name"),
        required=True,
        max_length=60,
        profile="customer.full_name",
    )


def owner_phone() -> TextField:
    """The customer's phone, by which the record is found."""
    return TextField(
        key="owner_phone",
        label=both("手机号", "Phone"),
        required=True,
        max_length=20,
        input="tel",
        profile="customer.phone",
    )


# A pet's consent is given by its owner, or by the guardian of an owner who is a minor.
SIGNERS = (
    Option("owner", both("主人", "The owner")),
    Option("guardian", both("主人的监护人（主人未成年）", "The guardian of an owner who is a minor")),
)


def when(field: str, value: str | float) -> Condition:
    """The field has this answer."""
    return Condition(field=field, op="eq", value=value)


def section(local: str, zh: str, en: str, fields: tuple[Field, ...]) -> Section:
    """A step of a form with these fields."""
    return Section(id=local, title=both(zh, en), fields=tuple(field.key for field in fields))


def item(local: str, zh: str, en: str, *fields: str) -> CompletenessItem:
    """One thing the doctor expects to know."""
    return CompletenessItem(id=local, label=both(zh, en), fields=fields)
