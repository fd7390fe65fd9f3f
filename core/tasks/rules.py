"""Whose a general task is and who may end it; pure."""

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from core.hooks.records.text import Text

State = Literal["open", "done", "dropped"]
SEES_ALL: Final = "customers.read"
"""Whoever may see customers sees everybody's tasks; others see their own."""
ENDS_ALL: Final = "customers.write"
"""Whoever may work on customers may do a task in somebody's place."""
MAX_NOTE: Final = 300


class Whose(msgspec.Struct, frozen=True):
    """Of exactly one of the two: everybody with a role, or one person."""

    role: str
    staff_id: UUID | None


def is_mine(task: Whose, *, staff_id: UUID | None, roles: Collection[str]) -> bool:
    """Tell whether a task is for this person, by name or by role."""
    if task.staff_id is not None:
        return task.staff_id == staff_id
    return task.role in roles


def may_end(task: Whose, *, staff_id: UUID | None, roles: Collection[str], permissions: Collection[str]) -> bool:
    """Tell whether somebody may say that a task is done or not needed."""
    return ENDS_ALL in permissions or is_mine(task, staff_id=staff_id, roles=roles)


def in_languages(text: Text) -> dict[str, Any]:
    """Return words as rows keep them: by language, one text for all under both."""
    return dict(text) if isinstance(text, Mapping) else {"zh-CN": text, "en": text}
