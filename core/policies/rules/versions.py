"""What a published version and a draft say about themselves, and the names of their subjects."""

import re
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from core.policies.rules.calendars import Mode

POLICIES: Final = "policies"
_CALENDAR: Final = "calendar:"
_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class VersionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One published version."""

    subject: str
    number: int
    effective_from: datetime
    mode: Mode
    note: str
    restored_from: int | None
    author_name: str
    published_at: datetime
    body: dict[str, Any]


class DraftFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The draft of a subject; `revision` counts its changes."""

    subject: str
    revision: int
    base_number: int
    author_name: str
    changed_at: datetime
    body: dict[str, Any]


class MoveFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How far the running clocks have followed a version."""

    subject: str
    number: int
    state: str
    after: UUID | None
    total: int
    seen: int
    moved: int
    breached: int
    begins_at: datetime
    finished_at: datetime | None


def calendar_subject(calendar_id: str) -> str:
    """Return the subject under which a calendar's drafts and versions stand."""
    return f"{_CALENDAR}{calendar_id}"


def calendar_id_of(subject: str) -> str | None:
    """Return the calendar of a subject; None when it is the policies."""
    return subject.removeprefix(_CALENDAR) if subject.startswith(_CALENDAR) else None


def is_calendar_id(text: str) -> bool:
    """Say whether this can name a calendar; `wall` is the wall clock's own name."""
    return _ID.fullmatch(text) is not None and text != "wall"
