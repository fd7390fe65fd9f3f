"""What describes a form: fields with their widget, unit and help, rows of several variants, and the lists to choose from."""

from typing import Any, Final, Literal

import msgspec

from core.conditions.rules.catalogue import Catalogue

Widget = Literal[
    "text",  # one line
    "words",  # in Chinese and in English
    "whole",  # a whole number
    "yuan",  # money, typed in yuan, kept in fen
    "pay",  # the percent that is paid, 90 is 9折
    "ratio",  # an exact multiplier
    "date",
    "choice",
    "many",  # several of a list
    "flag",
    "code",  # kept unseen, made by itself for a new row
    "group",  # the members of a record inside the record
    "span",  # so many months or days: two members of which one is given
    "rows",
    "when",  # conditions about the customer
]
Options = tuple[tuple[str, str], ...]
REQUIRED: Final = msgspec.UNSET


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of row; `type` is the tag of its record, or empty where a list knows only one kind."""

    type: str = ""
    label: str
    icon: str = "plus"
    fields: "tuple[Field, ...]"


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One member of a record as people fill it in; texts are msgids.

    `empty` is what stands in the record when nothing is typed; REQUIRED refuses that. `shown_when` names another field
    and its values (from the top of the form with a leading slash); `forgets` says that a value out of sight counts as none.
    """

    name: str
    label: str
    widget: Widget = "text"
    unit: str = ""
    help: str = ""
    empty: Any = REQUIRED
    low: int = 0
    high: int = 1_000_000_000
    most: int = 120
    options: Options | str = ()
    """Pairs of value and msgid, or the name of a list of `Choices`."""
    numbers: bool = False
    """Values of `many` are whole numbers."""
    small: bool = False
    shown_when: tuple[str, tuple[str, ...]] | None = None
    forgets: bool = False
    variants: tuple[Variant, ...] = ()
    fields: "tuple[Field, ...]" = ()
    members: tuple[str, str] = ("months", "days")
    prefix: str = ""
    """How a `code` begins."""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A heading with its fields; a folded one is for what most rules never need."""

    title: str
    fields: tuple[Field, ...]
    hint: str = ""
    folded: bool = False


class KindForm(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of rule: what it is for in one line, its form, and what a new one begins with."""

    kind: str
    label: str
    about: str
    icon: str
    heading: str
    record: type[Any]
    sections: tuple[Section, ...]
    sample: Any

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields of the form in their order."""
        return tuple(field for section in self.sections for field in section.fields)


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What a tenant may choose from: tiers, services, categories, coupons, roles, kinds of subjects; and its own fields."""

    lists: dict[str, Options]
    catalogue: Catalogue


Values = dict[str, list[str]]
"""A form as it was posted: texts by name; the name of rows holds the keys of its rows in their order."""


def texts_of(posted: Any) -> Values:
    """The posted form as lists of texts; files and the like are left out."""
    found: Values = {}
    for name, given in posted.items():
        texts = [text for text in (given if isinstance(given, list) else [given]) if isinstance(text, str)]
        if texts:
            found[name] = texts
    return found


def first(values: Values, name: str) -> str:
    """The text of one input, trimmed."""
    texts = values.get(name)
    return texts[0].strip() if texts else ""


def is_shown(field: Field, values: Values, prefix: str) -> bool:
    """Tell whether a field is in sight, by what is chosen elsewhere."""
    if field.shown_when is None:
        return True
    name, wanted = field.shown_when
    asked = name[1:] if name.startswith("/") else prefix + name
    return first(values, asked) in wanted


def variant_of(field: Field, values: Values, row: str) -> Variant:
    """What kind of row this is; one that was tampered with counts as the first kind."""
    kinds = list(field.variants)
    found = first(values, f"{row}type") if len(kinds) > 1 else ""
    return next((one for one in kinds if one.type == found), kinds[0])
