"""Which entries of the library are like a case: subject first, then cause and level, then the words they share."""

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

import msgspec

Key = TypeVar("Key")
SHOWN: Final = 3
LEAST: Final = 3.0
"""Below this two cases have nothing in common but the house."""


class Features(msgspec.Struct, frozen=True):
    """What two cases are compared by."""

    category: str | None
    cause: str | None
    severity: str
    text: str


def _pairs(text: str) -> frozenset[str]:
    letters = "".join(sign for sign in text if sign.isalnum())
    return frozenset(letters[at : at + 2] for at in range(len(letters) - 1))


def likeness(one: Features, other: Features, parents: Mapping[str, str | None]) -> float:
    """Return how alike two cases are: 4 for the subject, 2 for its parent, 2 for the cause, 1 for the level, up to 4 for words."""
    score = 0.0
    if one.category is not None and other.category is not None:
        if one.category == other.category:
            score += 4
        elif {one.category, parents.get(one.category)} & {other.category, parents.get(other.category)} - {None}:
            score += 2
    if one.cause is not None and one.cause == other.cause:
        score += 2
    score += one.severity == other.severity
    left, right = _pairs(one.text), _pairs(other.text)
    if left and right:
        score += 4 * len(left & right) / min(len(left), len(right))
    return score


def most_alike(case: Features, others: Iterable[tuple[Key, Features]], parents: Mapping[str, str | None]) -> list[Key]:
    """Return the keys of the entries most like a case, best first, none that merely share a level."""
    scored = [(likeness(case, features, parents), at, key) for at, (key, features) in enumerate(others)]
    best = sorted((one for one in scored if one[0] >= LEAST), key=lambda one: (-one[0], one[1]))
    return [key for _, _, key in best[:SHOWN]]
