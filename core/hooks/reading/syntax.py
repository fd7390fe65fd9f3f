"""Reads as much of a pattern's syntax as it takes to know what a match begins with; the rest counts as anything."""

import re
from typing import Any

Node = tuple[str, Any]
"""A kind and its value: LITERAL a character, IN its characters or None for any, BRANCH and GROUP their sequences, REPEAT
how often at least, whether more than once, and the sequence; EMPTY takes no characters, ANY may be anything."""

_COUNT = re.compile(r"\{(\d*)(?:(,)(\d*))?\}")
_GROUP = re.compile(r"\?(?::|P<\w+>)")
_ASSERTION = re.compile(r"\?(?:<?[=!])")
_DIGITS = "0123456789"
_WIDEST_RANGE = 100


class UnknownSyntax(ValueError):
    """Raised for what this reader does not know: flags, back references, conditions."""


def parse(pattern: str) -> list[Node]:
    """Return the nodes of a pattern.

    Raises:
        UnknownSyntax: it uses syntax that is not read here.
    """
    reader = _Reader(pattern)
    nodes = reader.alternatives()
    if reader.at < len(pattern):
        raise UnknownSyntax(pattern)
    return nodes


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _take(self) -> str:
        char = self._peek()
        if not char:
            raise UnknownSyntax(self.text)
        self.at += 1
        return char

    def alternatives(self) -> list[Node]:
        branches = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else [("BRANCH", branches)]

    def _sequence(self) -> list[Node]:
        nodes: list[Node] = []
        while self._peek() not in {"", "|", ")"}:
            nodes.append(self._repeated(self._atom()))
        return nodes

    def _repeated(self, node: Node) -> Node:
        char = self._peek()
        count = _COUNT.match(self.text, self.at)
        if char and char in "*+?":
            self.at += 1
            least, often = (1 if char == "+" else 0), char != "?"
        elif count is not None:
            self.at = count.end()
            least = int(count.group(1) or 0)
            most = count.group(3) if count.group(2) else count.group(1)
            often = not most or int(most) > 1
        else:
            return node
        if self._peek() in {"?", "+"}:  # lazy, possessive
            self.at += 1
        return "REPEAT", (least, often, [node])

    def _atom(self) -> Node:
        char = self._take()
        if char == "(":
            return self._group()
        if char == "[":
            return "IN", self._set()
        if char == "\\":
            return self._escaped(self._take())
        if char in "^$":
            return "EMPTY", None
        return ("ANY", None) if char == "." else ("LITERAL", char)

    def _group(self) -> Node:
        assertion = _ASSERTION.match(self.text, self.at)
        group = _GROUP.match(self.text, self.at)
        if assertion is not None or group is not None:
            self.at = (assertion or group).end()  # type: ignore[union-attr] # one of the two is there
        elif self._peek() == "?":
            raise UnknownSyntax(self.text)
        inner = self.alternatives()
        if self._take() != ")":
            raise UnknownSyntax(self.text)
        return ("EMPTY", None) if assertion is not None else ("GROUP", inner)

    @staticmethod
    def _escaped(char: str) -> Node:
        if char in "bBAZ":
            return "EMPTY", None
        if char == "d":
            return "IN", _DIGITS  # of other scripts none is left after `spell`
        return ("ANY", None) if char.isalnum() else ("LITERAL", char)

    def _set(self) -> str | None:
        """Return the characters of a set, None when they are too many or all but some."""
        chars, known = "", True
        if self._peek() == "^":
            self.at += 1
            known = False
        first = True
        while (char := self._take()) != "]" or first:
            first = False
            if char == "\\":
                kind, value = self._escaped(self._take())
                known = known and kind in {"LITERAL", "IN"}
                chars += value or ""
                continue
            if self._peek() == "-" and self.text[self.at + 1 : self.at + 2] not in {"", "]"}:
                self.at += 1
                last = self._take()
                known = known and last != "\\" and ord(last) - ord(char) < _WIDEST_RANGE
                chars += "".join(map(chr, range(ord(char), ord(last) + 1))) if known else ""
                continue
            chars += char
        return chars if known else None
