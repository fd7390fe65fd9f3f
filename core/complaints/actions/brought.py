"""What people bring with a complaint: their photos and voice notes become evidence of the case by a job."""

from typing import Final
from uuid import UUID

from core.uow import UnitOfWork

TAKE_IN: Final = "evidence.take_in"
"""The job of the area above that links kept files of owner_kind `complaint` into the case's evidence."""


async def announce_files(uow: UnitOfWork, *, complaint_id: UUID) -> None:
    """Let the evidence locker take in what was just kept for this complaint; a file is taken in once."""
    await uow.enqueue(TAKE_IN, {"complaint_id": str(complaint_id)})
