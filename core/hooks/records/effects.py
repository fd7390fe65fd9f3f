"""What a vertical asks core to do outside the vertical's own tables; core checks every one and does it, or refuses all."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from core.hooks.records.text import Text


class OpenTask(msgspec.Struct, frozen=True, kw_only=True, tag="task.open", tag_field="effect"):
    """Something to be done by somebody until a time; the same `key` again changes nothing while it is open."""

    key: str
    """Names the task within the plugin, e.g. `late:4711`; `CloseTask` finds it by this."""
    title: Text
    due: datetime
    role: str = ""
    """Whoever has this role; or exactly one person:"""
    staff_id: UUID | None = None
    customer_id: UUID | None = None
    complaint_id: UUID | None = None
    page: str = ""
    """Path of this plugin's own page about it, as in `Outcome.go_to`; empty when there is none."""
    remedies: tuple[str, ...] = ()
    """Local ids of the plugin's own `complaint_remedies` that are offered with it."""

    def __post_init__(self) -> None:
        """Refuse a task that is nobody's or everybody's, or a time without a zone."""
        if not self.key:
            raise ValueError("a task needs a key")
        if bool(self.role) == (self.staff_id is not None):
            raise ValueError(f"task {self.key} is for a role or for a person")
        if self.due.tzinfo is None:
            raise ValueError(f"task {self.key}: the time it is due has no zone")


class CloseTask(msgspec.Struct, frozen=True, kw_only=True, tag="task.close", tag_field="effect"):
    """The task is done or no longer needed; nothing happens when it is not open."""

    key: str
    note: Text = ""


class RecordEvent(msgspec.Struct, frozen=True, kw_only=True, tag="timeline", tag_field="effect"):
    """An entry on the customer's timeline; entries are never changed."""

    customer_id: UUID
    kind: str
    """Local id, e.g. `shipped`; the timeline shows `text`."""
    text: Text
    data: dict[str, Any] = {}
    subject_id: UUID | None = None


class SendForm(msgspec.Struct, frozen=True, kw_only=True, tag="form.send", tag_field="effect"):
    """A link to one of the plugin's own forms for a customer, sent in whichever way the customer allows."""

    form: str
    """Local id of the form."""
    customer_id: UUID
    subject_id: UUID | None = None
    valid_days: int = 14

    def __post_init__(self) -> None:
        """Refuse a link that is dead at once, or lives for ever."""
        if not 1 <= self.valid_days <= 365:
            raise ValueError("a link to a form is valid for 1 to 365 days")


Effect = OpenTask | CloseTask | RecordEvent | SendForm
"""A tagged union."""
