"""The words by which a customer is found, and how a typed search becomes ranges over them."""

import functools
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from core.customers.rules.names import is_chinese, syllables
from core.customers.rules.phones import national_digits

WordKind = Literal["name", "pet", "phone", "code"]
MAX_WORD = 40
MAX_TERMS = 4
# Sorts behind every character of a word in the C collation, so [x, x + END) holds all words that begin with x.
END = "\U0010ffff"
_TAIL = "~"


class Searched(msgspec.Struct, frozen=True):
    """What a search asks the words of one customer about."""

    full_name: str
    phones: Sequence[str] = ()
    pets: Sequence[str] = ()
    codes: Sequence[str] = ()
    also: Sequence[str] = ()
    """Names of records that were merged into this one."""


def fold(text: str) -> str:
    """Compare without width, case and blanks."""
    if text.isascii() and text.isalnum():
        return text.lower()
    if text.isalnum() and unicodedata.is_normalized("NFKC", text):
        return text.casefold()
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def name_tokens(name: str, *, person: bool) -> set[str]:
    """Every ending of the name and of its pinyin, and its initials: a prefix of one of them is any part of the name.

    What another token begins with is left out: 豆 and dou are found by 豆豆 and doudou.
    """
    return set(_name_tokens(name, person))


@functools.lru_cache(maxsize=4096)
def _name_tokens(name: str, person: bool) -> tuple[str, ...]:  # noqa: FBT001 - behind a function that takes it by name
    folded = fold(name)
    if not folded:
        return ()
    if is_chinese(folded):
        tokens = {folded[i:] for i in range(min(len(folded), 12))}
    else:
        words = [fold(word) for word in name.split()]
        tokens = {"".join(words[i:]) for i in range(len(words))}
    sounds = syllables(name, person=person)[:12]
    tokens |= {"".join(sounds[i:]) for i in range(len(sounds))}
    initials = "".join([sound[0] for sound in sounds if sound])
    if len(initials) > 1:
        tokens.add(initials)
    cut = sorted({token[:MAX_WORD] for token in tokens if token})
    # In order, what begins with a token stands right behind it.
    return tuple(one for one, after in zip(cut, [*cut[1:], ""], strict=True) if not after.startswith(one))


def words_of(searched: Searched) -> dict[str, WordKind]:
    """All words of one customer and what each was taken from; of a phone its digits backwards, for people know its tail.

    Its beginning is found where phones are kept.
    """
    words: dict[str, WordKind] = {}
    for code in searched.codes:
        if folded := fold(code)[:MAX_WORD]:
            words[folded] = "code"
    for phone in searched.phones:
        words[_TAIL + national_digits(phone)[::-1]] = "phone"
    for pet in searched.pets:
        for token in _name_tokens(pet, False):
            words[token] = "pet"
    for name in (*searched.also, searched.full_name):
        for token in _name_tokens(name, True):
            words[token] = "name"
    return words


class Term(msgspec.Struct, frozen=True):
    """One typed word: a customer matches who has a word that begins with it; `tail` is what ends a phone, turned round."""

    typed: str
    tail: str = ""


def terms_of(text: str) -> tuple[Term, ...]:
    """Split a search into terms, all of which must match; a phone typed with blanks or dashes is one term."""
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    digits = "".join(c for c in plain if c not in " -+()")
    if digits.isdecimal() and digits.isascii() and len(digits) >= 7:
        return (_term(digits.removeprefix("0086").removeprefix("86") if len(digits) > 11 else digits),)
    return tuple(_term(part[:MAX_WORD]) for part in _once(plain.replace("+", " ").split())[:MAX_TERMS])


def _term(part: str) -> Term:
    return Term(part, _TAIL + part[::-1] if part.isdecimal() and part.isascii() and len(part) >= 3 else "")


def _once(parts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(part for part in parts if part))
