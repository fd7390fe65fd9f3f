"""Takes files in, keeps what a form brought, takes files off a list and back, and erases them."""

import asyncio
import hashlib
import secrets
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, delete, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.files.models import FileContent, FileHold, StoredFile
from core.files.queries import COLUMNS, FileFacts
from core.files.rules import (
    DOCUMENTS,
    FileRefused,
    clean_filename,
    draw_again,
    hash_of_token,
    kind_of,
    own_filename,
    read_drawing,
)
from core.uow import UnitOfWork

_F, _C, _H = table_of(StoredFile), table_of(FileContent), table_of(FileHold)

DEFAULT_BYTES: Final = 10_000_000
CHUNK: Final = 1 << 20
QUARANTINE_HOURS: Final = 24
REMOVED_DAYS: Final = 30
"""How long a removed file can be brought back."""
# Two pictures at a time and process: each may unfold to 200 MB.
_drawing: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pictures")


class FileHeld(Conflict):
    """A legal hold keeps the file: nobody takes it away."""

    code = "file-held"


class Prepared(msgspec.Struct, frozen=True):
    """A file that was looked at and made harmless, ready to be written down."""

    content: bytes
    sha256: str
    media_type: str
    filename: str
    thumbnail: bytes | None


class Quarantined(msgspec.Struct, frozen=True):
    """A file that waits for its form; the token is known to the sender alone."""

    token: str
    file: FileFacts


def prepare(
    content: bytes, *, filename: str, accept: tuple[str, ...] = DOCUMENTS, max_bytes: int = DEFAULT_BYTES
) -> Prepared:
    """Look at the content and draw a picture again; CPU work, pure but for its time. Raises FileRefused."""
    kind = kind_of(content, filename=filename, accept=accept, max_bytes=max_bytes)
    thumbnail = None
    if kind.media_type.startswith("image/"):
        picture = draw_again(content, kind.media_type)
        content, thumbnail = picture.content, picture.thumbnail
    return Prepared(content, hashlib.sha256(content).hexdigest(), kind.media_type, kind.filename, thumbnail)


async def prepare_aside(
    content: bytes, *, filename: str, accept: tuple[str, ...] = DOCUMENTS, max_bytes: int = DEFAULT_BYTES
) -> Prepared:
    """`prepare` in a thread, so that a large photo stops nobody else. Raises FileRefused."""
    work = partial(prepare, content, filename=filename, accept=accept, max_bytes=max_bytes)
    return await asyncio.get_running_loop().run_in_executor(_drawing, work)


async def prepare_drawing(address: str, *, filename: str) -> Prepared | None:
    """Return a drawn signature (a PNG as data address) as a file, None for an empty sheet. Raises FileRefused."""
    picture = await asyncio.get_running_loop().run_in_executor(_drawing, read_drawing, address)
    if picture is None:
        return None
    digest = hashlib.sha256(picture.content).hexdigest()
    return Prepared(picture.content, digest, "image/png", clean_filename(filename, ".png"), picture.thumbnail)


async def store_file(
    uow: UnitOfWork,
    *,
    content: bytes,
    filename: str,
    purpose: str,
    owner_kind: str,
    owner_id: UUID | None,
    retain_until: datetime | None = None,
    accept: tuple[str, ...] = DOCUMENTS,
    max_bytes: int = DEFAULT_BYTES,
) -> FileFacts:
    """Keep a file of somebody for good, or until `retain_until`; pictures are drawn again without their EXIF data.

    Raises:
        InvalidInput: at `file`: file_empty, too_large, file_kind, file_heic, file_svg, file_broken, file_pixels.
    """
    try:
        ready = await prepare_aside(content, filename=filename, accept=accept, max_bytes=max_bytes)
    except FileRefused as refused:
        raise InvalidInput((FieldProblem("file", refused.code, dict(refused.params)),)) from refused
    return await keep_prepared(
        uow, ready, purpose=purpose, owner_kind=owner_kind, owner_id=owner_id, retain_until=retain_until
    )


async def store_made(
    uow: UnitOfWork,
    *,
    content: bytes,
    filename: str,
    media_type: str,
    purpose: str,
    owner_kind: str,
    owner_id: UUID | None,
    retain_until: datetime | None = None,
) -> FileFacts:
    """Keep a file that this product made itself (a report, an export); nothing is sniffed or drawn again."""
    ready = Prepared(content, hashlib.sha256(content).hexdigest(), media_type, own_filename(filename), None)
    return await keep_prepared(
        uow, ready, purpose=purpose, owner_kind=owner_kind, owner_id=owner_id, retain_until=retain_until
    )


async def keep_prepared(
    uow: UnitOfWork,
    ready: Prepared,
    *,
    purpose: str,
    owner_kind: str,
    owner_id: UUID | None,
    retain_until: datetime | None = None,
) -> FileFacts:
    """Write down a prepared file as kept."""
    file = await _write(
        uow, ready, purpose=purpose, owner_kind=owner_kind, owner_id=owner_id, retain_until=retain_until
    )
    uow.audit("file.store", "file", file.file_id, {"owner": owner_kind, "purpose": purpose, "sha256": file.sha256})
    return file


async def quarantine_file(
    uow: UnitOfWork, ready: Prepared, *, purpose: str, owner_kind: str, owner_id: UUID | None
) -> Quarantined:
    """Hold a prepared file until its form is sent whole; after a day it is gone."""
    token = secrets.token_urlsafe(24)
    file = await _write(
        uow,
        ready,
        purpose=purpose,
        owner_kind=owner_kind,
        owner_id=owner_id,
        retain_until=uow.now + timedelta(hours=QUARANTINE_HOURS),
        token=token,
    )
    return Quarantined(token, file)


async def _write(
    uow: UnitOfWork,
    ready: Prepared,
    *,
    purpose: str,
    owner_kind: str,
    owner_id: UUID | None,
    retain_until: datetime | None,
    token: str | None = None,
) -> FileFacts:
    await _lock_content(uow, ready.sha256)
    mine = {"tenant_id": uow.tenant_id, "sha256": ready.sha256}
    for number, start in enumerate(range(0, len(ready.content), CHUNK)):
        piece = ready.content[start : start + CHUNK]
        await uow.session.execute(upsert(_C).values(**mine, chunk_no=number, content=piece).on_conflict_do_nothing())
    written = await uow.session.execute(
        insert(_F)
        .values(
            **mine,
            file_id=new_id(),
            media_type=ready.media_type,
            size=len(ready.content),
            filename=ready.filename,
            purpose=purpose,
            owner_kind=owner_kind,
            owner_id=owner_id,
            state="kept" if token is None else "quarantine",
            token_hash=None if token is None else hash_of_token(token),
            thumbnail=ready.thumbnail,
            retain_until=retain_until,
            removed_at=None,
            created_by=uow.actor.id if uow.actor.kind == "staff" else None,
            created_by_name=uow.actor.name,
            created_at=uow.now,
        )
        .returning(*COLUMNS)
    )
    return FileFacts.of_row(written.one())


async def _lock_content(uow: UnitOfWork, sha256: str) -> None:
    """Whoever writes or erases one content waits for the other: neither row may outlive its bytes."""
    place = func.hashtextextended(f"{uow.tenant_id}:file:{sha256}", 0)
    await uow.session.execute(select(func.pg_advisory_xact_lock(place)))


async def claim_quarantined(
    uow: UnitOfWork,
    *,
    tokens: Iterable[str],
    from_kind: str,
    from_id: UUID | None,
    owner_kind: str,
    owner_id: UUID,
    retain_until: datetime | None = None,
) -> dict[str, FileFacts]:
    """Keep the files behind the tokens for their new owner; each token is good once, and for its own form only.

    Returns:
        What was kept, by token; a token that is unknown, used or of another form is missing.
    """
    hashes = {hash_of_token(token): token for token in tokens}
    if not hashes:
        return {}
    waiting = select(_F.c.file_id, _F.c.token_hash).where(
        _F.c.tenant_id == uow.tenant_id,
        _F.c.token_hash.in_(list(hashes)),
        _F.c.state == "quarantine",
        _F.c.owner_kind == from_kind,
        _F.c.owner_id == from_id,
    )
    found = {row.file_id: hashes[row.token_hash] for row in await uow.session.execute(waiting.with_for_update())}
    kept = await uow.session.execute(
        update(_F)
        .where(_F.c.tenant_id == uow.tenant_id, _F.c.file_id.in_(list(found)))
        .values(state="kept", token_hash=None, owner_kind=owner_kind, owner_id=owner_id, retain_until=retain_until)
        .returning(*COLUMNS)
    )
    return {found[row.file_id]: FileFacts.of_row(row) for row in kept}


async def remove_file(uow: UnitOfWork, *, file_id: UUID, owner_kind: str, owner_id: UUID) -> None:
    """Take a file off its owner's list; it can be brought back for REMOVED_DAYS. Twice is once. FileHeld under a hold."""
    held = select(_H.c.hold_id).where(_H.c.tenant_id == uow.tenant_id, _H.c.owner_kind == owner_kind)
    if (await uow.session.execute(held.where(_H.c.owner_id == owner_id).limit(1))).first() is not None:
        raise FileHeld
    await _set_removed(uow, file_id, owner_kind, owner_id, removed_at=uow.now)
    uow.audit("file.remove", "file", file_id, {"owner": owner_kind})


async def restore_file(uow: UnitOfWork, *, file_id: UUID, owner_kind: str, owner_id: UUID) -> None:
    """Bring a removed file back; raise NotFound when it has been erased."""
    await _set_removed(uow, file_id, owner_kind, owner_id, removed_at=None)
    uow.audit("file.restore", "file", file_id, {"owner": owner_kind})


async def _set_removed(
    uow: UnitOfWork, file_id: UUID, owner_kind: str, owner_id: UUID, *, removed_at: datetime | None
) -> None:
    changed = await uow.session.scalar(
        update(_F)
        .where(
            _F.c.tenant_id == uow.tenant_id,
            _F.c.file_id == file_id,
            _F.c.owner_kind == owner_kind,
            _F.c.owner_id == owner_id,
            _F.c.state == "kept",
        )
        .values(removed_at=removed_at)
        .returning(_F.c.file_id)
    )
    if changed is None:
        raise NotFound("no such file")


async def hold_files(uow: UnitOfWork, *, hold_id: UUID, owners: Iterable[tuple[str, UUID]]) -> None:
    """Keep all files of these owners, also later ones, from being erased until `release_files` of the same hold."""
    rows = [
        {"tenant_id": uow.tenant_id, "hold_id": hold_id, "owner_kind": kind, "owner_id": one} for kind, one in owners
    ]
    if rows:
        await uow.session.execute(upsert(_H).values(rows).on_conflict_do_nothing())


async def release_files(uow: UnitOfWork, *, hold_id: UUID) -> None:
    """End a hold; files under another one stay held."""
    await uow.session.execute(delete(_H).where(_H.c.tenant_id == uow.tenant_id, _H.c.hold_id == hold_id))


async def erase_files(uow: UnitOfWork, *, owner_kind: str, owner_ids: Iterable[UUID]) -> int:
    """Erase all files of these owners, as a person's right asks for; return how many. The rows stay, without bytes."""
    mine = (_F.c.owner_kind == owner_kind) & _F.c.owner_id.in_(list(owner_ids))
    count = await _erase(uow, mine, limit=None)
    if count:
        uow.audit("file.erase", "file", None, {"owner": owner_kind, "files": count})
    return count


async def purge_files(uow: UnitOfWork, *, limit: int = 500) -> int:
    """Erase what has outlived its time: quarantine after a day, retention, removed files; return how many."""
    long_gone = uow.now - timedelta(days=REMOVED_DAYS)
    count = await _erase(uow, (_F.c.retain_until <= uow.now) | (_F.c.removed_at <= long_gone), limit=limit)
    if count:
        uow.audit("file.purge", "file", None, {"files": count})
    return count


async def _erase(uow: UnitOfWork, which: ColumnElement[bool], *, limit: int | None) -> int:
    here = _F.c.tenant_id == uow.tenant_id
    held = exists().where(
        _H.c.tenant_id == _F.c.tenant_id, _H.c.owner_kind == _F.c.owner_kind, _H.c.owner_id == _F.c.owner_id
    )
    due = await uow.session.execute(
        select(_F.c.file_id, _F.c.sha256)
        .where(here, _F.c.state != "erased", which, ~held)
        .order_by(_F.c.file_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = due.all()
    if not found:
        return 0
    for sha256 in sorted({row.sha256 for row in found}):
        await _lock_content(uow, sha256)
    await uow.session.execute(
        update(_F)
        .where(here, _F.c.file_id.in_([row.file_id for row in found]))
        # The name may say who it is about; the digest stays, as proof of what was there.
        .values(state="erased", token_hash=None, thumbnail=None, filename="")
    )
    gone = {row.sha256 for row in found}
    used = await uow.session.execute(
        select(_F.c.sha256).where(here, _F.c.sha256.in_(gone), _F.c.state != "erased").distinct()
    )
    orphaned = gone - {row.sha256 for row in used}
    await uow.session.execute(delete(_C).where(_C.c.tenant_id == uow.tenant_id, _C.c.sha256.in_(orphaned)))
    return len(found)
