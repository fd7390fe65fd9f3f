"""Keyset pages of the API: how many, where the page before ended, and whether there is more."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from litestar import Response

from core.errors import FieldProblem, InvalidInput
from web.cursors import read_moment_cursor

T = TypeVar("T")
PAGE: Final = 50
MOST: Final = 200


def page_size(limit: int) -> int:
    """Return the limit; raise InvalidInput below 1 and above 200."""
    if not 1 <= limit <= MOST:
        raise InvalidInput((FieldProblem("limit", "min" if limit < 1 else "max", {"min": 1, "max": MOST}),))
    return limit


def cursor_of_moment(after: str) -> tuple[datetime, UUID] | None:
    """Return where the page before ended; raise InvalidInput for what this API never gave out."""
    if not after:
        return None
    found = read_moment_cursor(after)
    if found is None:
        raise InvalidInput((FieldProblem("after", "wrong-form"),))
    return found


def whole_page(
    name: str, rows: Sequence[T], size: int, *, told: Callable[[T], Any], mark: Callable[[T], Any]
) -> Response[Any]:
    """Answer with a page of rows that were read one further than the page is long."""
    shown, more = rows[:size], len(rows) > size
    return Response({name: [told(row) for row in shown], "next": mark(shown[-1]) if more else None, "more": more})
