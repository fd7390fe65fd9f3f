"""Takes what people brought with their complaint into the evidence of the case."""

from uuid import UUID

from core.evidence.actions import add_evidence, lock_locker
from core.evidence.queries import list_evidence
from core.files.queries import list_files
from core.uow import UnitOfWork

_MOST = 500


async def take_in(uow: UnitOfWork, *, complaint_id: UUID) -> int:
    """Link every kept file of the complaint that is not yet evidence, the oldest first; return how many were new."""
    await lock_locker(uow, complaint_id)
    known = {one.file_id for one in await list_evidence(uow, complaint_id)}
    files = await list_files(uow, owner_kind="complaint", owner_id=complaint_id, limit=_MOST)
    fresh = [file for file in reversed(files) if file.file_id not in known]
    for file in fresh:
        kind = "photo" if file.is_image else "call_recording" if file.media_type.startswith("audio/") else "other"
        await add_evidence(uow, complaint_id=complaint_id, file_id=file.file_id, kind=kind)
    return len(fresh)
