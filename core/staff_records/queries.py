"""Reads staff records, for the person and for those who lead people; nobody else finds them."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, and_, func, select

from core.asked import Asked
from core.complaints.models import Complaint
from core.counts import Counter
from core.db import one_of, table_of
from core.errors import NotFound
from core.staff_records.models import StaffRecord, StaffRecordWord
from core.uow import Reader

_S, _W, _C = table_of(StaffRecord), table_of(StaffRecordWord), table_of(Complaint)
LEADS: Final = "staff.manage"
"""Who leads people: the director and the administrator."""


class Word(msgspec.Struct, frozen=True):
    """What somebody said beside a record."""

    kind: str
    text: str
    at: datetime
    by_name: str


class RecordFacts(msgspec.Struct, frozen=True):
    """One record with what was said beside it."""

    record_id: UUID
    staff_id: UUID
    staff_name: str
    complaint_id: UUID
    complaint_number: int
    complaint_title: str
    severity: str
    edition: int
    involvement: str
    finding: str
    learned: str
    measure: str
    recorded_at: datetime
    recorded_by_name: str
    retain_until: date
    words: tuple[Word, ...] = ()

    def word(self, kind: str) -> Word | None:
        """Return what was said of a kind."""
        return next((one for one in self.words if one.kind == kind), None)

    @property
    def decision(self) -> Word | None:
        """What the director decided about the objection."""
        return self.word("kept") or self.word("withdrawn")

    @property
    def state(self) -> str:
        """`standing`, `objected` while an objection waits, then `kept` or `withdrawn`."""
        if self.decision is not None:
            return self.decision.kind
        return "objected" if self.word("objection") else "standing"


def _may_see(reader: Reader, staff_id: UUID) -> bool:
    """Only the person and who leads people see a record."""
    return reader.actor.kind == "staff" and (reader.actor.id == staff_id or reader.actor.may(LEADS))


def _visible(reader: Reader) -> ColumnElement[bool]:
    mine = _S.c.tenant_id == reader.tenant_id
    return mine if reader.actor.may(LEADS) else and_(mine, _S.c.staff_id == reader.actor.id)


async def _records(reader: Reader, *which: ColumnElement[bool]) -> list[RecordFacts]:
    joined = _S.join(_C, and_(_C.c.tenant_id == _S.c.tenant_id, _C.c.complaint_id == _S.c.complaint_id))
    rows: Any = (
        await reader.session.execute(
            select(
                *(_S.c.record_id, _S.c.staff_id, _S.c.staff_name, _S.c.complaint_id),
                *(_C.c.number, _C.c.title, _C.c.severity),
                *(_S.c.edition, _S.c.involvement, _S.c.finding, _S.c.learned, _S.c.measure),
                *(_S.c.recorded_at, _S.c.recorded_by_name, _S.c.retain_until),
            )
            .select_from(joined)
            .where(*which)
            .order_by(_S.c.record_id.desc())
            .limit(200)
        )
    ).all()
    said: dict[UUID, list[Word]] = {}
    if rows:
        words: Any = await reader.session.execute(
            select(_W.c.record_id, _W.c.kind, _W.c.text, _W.c.at, _W.c.by_name)
            .where(_W.c.tenant_id == reader.tenant_id, one_of(_W.c.record_id, [row[0] for row in rows]))
            .order_by(_W.c.at)
        )
        for record_id, *word in words:
            said.setdefault(record_id, []).append(Word(*word))
    return [_record(row, tuple(said.get(row[0], ()))) for row in rows]


async def list_records_of(reader: Reader, staff_id: UUID) -> list[RecordFacts]:
    """Return a person's records, newest first; raise NotFound for whoever may not see them."""
    if not _may_see(reader, staff_id):
        raise NotFound("no such records")
    return await _records(reader, _visible(reader), _S.c.staff_id == staff_id)


async def list_records_in(reader: Reader, complaint_id: UUID) -> list[RecordFacts]:
    """Return the records of a case that the reader may see."""
    return await _records(reader, _visible(reader), _S.c.complaint_id == complaint_id)


async def count_records_in(reader: Reader, complaint_id: UUID) -> int:
    """Return how many people a case was recorded for, for those who may not read the records."""
    mine = (_S.c.tenant_id == reader.tenant_id, _S.c.complaint_id == complaint_id)
    return int(await reader.session.scalar(select(func.count()).select_from(_S).where(*mine)) or 0)


async def get_record(reader: Reader, record_id: UUID) -> RecordFacts:
    """Return one record; NotFound for whoever may not see it."""
    found = await _records(reader, _visible(reader), _S.c.record_id == record_id)
    if not found:
        raise NotFound("no such record")
    return found[0]


def _record(row: Any, words: tuple[Word, ...]) -> RecordFacts:
    return msgspec.structs.replace(RecordFacts(*row), words=words)


def _without(kind: str) -> ColumnElement[bool]:
    return ~(
        select(_W.c.record_id)
        .where(_W.c.tenant_id == _S.c.tenant_id, _W.c.record_id == _S.c.record_id, _W.c.kind == kind)
        .exists()
    )


async def list_unseen(reader: Reader) -> list[RecordFacts]:
    """Return the reader's own records that they have not opened."""
    if reader.actor.id is None:
        return []
    return await _records(
        reader, _S.c.tenant_id == reader.tenant_id, _S.c.staff_id == reader.actor.id, _without("seen")
    )


@Counter
def count_unseen(asked: Asked) -> Select[int]:
    """Return how many of their own records the reader has not opened."""
    own = (_S.c.tenant_id == asked.tenant_id, _S.c.staff_id == asked.actor.id, _without("seen"))
    return select(func.count()).select_from(_S).where(*own)


async def list_objected(reader: Reader) -> list[RecordFacts]:
    """Return the records whose objection waits for a decision."""
    objected = ~_without("objection")
    return await _records(reader, _visible(reader), objected, _without("kept"), _without("withdrawn"))


async def list_expired(reader: Reader, today: date) -> list[UUID]:
    """Return the records whose time is over."""
    rows = await reader.session.execute(
        select(_S.c.record_id).where(_S.c.tenant_id == reader.tenant_id, _S.c.retain_until <= today).limit(1000)
    )
    return [row.record_id for row in rows]
