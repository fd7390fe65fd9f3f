"""Reads hearings: those of a case, one with its members, and what an expert's link opens."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select

from core.db import table_of
from core.errors import AnxinError, NotFound
from core.evidence.queries import EvidenceFacts, list_evidence
from core.hearings.models import Hearing, HearingMember, HearingRelease
from core.uow import Reader

_H, _M, _R = table_of(Hearing), table_of(HearingMember), table_of(HearingRelease)


class HearingLinkGone(AnxinError):
    """The expert's link was revoked, or its time is over."""

    code = "hearing-link-gone"
    status = 410


class HearingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One hearing."""

    hearing_id: UUID
    complaint_id: UUID
    state: str
    starts_at: datetime
    place: str
    agenda: str
    minutes: str
    finding: str
    shares: list[tuple[str, int]]
    body: str
    seal: str
    held_at: datetime | None
    finished_at: datetime | None
    finished_by_name: str
    created_at: datetime
    created_by_name: str


class MemberFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody invited, and what they did."""

    member_id: UUID
    hearing_id: UUID
    kind: str
    staff_id: UUID | None
    full_name: str
    standing: str
    code: str | None
    word_hash: str
    device_hash: str
    wrong: int
    expires_at: datetime | None
    revoked_at: datetime | None
    opened_at: datetime | None
    attended: bool | None
    stance: str
    words: str
    signature_id: UUID | None
    signed_seal: str
    signed_at: datetime | None


_HEARING = tuple(_H.c[name] for name in HearingFacts.__struct_fields__)
_MEMBER = tuple(_M.c[name] for name in MemberFacts.__struct_fields__)


def _hearing(row: Any) -> HearingFacts:
    return msgspec.convert(dict(row._mapping), HearingFacts)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def list_hearings(reader: Reader, complaint_id: UUID) -> list[HearingFacts]:
    """Return the hearings of a case, the newest first."""
    query = select(*_HEARING).where(_H.c.tenant_id == reader.tenant_id, _H.c.complaint_id == complaint_id)
    return [_hearing(row) for row in await reader.session.execute(query.order_by(_H.c.hearing_id.desc()))]


async def get_hearing(reader: Reader, hearing_id: UUID, *, complaint_id: UUID | None = None) -> HearingFacts:
    """Return one hearing; raise NotFound when there is none, or it is another case's."""
    query = select(*_HEARING).where(_H.c.tenant_id == reader.tenant_id, _H.c.hearing_id == hearing_id)
    row = (await reader.session.execute(query)).first()
    if row is None or complaint_id not in {None, row.complaint_id}:
        raise NotFound("no such hearing")
    return _hearing(row)


async def list_members(reader: Reader, hearing_id: UUID) -> list[MemberFacts]:
    """Return who is invited, experts first."""
    query = select(*_MEMBER).where(_M.c.tenant_id == reader.tenant_id, _M.c.hearing_id == hearing_id)
    rows = await reader.session.execute(query.order_by(_M.c.kind, _M.c.member_id))
    return [MemberFacts(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def get_member(reader: Reader, member_id: UUID, *, hearing_id: UUID) -> MemberFacts:
    """Return one member of a hearing; raise NotFound when it has none of that id."""
    found = next((one for one in await list_members(reader, hearing_id) if one.member_id == member_id), None)
    if found is None:
        raise NotFound("no such member")
    return found


async def get_invited(reader: Reader, code: str) -> MemberFacts:
    """Return whose link this is; raise NotFound, or HearingLinkGone when it was revoked, is over, or was locked."""
    query = select(*_MEMBER).where(_M.c.tenant_id == reader.tenant_id, _M.c.code == code)
    row = (await reader.session.execute(query)).first()
    if row is None:
        raise NotFound("no such invitation")
    member = MemberFacts(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    if member.revoked_at is not None or (member.expires_at is not None and member.expires_at <= reader.now):
        raise HearingLinkGone
    return member


async def list_released(reader: Reader, hearing: HearingFacts) -> list[EvidenceFacts]:
    """Return the evidence that the members of this hearing may see."""
    query = select(_R.c.evidence_id).where(_R.c.tenant_id == reader.tenant_id, _R.c.hearing_id == hearing.hearing_id)
    released = set(await reader.session.scalars(query))
    return [one for one in await list_evidence(reader, hearing.complaint_id) if one.evidence_id in released]
