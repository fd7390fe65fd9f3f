"""How one file is to be taken in: what was found, what the person chose, and how far it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from core.imports.rules.columns import Header
from core.imports.rules.files import Layout

Existing = Literal["update", "skip"]
INLINE_ROWS = 3_000
"""So many rows are checked while the person waits; more go to the worker."""


class Recalled(msgspec.Struct, frozen=True, kw_only=True):
    """That the columns are proposed as they were mapped the last time, by whom and when."""

    by: str
    at: datetime
    times: int


class ImportPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Stored with the batch."""

    layout: Layout
    header: Header
    mapping: tuple[str, ...]
    existing: Existing = "update"
    take_second_phone: bool = True
    branch_id: UUID | None = None
    recalled: Recalled | None = None


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Rows by outcome, how many carry a warning, and how often each problem was found."""

    new: int = 0
    pet: int = 0
    update: int = 0
    duplicate: int = 0
    error: int = 0
    skipped: int = 0
    warned: int = 0
    undone: int = 0
    kept: int = 0
    codes: Mapping[str, int] = {}
    new_tags: tuple[str, ...] = ()
    """Tags that the run makes, for nobody had them before."""

    @property
    def good(self) -> int:
        """Rows that write something."""
        return self.new + self.pet + self.update


def chunk_size(rows: int) -> int:
    """Rows per transaction: small enough that a progress bar moves, large enough for a hundred thousand."""
    return max(50, min(2_500, rows // 10))
