"""Photos and voice notes that come with a complaint: looked at, held while the form is not whole, kept with the case."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile

from core.complaints.actions.brought import announce_files
from core.errors import FieldProblem
from core.files.actions import Prepared, claim_quarantined, keep_prepared, prepare_aside, quarantine_file
from core.files.queries import FileFacts, count_waiting_bytes, find_quarantined
from core.files.rules import IMAGES, SOUNDS, FileRefused
from core.uow import UnitOfWork
from web.file_links import add_file_owner
from web.request import WebRequest

OWNER: Final = "complaint"
DOOR: Final = "complaint_link"
"""What a file waits for: the branch's poster."""
PURPOSE: Final = "intake"
PHOTOS: Final = 6
VOICES: Final = 2
PHOTO_BYTES: Final = 10_000_000
VOICE_BYTES: Final = 20_000_000
WAITING_BYTES: Final = 500_000_000
"""What may wait behind one poster in a day: more is somebody who fills our disks."""
_FIELDS: Final = {"photos": (IMAGES, PHOTO_BYTES, PHOTOS), "voice": (SOUNDS, VOICE_BYTES, VOICES)}

add_file_owner(OWNER, "complaints.read")


class Sent(msgspec.Struct, frozen=True):
    """What came with a post: fields without files, files that can be kept, and what is wrong with the others."""

    fields: dict[str, object]
    files: tuple[Prepared, ...]
    held: dict[str, FileFacts]
    """By token: what an earlier post of this form brought."""
    problems: tuple[FieldProblem, ...]


async def receive(request: WebRequest, uow: UnitOfWork, *, branch_id: UUID) -> Sent:
    """Look at every file of the form; nothing is kept yet."""
    fields = dict(await request.open_form())
    tokens = [one for one in _listed(fields.pop("held", [])) if isinstance(one, str) and one]
    held = await find_quarantined(uow, tokens=tokens[: PHOTOS + VOICES], owner_kind=DOOR, owner_id=branch_id)
    problems = [] if len(held) == len(tokens) else [FieldProblem("photos", "file_gone")]
    files: list[Prepared] = []
    for name, (accept, most_bytes, most) in _FIELDS.items():
        uploads = [one for one in _listed(fields.pop(name, [])) if isinstance(one, UploadFile) and one.filename]
        count = sum(file.media_type in accept for file in held.values())
        for upload in uploads:
            if count == most:
                problems.append(FieldProblem(name, "rows_max", {"max": most}))
                break
            try:
                content = await upload.read()
                files.append(
                    await prepare_aside(content, filename=upload.filename, accept=accept, max_bytes=most_bytes)
                )
                count += 1
            except FileRefused as refused:
                problems.append(FieldProblem(name, refused.code, dict(refused.params)))
    return Sent(fields, tuple(files), held, tuple(problems))


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


async def hold(uow: UnitOfWork, sent: Sent, *, branch_id: UUID) -> dict[str, FileFacts]:
    """Let the files wait for the form to come again; return what waits by token."""
    waiting = dict(sent.held)
    if sent.files and await count_waiting_bytes(uow, owner_kind=DOOR, owner_id=branch_id) > WAITING_BYTES:
        return waiting
    for ready in sent.files:
        kept = await quarantine_file(uow, ready, purpose=PURPOSE, owner_kind=DOOR, owner_id=branch_id)
        waiting[kept.token] = kept.file
    return waiting


async def keep(uow: UnitOfWork, sent: Sent, *, branch_id: UUID, complaint_id: UUID) -> list[UUID]:
    """Keep what came now and what waited, for good; return the ids."""
    claimed = await claim_quarantined(
        uow, tokens=list(sent.held), from_kind=DOOR, from_id=branch_id, owner_kind=OWNER, owner_id=complaint_id
    )
    fresh = [
        await keep_prepared(uow, ready, purpose=PURPOSE, owner_kind=OWNER, owner_id=complaint_id)
        for ready in sent.files
    ]
    kept = [file.file_id for file in (*claimed.values(), *fresh)]
    if kept:
        await announce_files(uow, complaint_id=complaint_id)
    return kept


def names_of(files: Iterable[FileFacts]) -> list[str]:
    """Return the names of files, for the page."""
    return [file.filename for file in files]
