"""Finds many patterns in one pass: each is only tried where its first two characters stand, so time grows with the text."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import product
from operator import add, itemgetter
from typing import Any

from core.hooks.reading.syntax import Node, UnknownSyntax, parse

_DEPTH = 2
_MOST_STARTS = 6_000
_ALIKE_AFTER = 8
_AROUND = 80
"""What stands in the same words, so far to both sides as a reading looks, is read the same: many such count as one."""

Starts = tuple[frozenset[str], frozenset[str]]
"""What may stand first: starts that may grow by what follows, and starts after which anything may come."""


def first_characters(pattern: str) -> frozenset[str] | None:
    """Return what a match can begin with, one or two characters each; None when it can begin with anything."""
    try:
        growing, closed = _sequence(parse(pattern), (frozenset({""}), frozenset()))
    except UnknownSyntax:
        return None
    found = growing | closed
    return None if "" in found or len(found) > _MOST_STARTS else found


def _sequence(nodes: Sequence[Node], starts: Starts) -> Starts:
    for kind, value in nodes:
        growing, closed = starts
        short = frozenset(start for start in growing if len(start) < _DEPTH)
        if not short:
            break
        long = growing - short
        grown, shut = _item(kind, value, short)
        starts = (long | grown, closed | shut)
        if len(starts[0]) > _MOST_STARTS:
            return frozenset(), starts[1] | {""}
    return starts


def _item(kind: str, value: Any, growing: frozenset[str]) -> Starts:
    nothing: frozenset[str] = frozenset()
    if kind == "EMPTY" or value is None:
        return (growing, nothing) if kind == "EMPTY" else (nothing, growing)
    if kind in {"LITERAL", "IN"}:
        return frozenset(map("".join, product(growing, value))), nothing
    if kind == "BRANCH":
        found = [_sequence(branch, (growing, nothing)) for branch in value]
        return frozenset().union(*(one for one, _ in found)), frozenset().union(*(one for _, one in found))
    if kind == "GROUP":
        return _sequence(value, (growing, nothing))
    if kind == "REPEAT":
        least, often, inner = value
        grown, shut = _sequence(inner, (growing, nothing))
        if often:  # a second round may follow: after the first anything may come
            grown, shut = nothing, shut | grown
        return (grown | growing if least == 0 else grown), shut
    return nothing, growing


class Scanner:
    """Many patterns, found together; what each of them finds is what its own `finditer` finds."""

    def __init__(self, patterns: Iterable[re.Pattern[str]]) -> None:
        self.patterns = tuple(patterns)
        self._pairs: dict[str, list[int]] = defaultdict(list)
        self._singles: dict[str, list[int]] = defaultdict(list)
        self._anywhere: list[int] = []
        for number, pattern in enumerate(self.patterns):
            starts = first_characters(pattern.pattern)
            if starts is None:
                self._anywhere.append(number)
                continue
            alone = {start for start in starts if len(start) < _DEPTH}
            for start in alone:
                self._singles[start].append(number)
            for start in starts - alone:
                if start[0] not in alone:
                    self._pairs[start].append(number)

    def scan(self, text: str, most: int) -> dict[int, list[re.Match[str]]]:
        """Return the matches of each pattern by its number, at most so many of each.

        Of many in the same words one is enough: a word said again and again must not hide another use of it.
        """
        found: dict[int, list[re.Match[str]]] = defaultdict(list)
        ends: dict[int, int] = {}
        seen: dict[int, set[str]] = defaultdict(set)
        for position, numbers in self._places(text):
            for number in numbers:
                matches = found.get(number)
                if matches is not None and (len(matches) >= most or ends[number] > position):
                    continue
                match = self.patterns[number].match(text, position)
                if match is None:
                    continue
                ends[number] = match.end()
                if matches is not None and len(matches) >= _ALIKE_AFTER:
                    around = text[max(0, position - _AROUND) : match.end() + _AROUND]
                    if around in seen[number]:
                        continue
                    seen[number].add(around)
                found[number].append(match)
        for number in self._anywhere:
            for match in self.patterns[number].finditer(text):
                found[number].append(match)
                if len(found[number]) >= most:
                    break
        return found

    def _places(self, text: str) -> list[tuple[int, list[int]]]:
        """Return where to try which patterns, in the order of the text: a match hides what it overlaps."""
        pairs = self._pairs
        places = [(at, pairs[pair]) for at, pair in enumerate(map(add, text, text[1:])) if pair in pairs]
        for single, numbers in self._singles.items():
            position = text.find(single)
            while position >= 0:
                places.append((position, numbers))
                position = text.find(single, position + 1)
        places.sort(key=itemgetter(0))
        return places
