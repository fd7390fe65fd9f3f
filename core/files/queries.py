"""Reads files: what an owner has, one by its id, one by the token of a form that was not sent yet, and the bytes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from core.db import table_of
from core.errors import NotFound
from core.files.models import FileContent, StoredFile
from core.files.rules import hash_of_token
from core.uow import Reader

_F, _C = table_of(StoredFile), table_of(FileContent)


class FileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a file without its bytes."""

    file_id: UUID
    sha256: str
    media_type: str
    size: int
    filename: str
    purpose: str
    owner_kind: str
    owner_id: UUID | None
    state: str
    retain_until: datetime | None
    removed_at: datetime | None
    created_by_name: str
    created_at: datetime

    @property
    def is_image(self) -> bool:
        """Tell whether there is a small picture of it."""
        return self.media_type.startswith("image/")

    @classmethod
    def of_row(cls, row: Any) -> "FileFacts":
        """Return the facts of a row that has COLUMNS among its own."""
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


COLUMNS = tuple(_F.c[name] for name in FileFacts.__struct_fields__)


async def get_file(reader: Reader, file_id: UUID) -> FileFacts:
    """Return one file that can be opened; raise NotFound when there is none, or it was removed or erased."""
    row = (
        await reader.session.execute(
            select(*COLUMNS).where(
                _F.c.tenant_id == reader.tenant_id,
                _F.c.file_id == file_id,
                _F.c.state != "erased",
                _F.c.removed_at.is_(None),
            )
        )
    ).first()
    if row is None:
        raise NotFound("no such file")
    return FileFacts.of_row(row)


async def list_files(
    reader: Reader, *, owner_kind: str, owner_id: UUID, purpose: str | None = None, limit: int = 100
) -> list[FileFacts]:
    """Return the kept files of one owner, the newest first."""
    return await list_files_of(reader, owner_kind=owner_kind, owner_ids=[owner_id], purpose=purpose, limit=limit)


async def list_files_of(
    reader: Reader, *, owner_kind: str, owner_ids: Iterable[UUID], purpose: str | None = None, limit: int = 100
) -> list[FileFacts]:
    """Return the kept files of several owners in one query, the newest first."""
    query = select(*COLUMNS).where(
        _F.c.tenant_id == reader.tenant_id,
        _F.c.owner_kind == owner_kind,
        _F.c.owner_id.in_(list(owner_ids)),
        _F.c.state == "kept",
        _F.c.removed_at.is_(None),
    )
    if purpose is not None:
        query = query.where(_F.c.purpose == purpose)
    rows = await reader.session.execute(query.order_by(_F.c.file_id.desc()).limit(limit))
    return [FileFacts.of_row(row) for row in rows]


async def find_quarantined(
    reader: Reader, *, tokens: Sequence[str], owner_kind: str, owner_id: UUID | None
) -> dict[str, FileFacts]:
    """Return by token the files that wait for this very form; a token of another form or tenant finds nothing."""
    if not tokens:
        return {}
    hashes = {hash_of_token(token): token for token in tokens}
    rows = await reader.session.execute(
        select(_F.c.token_hash, *COLUMNS).where(
            _F.c.tenant_id == reader.tenant_id,
            _F.c.token_hash.in_(list(hashes)),
            _F.c.state == "quarantine",
            _F.c.owner_kind == owner_kind,
            _F.c.owner_id == owner_id,
        )
    )
    return {hashes[row.token_hash]: FileFacts.of_row(row) for row in rows}


async def count_waiting_bytes(reader: Reader, *, owner_kind: str, owner_id: UUID | None) -> int:
    """Return how much waits in quarantine for one form, of everybody who fills it in."""
    total = await reader.session.scalar(
        select(func.coalesce(func.sum(_F.c.size), 0)).where(
            _F.c.tenant_id == reader.tenant_id,
            _F.c.owner_kind == owner_kind,
            _F.c.owner_id == owner_id,
            _F.c.state == "quarantine",
        )
    )
    return int(total or 0)


async def get_content(reader: Reader, file: FileFacts) -> bytes:
    """Return the bytes; raise NotFound when they were erased meanwhile."""
    rows = await reader.session.execute(
        select(_C.c.content)
        .where(_C.c.tenant_id == reader.tenant_id, _C.c.sha256 == file.sha256)
        .order_by(_C.c.chunk_no)
    )
    pieces = [bytes(row.content) for row in rows]
    if not pieces:
        raise NotFound("the content is gone")
    return b"".join(pieces)


async def get_thumbnail(reader: Reader, file_id: UUID) -> bytes:
    """Return the small JPEG of an image; raise NotFound when the file has none."""
    found = await reader.session.scalar(
        select(_F.c.thumbnail).where(_F.c.tenant_id == reader.tenant_id, _F.c.file_id == file_id)
    )
    if found is None:
        raise NotFound("no small picture")
    return bytes(found)
