"""Regular expressions of tenants and vendors: RE2, so that no pattern and no answer can make the server hang (S63)."""

import re
from functools import lru_cache
from typing import Any

import re2

MAX_PATTERN = 500
_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": "\\t\\n\\f\\r "}
_SYNTAX = "^$\\.*+?()[]{}|/"
_PART = re.compile(r"\\.|\(\?:|\(\?|\[\^?\]?|.", re.DOTALL)
_UNICODE_ESCAPE = re.compile(r"((?:^|[^\\])(?:\\\\)*)\\u([0-9a-fA-F]{4})")


class BadPattern(ValueError):
    """The pattern is not one that RE2 takes; the text says why."""


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 21  # bytes for one compiled pattern
    return options


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    r"""Compile a pattern; raise BadPattern for look-around, back-references, nested counts and bad syntax.

    `\uXXXX` of JavaScript is understood. `\d`, `\w` and `\s` are ASCII, as in JavaScript.
    """
    if len(pattern) > MAX_PATTERN:
        raise BadPattern(f"longer than {MAX_PATTERN} characters")
    spelled, before = pattern, ""
    while spelled != before:
        before, spelled = spelled, _UNICODE_ESCAPE.sub(r"\1\\x{\2}", spelled)
    try:
        return re2.compile(spelled, _options())
    except (re2.error, UnicodeEncodeError) as error:
        detail = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise BadPattern(detail) from error


def matches(pattern: str, text: str) -> bool:
    """Tell whether the whole text matches, as HTML's `pattern` does; time grows with the text's length only."""
    return compiled(pattern).fullmatch(text) is not None


def portable(pattern: str) -> str | None:
    r"""Spell a pattern for ECMA-262 and others alike, with `\d \w \s` as ASCII; None when it cannot be."""
    found: list[str] = []
    inside, place = False, 0
    for part in _PART.finditer(pattern):
        piece, place = part[0], part.end()
        if piece.startswith("\\"):
            spelt = _escape(piece[1], inside=inside)
        elif piece in {"(?", "[]", "[^]"} or (inside and piece.startswith("[")):
            spelt = None  # flags and names; a class that begins with its end; [[:alpha:]]
        else:
            spelt = piece
            inside = piece != "]" and (inside or piece.startswith("["))
        if spelt is None:
            return None
        found.append(spelt)
    return "".join(found) if place == len(pattern) else None


def _escape(letter: str, *, inside: bool) -> str | None:
    low = letter.lower()
    if letter in _CLASSES:
        return _CLASSES[letter] if inside else f"[{_CLASSES[letter]}]"
    if low in _CLASSES and not inside:
        return f"[^{_CLASSES[low]}]"
    if letter in "nrtfv" or letter in _SYNTAX or (inside and letter == "-"):
        return f"\\{letter}"
    # What is left of the letters is spelt otherwise elsewhere, or not known there; of the signs none needs its backslash.
    return None if letter.isalnum() else letter
