"""Secures evidence: adds to a case's chain, seals it, logs custody, and places and lifts legal holds."""

import asyncio
import hashlib
from typing import Final
from uuid import UUID

from sqlalchemy import exists, insert, or_, select, union_all, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.chains import GENESIS, canonical, moment, seal_of
from core.complaints.actions.proving import prove, save_proven
from core.complaints.cases.case import lock_case
from core.complaints.models import Complaint
from core.customers.rules.names import clean_text
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, Forbidden, InvalidInput, NotFound
from core.evidence.models import CustodyEntry, EvidenceLink, EvidenceLocker, LegalHold
from core.evidence.queries import EvidenceFacts, LockerFacts, get_evidence, list_evidence, list_holds
from core.evidence.rules import (
    MAX_NOTE,
    TEXT,
    Act,
    AddedBody,
    CustodyBody,
    SealedBody,
    identify,
    label_problems,
    reason_problems,
    secured_by,
)
from core.files.actions import Prepared, hold_files, keep_prepared, prepare_aside, release_files
from core.files.queries import FileFacts, get_content, get_file
from core.files.rules import IMAGES, FileRefused
from core.forms.models import Submission
from core.uow import Reader, UnitOfWork

_L, _E, _U, _H = (table_of(one) for one in (EvidenceLocker, EvidenceLink, CustodyEntry, LegalHold))
_C, _F = table_of(Complaint), table_of(Submission)
OWNER: Final = "evidence"
"""The kind of owner of original files. No page serves files of this owner by themselves: every look is logged first."""
LIFTED: Final = "evidence.lifted"
"""The job that does, after a hold was lifted, what was asked for and had to wait."""


class NothingToSeal(Conflict):
    """There is no evidence since the last seal."""

    code = "nothing-to-seal"


class HoldLifted(Conflict):
    """The hold was lifted already."""

    code = "hold-lifted"


class LockerBroken(Conflict):
    """The head of the case's chains was taken away: nothing is added on top, for that would hide it."""

    code = "locker-broken"


class CaseHeld(Conflict):
    """The case has a hold that counts."""

    code = "case-held"


async def prepare_evidence(content: bytes, *, filename: str) -> Prepared:
    """Look at a file and keep it byte for byte; of a picture a small safe one is drawn beside it.

    Raises:
        InvalidInput: at `files`: empty, too large, or a program.
    """
    try:
        kind = await asyncio.to_thread(identify, content, filename=filename)
    except FileRefused as refused:
        raise InvalidInput((FieldProblem("files", refused.code, dict(refused.params)),)) from refused
    thumbnail = None
    if kind.media_type in IMAGES:
        try:
            drawn = await prepare_aside(content, filename=filename, accept=IMAGES, max_bytes=len(content))
            thumbnail = drawn.thumbnail
        except FileRefused:
            thumbnail = None  # a broken picture is evidence all the same; it has no preview
    digest = await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
    return Prepared(content, digest, kind.media_type, kind.filename, thumbnail)


async def add_evidence(
    uow: UnitOfWork,
    *,
    complaint_id: UUID,
    kind: str,
    label: str = "",
    file_id: UUID | None = None,
    content: bytes | None = None,
    ready: Prepared | None = None,
    filename: str = "",
) -> EvidenceFacts:
    """Add a piece to the case's chain: a file as it came (`content`, or `ready` from `prepare_evidence`), or a kept one.

    Raises:
        InvalidInput: at `kind`, `label` or `files`.
        NotFound: no such case, or a `file_id` of something else than this case.
    """
    words = clean_text(label)
    if problems := label_problems(kind, words):
        raise InvalidInput(problems)
    locker = await lock_locker(uow, complaint_id)
    if file_id is not None:
        file = await get_file(uow, file_id)
        if file.owner_kind != "complaint" or file.owner_id != complaint_id or file.state != "kept":
            raise NotFound("no such file of this case")
        return await _link(uow, locker, file, kind=kind, label=words, origin="intake")
    ready = ready or await prepare_evidence(content or b"", filename=filename)
    file = await keep_prepared(uow, ready, purpose="evidence", owner_kind=OWNER, owner_id=complaint_id)
    return await _link(uow, locker, file, kind=kind, label=words, origin="upload")


async def add_text(uow: UnitOfWork, *, complaint_id: UUID, kind: str, label: str, words: str) -> EvidenceFacts:
    """Add written words as a piece of evidence: a statement, a chat copied as text."""
    text = clean_text(words)
    problems = list(label_problems(kind, clean_text(label)))
    if not text:
        problems.append(FieldProblem("words", "required"))
    if len(text) > MAX_NOTE:
        problems.append(FieldProblem("words", "too-long", {"max": MAX_NOTE}))
    if not clean_text(label):
        problems.append(FieldProblem("label", "required"))
    if problems:
        raise InvalidInput(tuple(problems))
    content = text.encode()
    ready = Prepared(content, hashlib.sha256(content).hexdigest(), TEXT, "note.txt", None)
    locker = await lock_locker(uow, complaint_id)
    file = await keep_prepared(uow, ready, purpose="evidence", owner_kind=OWNER, owner_id=complaint_id)
    return await _link(uow, locker, file, kind=kind, label=clean_text(label), origin="note")


async def lock_locker(uow: UnitOfWork, complaint_id: UUID) -> LockerFacts:
    """Lock the heads of a case's chains until the end of the transaction; NotFound when there is no such case."""
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.complaint_id == complaint_id)
    if (await uow.session.execute(select(_C.c.complaint_id).where(*mine))).first() is None:
        raise NotFound("no such complaint")
    empty = {"links": 0, "seal": GENESIS, "custody": 0, "custody_seal": GENESIS}
    fresh = {"tenant_id": uow.tenant_id, "complaint_id": complaint_id} | empty
    begun = await uow.session.scalar(upsert(_L).values(fresh).on_conflict_do_nothing().returning(_L.c.complaint_id))
    if begun is not None and await _has_chain(uow, complaint_id):
        raise LockerBroken
    names = LockerFacts.__struct_fields__
    row = (
        await uow.session.execute(
            select(*(_L.c[name] for name in names))
            .where(_L.c.tenant_id == uow.tenant_id, _L.c.complaint_id == complaint_id)
            .with_for_update()
        )
    ).one()
    return LockerFacts(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def _has_chain(reader: Reader, complaint_id: UUID) -> bool:
    mine = [exists().where(t.c.tenant_id == reader.tenant_id, t.c.complaint_id == complaint_id) for t in (_U, _E)]
    return await reader.session.scalar(select(or_(*mine))) is True


async def _link(
    uow: UnitOfWork, locker: LockerFacts, file: FileFacts, *, kind: str, label: str, origin: str
) -> EvidenceFacts:
    evidence_id = new_id()
    body = AddedBody(
        chain=str(locker.complaint_id),
        seq=locker.links + 1,
        previous=locker.seal,
        evidence=str(evidence_id),
        kind=kind,
        label=label or file.filename,
        file=str(file.file_id),
        filename=file.filename,
        media_type=file.media_type,
        size=file.size,
        sha256=file.sha256,
        origin=origin,
        by=uow.actor.name,
        at=moment(uow.now),
    )
    columns = {"kind": kind, "label": body.label, "file_id": file.file_id, "sha256": file.sha256}
    await _append(uow, locker.complaint_id, evidence_id, body, columns)
    await log_custody(uow, complaint_id=locker.complaint_id, act="added", evidence_id=evidence_id, reason=origin)
    uow.audit(
        "evidence.add", "complaint", locker.complaint_id, {"sha256": file.sha256, "seal": seal_of(canonical(body))}
    )
    return await get_evidence(uow, evidence_id, complaint_id=locker.complaint_id)


async def _append(
    uow: UnitOfWork, complaint_id: UUID, evidence_id: UUID, body: AddedBody | SealedBody, columns: dict[str, object]
) -> None:
    spelled = canonical(body)
    row = {
        "tenant_id": uow.tenant_id,
        "evidence_id": evidence_id,
        "complaint_id": complaint_id,
        "seq": body.seq,
        "act": "added" if isinstance(body, AddedBody) else "sealed",
        "at": uow.now,
        "by_name": uow.actor.name,
        "body": spelled,
        "prev": body.previous,
        "seal": seal_of(spelled),
    }
    await uow.session.execute(insert(_E).values(row | columns))
    sealed = {"sealed_at": uow.now} if isinstance(body, SealedBody) else {}
    await uow.session.execute(
        update(_L)
        .where(_L.c.tenant_id == uow.tenant_id, _L.c.complaint_id == complaint_id)
        .values(links=body.seq, seal=row["seal"], **sealed)
    )
    uow.publish(f"complaints:{complaint_id}", {"complaint_id": str(complaint_id)})


async def seal(uow: UnitOfWork, *, complaint_id: UUID, reason: str, missing: str = "") -> tuple[str, ...]:
    """封存: fix everything so far; later pieces are additions. Completes the steps that wait for sealed evidence.

    Args:
        uow: the unit of work.
        complaint_id: of which case.
        reason: why now.
        missing: which of records, video and messages is not there, and why; needed when one is not there.

    Raises:
        NothingToSeal: no piece since the last seal.
        InvalidInput: at `reason` or `missing`.
    """
    why, lacking = clean_text(reason), clean_text(missing)
    case = await lock_case(uow, complaint_id)  # the case before its locker, in every action: nobody waits in a circle
    locker = await lock_locker(uow, complaint_id)
    pieces = await list_evidence(uow, complaint_id)
    added = [one for one in pieces if one.act == "added"]
    if not added or pieces[-1].act == "sealed":
        raise NothingToSeal
    secured = secured_by(frozenset(one.kind for one in added))
    incomplete = len(secured) < 3  # 应急预案 §3.3: 封存病历、拷贝监控、保存沟通记录
    problems = reason_problems(why) + reason_problems(lacking, path="missing", required=incomplete)
    if problems:
        raise InvalidInput(problems)
    evidence_id = new_id()
    body = SealedBody(
        chain=str(complaint_id),
        seq=locker.links + 1,
        previous=locker.seal,
        evidence=str(evidence_id),
        items=len(added),
        secured=secured,
        missing=lacking,
        reason=why,
        by=uow.actor.name,
        at=moment(uow.now),
    )
    await _append(uow, complaint_id, evidence_id, body, {"kind": "", "label": "", "file_id": None, "sha256": ""})
    await log_custody(uow, complaint_id=complaint_id, act="sealed", reason=why)
    uow.audit("evidence.seal", "complaint", complaint_id, {"items": len(added), "seal": seal_of(canonical(body))})
    facts = {"secured": list(secured), "missing": lacking}
    done = prove(uow, case, proof="evidence", facts={name: said for name, said in facts.items() if said})
    case.note(uow, "evidence_sealed", {"items": len(added), "secured": list(secured), "missing": lacking})
    await save_proven(uow, case)
    return done


async def log_custody(
    uow: UnitOfWork, *, complaint_id: UUID, act: Act, evidence_id: UUID | None = None, reason: str = "", by: str = ""
) -> None:
    """Write into the custody log who does what now and why; `by` names who is no member of the staff."""
    locker = await lock_locker(uow, complaint_id)
    actor = uow.actor
    body = CustodyBody(
        chain=str(complaint_id),
        seq=locker.custody + 1,
        previous=locker.custody_seal,
        act=act,
        evidence=str(evidence_id or ""),
        reason=reason,
        by_kind=actor.kind,
        by_id=str(actor.id or ""),
        by=by or actor.name,
        at=moment(uow.now),
    )
    spelled = canonical(body)
    digest = seal_of(spelled)
    mine = {"tenant_id": uow.tenant_id, "complaint_id": complaint_id}
    own = {"seq": body.seq, "act": act, "evidence_id": evidence_id, "reason": reason, "at": uow.now, "by_name": body.by}
    await uow.session.execute(insert(_U).values(mine | own | {"body": spelled, "prev": body.previous, "seal": digest}))
    await uow.session.execute(
        update(_L)
        .where(_L.c.tenant_id == uow.tenant_id, _L.c.complaint_id == complaint_id)
        .values(custody=body.seq, custody_seal=digest)
    )


async def look(
    uow: UnitOfWork, *, complaint_id: UUID, evidence_id: UUID, act: Act = "looked", reason: str = "", by: str = ""
) -> EvidenceFacts:
    """Open one piece, and write down who did; an erased one cannot be opened.

    Raises:
        NotFound: not of this case, or erased.
        InvalidInput: at `reason`, which taking the original away needs.
    """
    piece = await get_evidence(uow, evidence_id, complaint_id=complaint_id)
    if piece.state != "kept":
        raise NotFound("the evidence was erased")
    why = clean_text(reason)
    problems = reason_problems(why, required=act in {"downloaded", "handed_over"})
    if problems:
        raise InvalidInput(problems)
    await log_custody(uow, complaint_id=complaint_id, act=act, evidence_id=evidence_id, reason=why, by=by)
    return piece


async def get_original(reader: Reader, piece: EvidenceFacts) -> bytes:
    """Return the bytes as they came; call `look` first, for it writes down who took them."""
    if piece.file_id is None:
        raise NotFound("a seal has no file")
    return await get_content(reader, await get_file(reader, piece.file_id))


async def hold(uow: UnitOfWork, *, complaint_id: UUID, reason: str) -> UUID:
    """Keep all files of the case and of its customer from being erased, by whomever and whatever, until it is lifted.

    Raises:
        CaseHeld: it is held already.
        InvalidInput: at `reason`.
    """
    why = clean_text(reason)
    if problems := reason_problems(why):
        raise InvalidInput(problems)
    await lock_locker(uow, complaint_id)
    if await list_holds(uow, {complaint_id}, live=True):
        raise CaseHeld
    hold_id = new_id()
    await uow.session.execute(
        insert(_H).values(
            tenant_id=uow.tenant_id,
            hold_id=hold_id,
            complaint_id=complaint_id,
            reason=why,
            placed_by_name=uow.actor.name,
            placed_at=uow.now,
            lift_reason="",
            lifted_by_name="",
            lifted_at=None,
        )
    )
    await hold_files(uow, hold_id=hold_id, owners=await _owners(uow, complaint_id))
    await log_custody(uow, complaint_id=complaint_id, act="hold_placed", reason=why)
    uow.audit("evidence.hold", "complaint", complaint_id, {"reason": why})
    return hold_id


async def _owners(reader: Reader, complaint_id: UUID) -> list[tuple[str, UUID]]:
    mine = (_C.c.tenant_id == reader.tenant_id, _C.c.complaint_id == complaint_id)
    row = (await reader.session.execute(select(_C.c.customer_id, _C.c.subject_id).where(*mine))).one()
    owners = [("complaint", complaint_id), (OWNER, complaint_id)]
    owners += [(kind, key) for kind, key in (("customer", row.customer_id), ("subject", row.subject_id)) if key]
    theirs = [
        select(_F.c.submission_id).where(_F.c.tenant_id == reader.tenant_id, column == key)
        for column, key in ((_F.c.customer_id, row.customer_id), (_F.c.subject_id, row.subject_id))
        if key
    ]
    if theirs:
        owners += [("submission", one) for one in set(await reader.session.scalars(union_all(*theirs)))]
    return owners


async def lift(uow: UnitOfWork, *, complaint_id: UUID, reason: str) -> None:
    """Lift the hold of a case; what the law or the person asked for meanwhile is done now.

    Raises:
        NotFound: no such case.
        Forbidden: only the complaints' director lifts.
        HoldLifted: there is none that counts.
        InvalidInput: at `reason`.
    """
    await lock_locker(uow, complaint_id)
    if "director" not in uow.actor.roles:
        raise Forbidden(role="director")
    why = clean_text(reason)
    if problems := reason_problems(why):
        raise InvalidInput(problems)
    held = await list_holds(uow, {complaint_id}, live=True)
    if not held:
        raise HoldLifted
    mine = (_H.c.tenant_id == uow.tenant_id, _H.c.hold_id == held[0].hold_id)
    await uow.session.execute(
        update(_H).where(*mine).values(lift_reason=why, lifted_by_name=uow.actor.name, lifted_at=uow.now)
    )
    await release_files(uow, hold_id=held[0].hold_id)
    await log_custody(uow, complaint_id=complaint_id, act="hold_lifted", reason=why)
    uow.audit("evidence.lift", "complaint", complaint_id, {"reason": why})
    await uow.enqueue(LIFTED, {"complaint_id": str(complaint_id)})
