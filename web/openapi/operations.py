"""What one operation of the API says of itself beside its address, its scope and its path; data, so that a plugin can bring some too."""

from typing import Any, Final, Literal

import msgspec


class Query(msgspec.Struct, frozen=True):
    """One parameter of the query."""

    name: str
    about: str
    kind: Any = str
    required: bool = False
    default: Any = None
    minimum: int | None = None
    maximum: int | None = None
    options: tuple[str, ...] = ()


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation; `answers` is status -> the record (or None for no schema of ours) of its body."""

    summary: str
    tag: str
    answers: dict[int, Any]
    about: str = ""
    body: Any = None
    media_type: str = "application/json"
    """Of the body that comes in."""
    answer_type: str = "application/json"
    query: tuple[Query, ...] = ()
    once: Literal["kept", "header", "either"] = "kept"
    """How it takes an `Idempotency-Key`: as a header that is kept for a day, or for good, or for good also as `key` of the
    body. What only reads takes none."""
    refusals: tuple[int, ...] = ()
    """Further statuses of problems that only this one answers with."""
    example: Any = None
    """One body that it takes."""


AFTER: Final = Query("after", "The `next` of the page before; without it the first page.", kind="uuid")
LIMIT: Final = Query("limit", "How many at most.", kind=int, default=50, minimum=1, maximum=200)
PAGED: Final = (AFTER, LIMIT)
