"""What a row says beyond the record: e-mail, WeChat and address, tags, and the fields that the tenant defined itself."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from core.contacts.rules import KINDS, contact_problems
from core.customers.rules.names import clean_name
from core.imports.rules.cells import EMPTY, CellProblem, fold, is_empty, read_yes_no
from core.imports.rules.columns import OWN_PREFIX, header_key
from core.imports.rules.dates import read_date
from core.profiles.rules import (
    MAX_TAG,
    MAX_TAGS,
    MAX_TAGS_EACH,
    MAX_TEXT,
    OwnField,
    clean_tag,
    fold_tag,
    read_value,
)

CONTACT_TARGETS = KINDS
TAGS = "tags"
_BETWEEN_TAGS = re.compile(r"[、,，;；/|\n]+")
_BETWEEN_MAILS = re.compile(r"[\s、,，;；|]+")
# What stands in the WeChat column where the id is the number of the phone.
_AS_PHONE = re.compile(
    r"(?:同|是|即)?(?:上|左|本)?(?:手机|电话|手机号|手机号码|电话号码|号|微信)?(?:同号|同步|相同|一致)?"
)
_SAME_WORDS = ("同", "一致")
_MOBILE = re.compile(r"\+86(1\d{10})")
_ANY_DAY = date(9998, 12, 31)
"""A day of an own field may lie ahead: a card runs out, a check is due."""
_NUMBER_UNIT = re.compile(r"(?<=\d)\s*(?:元|分|次|个|只|天|年|月|岁|kg|%)$", re.IGNORECASE)
_OWN_CODES = {"bad-number": "own-number", "bad-choice": "own-choice", "too-long": "too-long"}


class OwnSaid(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """The value of one own field, in the column that keeps it."""

    key: str
    v_text: str | None = None
    v_int: int | None = None
    v_date: date | None = None

    @property
    def value(self) -> str | int | date | None:
        """Whichever it is."""
        return next((one for one in (self.v_text, self.v_int, self.v_date) if one is not None), None)


def own_target(field: OwnField) -> str:
    """What a mapping calls this field: own:customer:x_channel."""
    return f"{OWN_PREFIX}{field.entity_type}:{field.key}"


def own_words(fields: Mapping[str, OwnField]) -> dict[str, str]:
    """Heading -> target, by the labels in all languages and the key; of two alike the first one's."""
    words: dict[str, str] = {}
    for target, field in fields.items():
        for word in (*field.label.values(), field.key, field.key.removeprefix("x_")):
            words.setdefault(header_key(word), target)
    return words


def read_tags(text: str) -> tuple[str, ...]:
    """老客户、VIP/怕生 -> three tags; two spellings of one are one.

    Raises:
        CellProblem: a tag is too long, or there are more than a customer may carry.
    """
    found: dict[str, str] = {}
    for part in _BETWEEN_TAGS.split(text):
        name = clean_tag(part)
        if not name or is_empty(name):
            continue
        if len(name) > MAX_TAG:
            raise CellProblem("tag-too-long", value=name, max=MAX_TAG)
        found.setdefault(fold_tag(name), name)
    if len(found) > MAX_TAGS_EACH:
        raise CellProblem("tags-too-many", max=MAX_TAGS_EACH)
    return tuple(found.values())


def read_contacts(kind: str, text: str, *, phones: Iterable[str] = ()) -> tuple[tuple[str, str], ...]:
    """Read one cell into (kind, value) pairs; 同手机号 in the WeChat column is the number of the phone.

    Raises:
        CellProblem: it is no e-mail or no WeChat id.
    """
    if fold(text) in EMPTY:
        return ()
    if kind == "address":
        return (("address", clean_name(text)),)
    plain = unicodedata.normalize("NFKC", text).strip()
    if kind == "email":
        parts = [part for part in _BETWEEN_MAILS.split(plain.casefold().removeprefix("mailto:")) if part]
    else:
        parts = [_wechat(plain, phones)]
    for part in parts:
        if contact_problems(kind=kind, value=part):
            raise CellProblem(f"{kind}-bad", value=part)
    return tuple((kind, part) for part in dict.fromkeys(parts))


def _wechat(plain: str, phones: Iterable[str]) -> str:
    if any(word in plain for word in _SAME_WORDS) and _AS_PHONE.fullmatch(plain):
        mobile = next((found[1] for phone in phones if (found := _MOBILE.fullmatch(phone))), None)
        if mobile is not None:
            return mobile
    return re.sub(r"^(?:微信号?|vx|wx|wechat)\s*[:：]\s*", "", plain, flags=re.IGNORECASE)


def read_own(field: OwnField, text: str) -> OwnSaid | None:
    """Read a cell as its field holds it; None when it is empty.

    Raises:
        CellProblem: it does not fit the field.
    """
    if fold(text) in EMPTY and not (field.kind == "bool" and fold(text) in {"无", "没有"}):
        return None
    if field.kind == "date":
        reading = read_date(text, today=_ANY_DAY)
        return None if reading is None else OwnSaid(field.key, v_date=reading.day)
    if field.kind == "bool":
        value, wrong = read_value(field, text)
        said = value if wrong is None else read_yes_no(text)
        return None if said is None else OwnSaid(field.key, v_int=int(said))
    typed = text
    if field.kind == "number":
        typed = _NUMBER_UNIT.sub("", unicodedata.normalize("NFKC", text).strip())
    value, wrong = read_value(field, typed)
    if wrong is not None:
        raise CellProblem(_OWN_CODES.get(wrong, wrong), value=text.strip(), max=MAX_TEXT)
    if value is None:
        return None
    return OwnSaid(field.key, v_int=value) if isinstance(value, int) else OwnSaid(field.key, v_text=str(value))


class TagBook:
    """The tenant's tags while a list is checked: which ones it would make, and whether there is room for them."""

    def __init__(self, living: Iterable[str], *, archived: Iterable[str] = ()) -> None:
        self._known = set(living)
        self._room = MAX_TAGS - len(self._known | set(archived))
        self._archived = set(archived)
        self.made: dict[str, str] = {}

    def take(self, tags: Iterable[str]) -> tuple[list[str], list[str]]:
        """Note the tags of a row; return those it makes now, and those for which there is no room."""
        fresh, refused = [], []
        for name in tags:
            folded = fold_tag(name)
            if folded in self._known or folded in self.made:
                continue
            if folded not in self._archived:
                if self._room <= 0:
                    refused.append(name)
                    continue
                self._room -= 1
            self.made[folded] = name
            fresh.append(name)
        return fresh, refused
