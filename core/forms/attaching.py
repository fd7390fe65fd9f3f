"""Files of a form: held while it is filled in, kept when it is sent, listed when it is read."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import insert, select

from core.db import table_of
from core.errors import FieldProblem, InvalidInput
from core.files.actions import (
    Prepared,
    Quarantined,
    claim_quarantined,
    keep_prepared,
    prepare_drawing,
    quarantine_file,
)
from core.files.models import StoredFile
from core.files.queries import COLUMNS, FileFacts, count_waiting_bytes, find_quarantined
from core.files.rules import FileRefused
from core.forms.models import SubmissionFile
from core.forms.rules.attachments import DrawnAnswer, FileAnswer, drawn_answers, file_answers, file_fields, with_files
from core.hooks.records.forms import FileField, Form
from core.uow import Reader, UnitOfWork

_T, _F = table_of(SubmissionFile), table_of(StoredFile)
LINK: Final = "form_link"
"""Owner of a file that waits: the link it was sent through; for staff, no link at all."""
MAX_WAITING: Final = 300_000_000
"""Bytes that wait behind one link: some hundred people on their way through one form."""
SUBMISSION: Final = "submission"
SIGNATURE: Final = "signature"


class Attached(msgspec.Struct, frozen=True):
    """The files of one submit, claimed but not listed yet: that needs the submission's row."""

    data: dict[str, Any]
    """The answers as they are stored: the token of each file is its id now."""
    files: tuple[tuple[FileAnswer, FileFacts], ...]
    drawings: tuple[tuple[DrawnAnswer, Prepared], ...]


def record_of(file: FileFacts, token: str) -> dict[str, Any]:
    """A file as an answer."""
    return {"token": token, "name": file.filename, "type": file.media_type, "size": file.size}


async def hold_file(uow: UnitOfWork, ready: Prepared, field: FileField, *, link_id: UUID | None) -> Quarantined:
    """Keep an upload until its form is sent whole, for a day at most."""
    return await quarantine_file(uow, ready, purpose=field.purpose or field.key, owner_kind=LINK, owner_id=link_id)


async def is_crowded(reader: Reader, *, link_id: UUID | None) -> bool:
    """Tell whether so much waits behind this link that no more is held: a poster is open to everybody."""
    return await count_waiting_bytes(reader, owner_kind=LINK, owner_id=link_id) > MAX_WAITING


async def find_held(reader: Reader, tokens: list[str], *, link_id: UUID | None) -> dict[str, FileFacts]:
    """Return by token what waits behind this link."""
    return await find_quarantined(reader, tokens=tokens, owner_kind=LINK, owner_id=link_id)


async def without_lost_files(
    reader: Reader, form: Form, answers: Mapping[str, Any], *, link_id: UUID | None
) -> tuple[dict[str, Any], tuple[FieldProblem, ...]]:
    """The answers of a draft without files whose day is over, and where the writer must choose them again."""
    if not file_fields(form):
        return dict(answers), ()
    given = file_answers(form, answers)
    held = await find_held(reader, [one.token for one in given], link_id=link_id)
    lost = {one.path for one in given if one.token not in held}
    kept = with_files(form, answers, partial(_held_record, held))
    return kept, tuple(FieldProblem(path, "file_gone") for path in sorted(lost))


def _held_record(held: Mapping[str, FileFacts], record: dict[str, Any]) -> dict[str, Any] | None:
    token = str(record.get("token", ""))
    return record_of(held[token], token) if token in held else None


async def attach_files(
    uow: UnitOfWork, form: Form, data: dict[str, Any], *, link_id: UUID | None, submission_id: UUID
) -> Attached:
    """Keep what the answers name; what is told about a file is what we saw, not what was sent.

    Raises:
        InvalidInput: file_gone (the token is unknown, used, of another form, or a day old), option, too_large,
            not_signed (nothing was drawn), type (what was drawn is no PNG).
    """
    answers, drawn = file_answers(form, data), drawn_answers(form, data)
    kept = await _claim(uow, answers, link_id=link_id, submission_id=submission_id)
    problems: list[FieldProblem] = []
    seen: set[str] = set()
    for one in answers:
        file = kept.get(one.token)
        if file is None or one.token in seen:
            problems.append(FieldProblem(one.path, "file_gone"))
        elif file.media_type not in one.field.accept:
            problems.append(FieldProblem(one.path, "option"))
        seen.add(one.token)
    drawings: list[tuple[DrawnAnswer, Prepared]] = []
    for sign in drawn:
        try:
            ready = await prepare_drawing(sign.image, filename=f"{sign.path}.png")
        except FileRefused:
            problems.append(FieldProblem(sign.path, "type"))
            continue
        if ready is None:
            problems.append(FieldProblem(sign.path, "not_signed"))
        else:
            drawings.append((sign, ready))
    if problems:
        raise InvalidInput(tuple(problems))
    stored = with_files(form, data, partial(_kept_record, kept)) if answers else data
    return Attached(stored, tuple((one, kept[one.token]) for one in answers), tuple(drawings))


def _kept_record(kept: Mapping[str, FileFacts], record: dict[str, Any]) -> dict[str, Any] | None:
    file = kept[str(record["token"])]
    return record_of(file, str(file.file_id))


async def _claim(
    uow: UnitOfWork, answers: list[FileAnswer], *, link_id: UUID | None, submission_id: UUID
) -> dict[str, FileFacts]:
    kept: dict[str, FileFacts] = {}
    by_time: dict[datetime | None, list[str]] = {}
    for one in answers:
        by_time.setdefault(_retain_until(uow, one.field), []).append(one.token)
    for until, tokens in by_time.items():
        kept |= await claim_quarantined(
            uow,
            tokens=tokens,
            from_kind=LINK,
            from_id=link_id,
            owner_kind=SUBMISSION,
            owner_id=submission_id,
            retain_until=until,
        )
    return kept


def _retain_until(uow: UnitOfWork, field: FileField) -> datetime | None:
    return None if field.retain_days is None else uow.now + timedelta(days=field.retain_days)


async def list_attached(uow: UnitOfWork, attached: Attached, *, submission_id: UUID) -> None:
    """Write down which file stands where, once the submission has its row; drawn signatures become files too."""
    mine = {"tenant_id": uow.tenant_id, "submission_id": submission_id}
    rows = [(one.path, file) for one, file in attached.files]
    for sign, ready in attached.drawings:
        file = await keep_prepared(uow, ready, purpose=SIGNATURE, owner_kind=SUBMISSION, owner_id=submission_id)
        rows.append((sign.path, file))
    for path, file in rows:
        own = {"file_id": file.file_id, "path": path, "sha256": file.sha256, "purpose": file.purpose}
        await uow.session.execute(insert(_T).values(**mine, **own, retain_until=file.retain_until))


async def list_submission_files(reader: Reader, submission_id: UUID) -> dict[str, list[FileFacts]]:
    """Return a filled form's files by the path of their field; erased and removed ones are missing."""
    rows = await reader.session.execute(
        select(_T.c.path, *COLUMNS)
        .join(_T, (_T.c.tenant_id == _F.c.tenant_id) & (_T.c.file_id == _F.c.file_id))
        .where(
            _T.c.tenant_id == reader.tenant_id,
            _T.c.submission_id == submission_id,
            _F.c.state == "kept",
            _F.c.removed_at.is_(None),
        )
        .order_by(_F.c.file_id)
    )
    found: dict[str, list[FileFacts]] = {}
    for row in rows:
        found.setdefault(row.path, []).append(FileFacts.of_row(row))
    return found
