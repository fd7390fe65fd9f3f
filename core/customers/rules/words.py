"""The words by which a customer is found, and how a typed search becomes ranges over them."""

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


class Word(msgspec.Struct, frozen=True, order=True):
    """One token of the search table and what it was taken from."""

    token: str
    kind: WordKind


class Searched(msgspec.Struct, frozen=True):
    """What a search asks the words of one customer about."""

    full_name: str
    phones: Sequence[str] = ()
    pets: Sequence[str] = ()
    codes: Sequence[str] = ()


def fold(text: str) -> str:
    """Compare without width, case and blanks."""
    if text.isascii() and text.isalnum():
        return text.lower()
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def name_tokens(name: str, *, person: bool) -> set[str]:
    """Every ending of the name, of its pinyin and of its initials: a prefix of one of them is any part of the name."""
    folded = fold(name)
    tokens: set[str] = set()
    if not folded:
        return tokens
    if is_chinese(folded):
        tokens |= {folded[i:] for i in range(min(len(folded), 12))}
    else:
        words = [fold(word) for word in name.split()]
        tokens |= {"".join(words[i:]) for i in range(len(words))}
    sounds = syllables(name, person=person)[:12]
    tokens |= {"".join(sounds[i:]) for i in range(len(sounds))}
    initials = "".join(sound[0] for sound in sounds if sound)
    if len(initials) > 1:
        tokens |= {initials, initials[1:]} if len(initials) > 2 else {initials}
    return {token[:MAX_WORD] for token in tokens if token}


def words_of(searched: Searched) -> frozenset[Word]:
    """All words of one customer. A phone is stored forwards and backwards: its tail is then a prefix too."""
    words = {Word(token, "name") for token in name_tokens(searched.full_name, person=True)}
    for pet in searched.pets:
        words |= {Word(token, "pet") for token in name_tokens(pet, person=False)}
    for phone in searched.phones:
        digits = national_digits(phone)
        words |= {Word(digits, "phone"), Word(_TAIL + digits[::-1], "phone")}
    words |= {Word(fold(code)[:MAX_WORD], "code") for code in searched.codes if fold(code)}
    by_token: dict[str, Word] = {}
    for word in sorted(words):
        by_token.setdefault(word.token, word)
    return frozenset(by_token.values())


class Term(msgspec.Struct, frozen=True):
    """One typed word: a customer matches when a word lies in any of the ranges [low, high)."""

    typed: str
    ranges: tuple[tuple[str, str], ...]


def terms_of(text: str) -> tuple[Term, ...]:
    """Split a search into terms, all of which must match; a phone typed with blanks or dashes is one term."""
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    digits = "".join(c for c in plain if c not in " -+()")
    if digits.isdigit() and len(digits) >= 7:
        return (_term(digits.removeprefix("0086").removeprefix("86") if len(digits) > 11 else digits),)
    return tuple(_term(part[:MAX_WORD]) for part in _once(plain.replace("+", " ").split())[:MAX_TERMS])


def _term(part: str) -> Term:
    starts = [part]
    if part.isdigit() and len(part) >= 3:
        starts.append(_TAIL + part[::-1])
    return Term(part, tuple((start, start + END) for start in starts))


def _once(parts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(part for part in parts if part))
