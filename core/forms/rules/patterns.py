"""Regular expressions of tenants and vendors: RE2, so that no pattern and no answer can make the server hang (S63)."""

import re
from functools import lru_cache
from typing import Any

import re2

MAX_PATTERN = 500
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
