"""Verifies evidence in the database: both chains against themselves, their heads, their columns, and every file's bytes."""

import hashlib
from collections.abc import Iterable
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, select

from core.chains import GENESIS, Break, Follower, Link, moment
from core.complaints.models import Complaint
from core.db import one_of, table_of
from core.evidence.actions import log_custody
from core.evidence.models import CustodyEntry, EvidenceLink, EvidenceLocker
from core.evidence.queries import EvidenceFacts
from core.evidence.rules import (
    AddedBody,
    Checked,
    CustodyFollower,
    EvidenceFollower,
    Fault,
    read_custody,
    read_evidence,
)
from core.files.models import FileContent, StoredFile
from core.uow import Reader, UnitOfWork

_L, _E, _U = table_of(EvidenceLocker), table_of(EvidenceLink), table_of(CustodyEntry)
_S, _B, _C = table_of(StoredFile), table_of(FileContent), table_of(Complaint)
_ERASED = "{}"
Part = Literal["evidence", "custody"]


async def verify_case(reader: Reader, complaint_id: UUID, *, most_bytes: int | None = None) -> Checked:
    """Follow both chains of one case and hash every file anew; every fault is named.

    `most_bytes` is for looking in passing: when the files are larger together, they are not read, and `unread` says so.
    """
    head = (
        await reader.session.execute(
            select(_L).where(_L.c.tenant_id == reader.tenant_id, _L.c.complaint_id == complaint_id)
        )
    ).first()
    # Words may be gone by the person's right only where the complaint's own words are gone too.
    told = await reader.session.scalar(
        select(_C.c.text).where(_C.c.tenant_id == reader.tenant_id, _C.c.complaint_id == complaint_id)
    )
    check = _Check(str(complaint_id), may_be_erased=told == "")
    links = (
        await reader.session.execute(
            select(_E).where(_E.c.tenant_id == reader.tenant_id, _E.c.complaint_id == complaint_id).order_by(_E.c.seq)
        )
    ).all()
    check.chain("evidence", EvidenceFollower(), links, _same_link)
    custody = (
        await reader.session.execute(
            select(_U).where(_U.c.tenant_id == reader.tenant_id, _U.c.complaint_id == complaint_id).order_by(_U.c.seq)
        )
    ).all()
    check.chain("custody", CustodyFollower(), custody, _same_line)
    if head is None:
        if links or custody:
            check.fault("evidence", 0, "no_head")
    else:
        check.end("evidence", links, head.links, head.seal)
        check.end("custody", custody, head.custody, head.custody_seal)
    added = [row for row in links if row.act == "added"]
    if most_bytes is not None and await _size_of(reader, added) > most_bytes:
        check.unread = len(added)
        added = []
    for row in added:
        await check.file(reader, row)
    return check.result(len(links), len(custody))


async def _size_of(reader: Reader, rows: Iterable[Any]) -> int:
    ids = [row.file_id for row in rows]
    mine = (_S.c.tenant_id == reader.tenant_id, one_of(_S.c.file_id, ids))
    return int(await reader.session.scalar(select(func.sum(_S.c.size)).where(*mine)) or 0)


async def verify_now(uow: UnitOfWork, complaint_id: UUID) -> Checked:
    """Verify a case with all its files, and write into its custody log who did and what came out."""
    checked = await verify_case(uow, complaint_id)
    await log_custody(uow, complaint_id=complaint_id, act="verified", reason="broken" if checked.faults else "holds")
    return checked


async def find_fault(reader: Reader, piece: EvidenceFacts) -> str | None:
    """Return what is wrong with the bytes of one piece: file_changed, file_missing, or nothing."""
    mine = (_E.c.tenant_id == reader.tenant_id, _E.c.evidence_id == piece.evidence_id)
    row = (await reader.session.execute(select(_E).where(*mine))).one()
    check = _Check(str(piece.complaint_id), may_be_erased=False)
    await check.file(reader, row)
    faults = check.result(0, 0).faults
    return faults[0].reason if faults else None


async def verify_tenant(reader: Reader) -> Checked:
    """Verify every case that has evidence, or had: each one whose head, links or custody is there."""
    cases: set[UUID] = set()
    for table in (_L, _E, _U):
        cases |= set(
            await reader.session.scalars(
                select(table.c.complaint_id).where(table.c.tenant_id == reader.tenant_id).distinct()
            )
        )
    total = Checked()
    for complaint_id in sorted(cases):
        total = merge(total, await verify_case(reader, complaint_id))
    return total


def merge(one: Checked, other: Checked) -> Checked:
    """The two results as one."""
    counted = ("cases", "links", "custody", "files", "erased", "unread")
    sums = {name: getattr(one, name) + getattr(other, name) for name in counted}
    return Checked(**sums, faults=one.faults + other.faults)


class _Check:
    def __init__(self, case: str, *, may_be_erased: bool) -> None:
        self._case = case
        self._may_be_erased = may_be_erased
        self._faults: list[Fault] = []
        self._files = self._erased = 0
        self.unread = 0

    def fault(self, part: Part, seq: int, reason: str, label: str = "") -> None:
        self._faults.append(Fault(case=self._case, part=part, seq=seq, reason=reason, label=label))

    def chain(self, part: Part, follower: Follower, rows: Iterable[Any], same: Any) -> None:
        """Every link that does not hold; after one, the next is judged as if the one before were what it says."""
        for row in rows:
            if row.body == _ERASED and self._may_be_erased:
                found = self._follow_erased(follower, row)
                self._erased += found is None
            else:
                found = follower.follow(Link(chain=self._case, seq=row.seq, seal=row.seal, body=row.body))
                if found is None and not same(row):
                    found = Break(self._case, row.seq, "other_record")
            if found is not None:
                self.fault(part, row.seq, found.reason, getattr(row, "label", ""))
                follower.last[self._case], follower.seqs[self._case] = row.seal, row.seq

    def _follow_erased(self, follower: Follower, row: Any) -> Break | None:
        """Of an erased link only its place is left to judge."""
        in_order = row.seq == follower.seqs.get(self._case, 0) + 1
        held = row.prev == follower.last.get(self._case, GENESIS)
        if not (in_order and held):
            return Break(self._case, row.seq, "wrong_previous" if in_order else "out_of_order")
        follower.last[self._case], follower.seqs[self._case] = row.seal, row.seq
        return None

    def end(self, part: Part, rows: Any, count: int, seal: str) -> None:
        """The last link is the one that the head names."""
        last = (rows[-1].seq, rows[-1].seal) if rows else (0, GENESIS)
        if last != (count, seal):
            self.fault(part, count, "cut_off")

    async def file(self, reader: Reader, row: Any) -> None:
        """The bytes still have the hash that was sealed."""
        mine = (_S.c.tenant_id == reader.tenant_id, _S.c.file_id == row.file_id)
        file = (await reader.session.execute(select(_S.c.sha256, _S.c.state).where(*mine))).first()
        sealed = _sealed_hash(row)
        if file is not None and file.state == "erased" and self._may_be_erased:
            return
        digest = await hash_content(reader, file.sha256) if file is not None else None
        if digest is None:
            self.fault("evidence", row.seq, "file_missing", row.label)
        elif digest != sealed or (file is not None and file.sha256 != sealed):
            self.fault("evidence", row.seq, "file_changed", row.label)
        else:
            self._files += 1

    def result(self, links: int, custody: int) -> Checked:
        return Checked(
            cases=1,
            links=links,
            custody=custody,
            files=self._files,
            erased=self._erased,
            unread=self.unread,
            faults=tuple(self._faults),
        )


def _sealed_hash(row: Any) -> str:
    """The hash that the link sealed; what its column says only when the words cannot be read."""
    try:
        body = read_evidence(row.body)
    except ValueError:
        return str(row.sha256)
    return body.sha256 if isinstance(body, AddedBody) else ""


async def hash_content(reader: Reader, sha256: str) -> str | None:
    """Hash stored bytes piece by piece; None when there are none, or a piece is missing."""
    digest, numbers = hashlib.sha256(), []
    mine = (_B.c.tenant_id == reader.tenant_id, _B.c.sha256 == sha256)
    count = int(await reader.session.scalar(select(func.count()).select_from(_B).where(*mine)) or 0)
    for number in range(count):
        content = await reader.session.scalar(select(_B.c.content).where(*mine, _B.c.chunk_no == number))
        if content is None:
            return None
        digest.update(content)
        numbers.append(number)
    return digest.hexdigest() if numbers else None


def _same_link(row: Any) -> bool:
    body = read_evidence(row.body)
    told = (str(row.evidence_id), row.prev, moment(row.at), row.by_name)
    if told != (body.evidence, body.previous, body.at, body.by):
        return False
    if isinstance(body, AddedBody):
        filled = (row.act, row.kind, row.label, str(row.file_id), row.sha256)
        return filled == ("added", body.kind, body.label, body.file, body.sha256)
    return bool(row.act == "sealed")


def _same_line(row: Any) -> bool:
    body = read_custody(row.body)
    told = (row.act, str(row.evidence_id or ""), row.reason, row.prev, moment(row.at), row.by_name)
    return told == (body.act, body.evidence, body.reason, body.previous, body.at, body.by)
