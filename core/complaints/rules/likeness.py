"""When two complaints may be one: the same post, person, pet or words within days, each with its reason and weight."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from typing import Final, Literal
from uuid import UUID

import msgspec

WINDOW: Final = timedelta(days=14)
"""Later the same person speaks of something new; the same post or notice is the same at any time."""
SUGGESTED: Final = 50
"""From this score on two are shown side by side."""
COMPARED: Final = 1200
"""Characters that are compared; what a complaint is about stands at its beginning."""
_FEW: Final = 6
_ALIKE: Final = 0.34
_SHORT_ALIKE: Final = 0.6
_SHOWN: Final = 3
_LONG_ENOUGH: Final = 4

Why = Literal["source", "customer", "phone", "subject", "words"]
_WEIGHT: Final[dict[Why, int]] = {"source": 100, "customer": 60, "phone": 60, "subject": 50, "words": 40}
"""Words alone weigh less than the threshold until they are very alike: `_words_weight` adds to them."""


class Trait(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared of a complaint."""

    text: str
    received_at: datetime
    customers: frozenset[UUID] = frozenset()
    """The customer and everybody who was merged with them."""
    phone: str = ""
    subject_id: UUID | None = None
    source_key: str | None = None


class Likeness(msgspec.Struct, frozen=True):
    """One reason why two may be one; `words` are those that both contain, `percent` how much of the words."""

    why: Why
    words: tuple[str, ...] = ()
    percent: int = 0


def likenesses(one: Trait, two: Trait) -> tuple[Likeness, ...]:
    """Return every reason, the weightiest first; none when nothing speaks for it."""
    found: list[Likeness] = []
    if one.source_key is not None and one.source_key == two.source_key:
        found.append(Likeness("source"))
    if abs(one.received_at - two.received_at) <= WINDOW:
        if one.customers & two.customers:
            found.append(Likeness("customer"))
        elif one.phone and one.phone == two.phone:
            found.append(Likeness("phone"))
        if one.subject_id is not None and one.subject_id == two.subject_id:
            found.append(Likeness("subject"))
        share = alike(one.text, two.text)
        if share is not None:
            found.append(Likeness("words", common_words(one.text, two.text), round(share * 100)))
    return tuple(found)


def score_of(reasons: Iterable[Likeness]) -> int:
    """Return how much speaks for it; from SUGGESTED on it is worth a look."""
    return sum(_WEIGHT[one.why] + (one.percent // 2 if one.why == "words" else 0) for one in reasons)


def plain(text: str) -> str:
    """Return letters and digits alone, in one width and case."""
    folded = unicodedata.normalize("NFKC", text[:COMPARED]).casefold()
    return re.sub(r"[\W_]+", "", folded)


def shingles(text: str) -> frozenset[str]:
    """Return every pair of neighbouring signs: Chinese has no blanks between words, and pairs stand for them."""
    signs = plain(text)
    return frozenset(signs[place : place + 2] for place in range(len(signs) - 1))


def alike(one: str, two: str) -> float | None:
    """Return the share of common pairs when it is enough to say so, else None.

    Of two texts of a like length the share of all pairs counts; of a short one inside a long one, its own.
    """
    first, second = shingles(one), shingles(two)
    smaller = min(len(first), len(second))
    if smaller < _FEW:
        return None
    common = len(first & second)
    whole, own = common / len(first | second), common / smaller
    if whole >= _ALIKE:
        return whole
    return own if own >= _SHORT_ALIKE else None


def common_words(one: str, two: str) -> tuple[str, ...]:
    """Return the longest stretches that stand in both, for the reason on the page."""
    first, second = plain(one), plain(two)
    blocks = SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    longest = sorted(blocks, key=lambda block: (-block.size, block.a))
    return tuple(first[block.a : block.a + block.size] for block in longest[:_SHOWN] if block.size >= _LONG_ENOUGH)
