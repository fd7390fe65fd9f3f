"""A letter by e-mail becomes a complaint, or is added to the one that it answers; the same letter counts once."""

import hashlib
import re
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from core.complaints.actions.brought import announce_files
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.joining import find_survivor
from core.complaints.cases.case import lock_case
from core.complaints.models import Complaint, ComplaintMail
from core.complaints.rules.filing import NAME_LIMIT, TEXT_LIMIT, Filing
from core.complaints.rules.letters import Attachment, Letter
from core.complaints.rules.sources import ADDRESS_LIMIT, Email
from core.contacts.queries import find_by_email
from core.customers.rules.phones import read_phone
from core.db import table_of
from core.errors import InvalidInput
from core.files.actions import store_file, store_made
from core.files.rules import DOCUMENTS, SOUNDS
from core.uow import Reader, UnitOfWork

ACCEPTED: Final = (*DOCUMENTS, *SOUNDS)
ATTACHMENT_BYTES: Final = 20_000_000
OWNER: Final = "complaint"
PURPOSE: Final = "intake"
_CUT: Final = "…"
_MOBILE: Final = re.compile(r"(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")
"""Mobile numbers of the mainland as people group them: 138 0013 8000, 138-0013-8000."""
_C, _L = table_of(Complaint), table_of(ComplaintMail)

Became = Literal["filed", "added", "again"]


class Delivered(msgspec.Struct, frozen=True):
    """What became of a letter."""

    became: Became
    complaint_id: UUID
    number: int
    status_code: str


async def receive_mail(uow: UnitOfWork, *, letter: Letter, branch_id: UUID | None = None) -> Delivered:
    """File the letter, or add it to the open case that it answers or names.

    A case that was archived is not opened by a letter: it is filed as one of its own, and names the old one.
    """
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.message_id == letter.message_id)
    known = await uow.session.scalar(select(_L.c.complaint_id).where(*mine))
    if known is not None:
        return await _delivered(uow, known, "again")
    case_id = await _answered(uow, letter)
    became: Became = "added"
    if case_id is None or not await _add(uow, case_id, letter):
        case_id = await _file(uow, letter, branch_id)
        became = "filed"
    await remember_mail(
        uow,
        complaint_id=case_id,
        message_id=letter.message_id,
        subject=letter.subject,
        correspondent=letter.sender,
        sent=False,
    )
    return await _delivered(uow, case_id, became)


async def remember_mail(
    uow: UnitOfWork, *, complaint_id: UUID, message_id: str, subject: str, correspondent: str, sent: bool = True
) -> None:
    """Keep the id of a letter of the case, ours or theirs, so that its answers find the case."""
    row = {
        "tenant_id": uow.tenant_id,
        "message_id": message_id[:ADDRESS_LIMIT],
        "complaint_id": complaint_id,
        "sent": sent,
        "subject": subject[:ADDRESS_LIMIT],
        "correspondent": correspondent[:ADDRESS_LIMIT],
        "at": uow.now,
    }
    await uow.session.execute(upsert(_L).values(row).on_conflict_do_nothing())


async def _delivered(reader: Reader, complaint_id: UUID, became: Became) -> Delivered:
    row: Any = (
        await reader.session.execute(
            select(_C.c.number, _C.c.status_code).where(
                _C.c.tenant_id == reader.tenant_id, _C.c.complaint_id == complaint_id
            )
        )
    ).one()
    return Delivered(became, complaint_id, row.number, row.status_code)


async def _answered(reader: Reader, letter: Letter) -> UUID | None:
    """The case of the nearest letter that it answers, else the one that its subject names, through merges."""
    found: UUID | None = None
    if letter.references:
        rows = await reader.session.execute(
            select(_L.c.message_id, _L.c.complaint_id).where(
                _L.c.tenant_id == reader.tenant_id, _L.c.message_id.in_(letter.references[:50])
            )
        )
        cases = {row.message_id: row.complaint_id for row in rows}
        found = next((cases[one] for one in letter.references if one in cases), None)
    if found is None and letter.number is not None:
        found = await reader.session.scalar(
            select(_C.c.complaint_id).where(_C.c.tenant_id == reader.tenant_id, _C.c.number == letter.number)
        )
    return None if found is None else await find_survivor(reader, complaint_id=found)


async def _add(uow: UnitOfWork, complaint_id: UUID, letter: Letter) -> bool:
    """Write the letter into the history; False when the case is over."""
    case = await lock_case(uow, complaint_id)
    if case.state not in {"open", "resolved"}:
        return False
    known = await uow.session.scalar(
        select(_L.c.message_id)
        .where(_L.c.tenant_id == uow.tenant_id, _L.c.complaint_id == complaint_id, _L.c.correspondent == letter.sender)
        .limit(1)
    )
    refused = await _keep_files(uow, complaint_id, letter)
    data: dict[str, Any] = {
        "text": _fitting(letter.text or letter.about),
        "people": letter.sender,
        # Whoever knows a number may write to it: the case says when it is not the one it wrote with before.
        "stranger": known is None,
    }
    case.note(uow, "customer_added", data | ({"refused": refused} if refused else {}))
    await case.save(uow)
    return True


async def _file(uow: UnitOfWork, letter: Letter, branch_id: UUID | None) -> UUID:
    words = letter.text or letter.about
    if letter.about and letter.about not in words:
        words = f"{letter.about}\n{words}".strip()
    if not words:
        words = letter.subject or letter.attachments[0].filename
    customers = await find_by_email(uow, letter.sender)
    filing = Filing(
        text=_fitting(words),
        contact_name=letter.sender_name[:NAME_LIMIT],
        contact_phone=_phone_in(letter.text),
        channel="email",
        source=Email(
            sender=letter.sender[:200],
            subject=letter.subject[:ADDRESS_LIMIT],
            message_id=letter.message_id[:ADDRESS_LIMIT],
        ),
        branch_id=branch_id,
        customer_id=customers[0] if len(customers) == 1 else None,
    )
    key = f"mail:{hashlib.sha256(letter.message_id.encode()).hexdigest()[:40]}"
    filed = await file_complaint(uow, filing=filing, key=key)
    refused = await _keep_files(uow, filed.complaint_id, letter)
    if len(words) > TEXT_LIMIT:
        await store_made(
            uow,
            content=words.encode(),
            filename="letter.txt",
            media_type="text/plain",
            purpose=PURPOSE,
            owner_kind=OWNER,
            owner_id=filed.complaint_id,
        )
    if refused:
        case = await lock_case(uow, filed.complaint_id)
        case.note(uow, "files_refused", {"text": "\n".join(refused)})
        await case.save(uow)
    return filed.complaint_id


async def _keep_files(uow: UnitOfWork, complaint_id: UUID, letter: Letter) -> list[str]:
    """Keep what is a picture, a recording or a PDF; return the names of what is not."""
    refused = [
        attachment.filename[:120]
        for attachment in letter.attachments
        if not await _keep_file(uow, complaint_id, attachment)
    ]
    if letter.left_out:
        refused.append(f"+{letter.left_out}")
    if letter.attachments:
        await announce_files(uow, complaint_id=complaint_id)
    return refused


async def _keep_file(uow: UnitOfWork, complaint_id: UUID, attachment: Attachment) -> bool:
    try:
        await store_file(
            uow,
            content=attachment.content,
            filename=attachment.filename,
            purpose=PURPOSE,
            owner_kind=OWNER,
            owner_id=complaint_id,
            accept=ACCEPTED,
            max_bytes=ATTACHMENT_BYTES,
        )
    except InvalidInput:
        return False
    return True


def _fitting(words: str) -> str:
    return words if len(words) <= TEXT_LIMIT else words[: TEXT_LIMIT - 1] + _CUT


def _phone_in(text: str) -> str:
    """A mobile number in the letter, when it holds exactly one."""
    digits = {"".join(filter(str.isdigit, one)) for one in _MOBILE.findall(text)}
    found = next(iter(digits)) if len(digits) == 1 else ""
    return found if found and read_phone(found) is not None else ""
