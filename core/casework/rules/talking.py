"""Whom a note mentions, and what others did to a case while somebody wrote."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

QUIET: Final = frozenset({"warned", "escalated", "breached", "nobody", "assessed", "fallback", "surveyed", "mentioned"})
"""What clocks and programs write into the history by themselves: it changes nothing for who is writing."""


class Change(msgspec.Struct, frozen=True):
    """One thing that happened meanwhile."""

    seq: int
    at: datetime
    kind: str
    actor_id: UUID | None
    actor_name: str
    data: dict[str, Any]


def find_mentions(text: str, people: Mapping[UUID, str]) -> tuple[UUID, ...]:
    """Return who is named after an @, in order; of two names that fit the longer counts."""
    found: list[UUID] = []
    by_length = sorted(people.items(), key=lambda item: (-len(item[1]), item[1]))
    for part in text.replace("＠", "@").split("@")[1:]:
        who = next((staff_id for staff_id, name in by_length if name and part.startswith(name)), None)
        if who is not None and who not in found:
            found.append(who)
    return tuple(found)


def changes_since(history: Iterable[Change], *, me: UUID | None) -> Sequence[Change]:
    """Return what others did; one's own deeds and what programs write by themselves are no news."""
    return [change for change in history if change.kind not in QUIET and (me is None or change.actor_id != me)]
