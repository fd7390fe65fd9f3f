"""How much calcium somebody needs by a versioned table, what is missing, and when only a human adviser may say more; pure."""

from typing import Final, Literal

import msgspec

from plugins.api import Text, both

Sex = Literal["female", "male", "unknown"]
Special = Literal["kidney_stone", "hypertension", "pregnant", "child"]
MONTHS: Final = 12
ADULT: Final = 18
"""facts/calcium advice: under 18 -> a human adviser; a tenant may ask for more years, never for fewer."""
ELDER: Final = 50
"""适合50岁以上女性的补钙剂量 (facts intake.for_mother)."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Milligrams a day for an age (completed months, both ends included) and a sex."""

    first: int
    last: int | None
    sex: Literal["any", "female", "male"] = "any"
    lactating: bool = False
    """Pregnant or breast-feeding."""
    value: int
    kind: Literal["AI", "RDA"]
    ul: int
    """Tolerable upper intake level."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One edition of a reference, never changed once it was shipped: answers name it."""

    id: str
    source: str
    rows: tuple[Row, ...]


def _years(first: int, last: int | None, value: int, ul: int, sex: Literal["any", "female", "male"] = "any") -> Row:
    end = None if last is None else last * MONTHS + MONTHS - 1
    return Row(first=first * MONTHS, last=end, sex=sex, value=value, kind="RDA", ul=ul)


def _lactating(first: int, last: int, value: int, ul: int) -> Row:
    row = _years(first, last, value, ul, "female")
    return msgspec.structs.replace(row, lactating=True)


# facts/calcium.yaml, status verified. The Chinese edition of 2023 is absent there: its numbers were not found, so it is not here.
IOM_2011: Final = Table(
    id="IOM-2011",
    source="Institute of Medicine, Dietary Reference Intakes for Calcium and Vitamin D, 2011",
    rows=(
        Row(first=0, last=6, value=200, kind="AI", ul=1000),
        Row(first=7, last=11, value=260, kind="AI", ul=1500),
        _years(1, 3, 700, 2500),
        _years(4, 8, 1000, 2500),
        _years(9, 13, 1300, 3000),
        _years(14, 18, 1300, 3000),
        _years(19, 50, 1000, 2500),
        _years(51, 70, 1000, 2000, "male"),
        _years(51, 70, 1200, 2000, "female"),
        _years(71, None, 1200, 2000),
        _lactating(14, 18, 1300, 3000),
        _lactating(19, 50, 1000, 2500),
    ),
)
TABLES: Final = {table.id: table for table in (IOM_2011,)}
# facts/calcium default_dietary_intake: median intake of Chinese adults
DIET_MG: Final = 328
DIET_SOURCE: Final = "PLoS ONE 2018, 10.1371/journal.pone.0205045"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the answer is for."""

    months: int
    """Completed months of age."""
    sex: Sex = "unknown"
    special: frozenset[Special] = frozenset()

    @property
    def years(self) -> int:
        return self.months // MONTHS


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """The answer with all it stands on; without a dose a human adviser takes over."""

    table: str
    source: str
    row: Row | None
    intake: int
    gap: int
    room: int
    """What is left until the upper level."""
    dose: int | None
    """Milligrams a day beside the food; None: an adviser decides. 0: nothing is missing, or the upper level is reached."""
    bound: Literal["adviser", "gap", "upper", "product", "enough", "unknown_age"]
    """What decided."""
    special: tuple[Special, ...] = ()
    sex_assumed: bool = False
    """The sex was not told and the table differs by it: the row that asks for less."""


def row_for(table: Table, person: Person) -> Row | None:
    """Return the row of an age and sex; of two that fit a sex which is not told, the one that asks for less."""
    lactating = "pregnant" in person.special
    fitting = [
        row
        for row in table.rows
        if row.first <= person.months
        and (row.last is None or person.months <= row.last)
        and row.sex in ({"any", "female", "male"} if person.sex == "unknown" else {"any", person.sex})
        and (not row.lactating or lactating)
    ]
    # A row for pregnant and nursing women goes before the common one of the same age.
    return min(fitting, key=lambda row: (not row.lactating, row.value), default=None)


def reckon(
    table: Table,
    person: Person,
    *,
    diet_mg: int = DIET_MG,
    other_mg: int = 0,
    product_mg: int = 0,
    adult_age: int = ADULT,
) -> Advice:
    """Return advice = min(gap, ul - intake), inside the product's daily dose; special groups get no dose (facts/calcium).

    Args:
        table: the edition.
        person: whom it is for.
        diet_mg: calcium from food a day.
        other_mg: calcium from other supplements a day.
        product_mg: the daily dose on the product's label; 0 is not known, and then does not bound.
        adult_age: below it an adviser takes over, never below 18.
    """
    found: set[Special] = set(person.special)
    if person.years < max(ADULT, adult_age):
        found.add("child")
    special: tuple[Special, ...] = tuple(one for one in SPECIAL_WORDS if one in found)
    row = row_for(table, person)
    intake = diet_mg + other_mg
    gap = max(0, row.value - intake) if row is not None else 0
    room = max(0, row.ul - intake) if row is not None else 0
    dose: int | None = None
    bound: Literal["adviser", "gap", "upper", "product", "enough", "unknown_age"] = "adviser"
    if row is None:
        bound = "unknown_age"
    elif not special:
        dose, bound = _bounded(gap, room, product_mg)
    return Advice(
        table=table.id,
        source=table.source,
        row=row,
        intake=intake,
        gap=gap,
        room=room,
        dose=dose,
        bound=bound,
        special=special,
        sex_assumed=row is not None and person.sex == "unknown" and row.sex != "any" and not row.lactating,
    )


def _bounded(gap: int, room: int, product_mg: int) -> tuple[int, Literal["gap", "upper", "product", "enough"]]:
    if gap == 0:
        return 0, "upper" if room == 0 else "enough"
    dose, bound = (gap, "gap") if gap <= room else (room, "upper")
    if 0 < product_mg < dose:
        return product_mg, "product"
    return (dose, "gap") if bound == "gap" else (dose, "upper")


SPECIAL_WORDS: Final[dict[Special, Text]] = {
    "kidney_stone": both("肾结石", "Kidney stone"),
    "hypertension": both("高血压", "High blood pressure"),
    "pregnant": both("怀孕或哺乳", "Pregnant or breast-feeding"),
    "child": both("未成年", "Not of age"),
}


def row_words(row: Row) -> Text:
    """Say which row of the table it is."""
    zh_sex, en_sex = {"any": ("", ""), "female": ("女", " women"), "male": ("男", " men")}[row.sex]
    zh_more, en_more = ("（孕期或哺乳期）", ", pregnant or nursing") if row.lactating else ("", "")
    if row.last is not None and row.last < MONTHS:
        return both(f"{row.first}–{row.last} 月龄", f"{row.first}–{row.last} months")
    first = row.first // MONTHS
    if row.last is None:
        return both(f"{first} 岁及以上{zh_sex}", f"{first} years and over{en_sex}")
    return both(
        f"{first}–{row.last // MONTHS} 岁{zh_sex}{zh_more}", f"{first}–{row.last // MONTHS} years{en_sex}{en_more}"
    )
