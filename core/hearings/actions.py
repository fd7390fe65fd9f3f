"""Plans hearings, invites experts by a link of their own, finishes minutes with a finding, and takes signatures."""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.chains import moment
from core.complaints.actions.handling import lock_open
from core.complaints.actions.proving import prove, save_proven
from core.complaints.cases.case import Case
from core.customers.rules.names import clean_text
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.evidence.actions import log_custody, look
from core.evidence.queries import EvidenceFacts, get_evidence
from core.evidence.rules import Act
from core.files.actions import keep_prepared, prepare_drawing
from core.files.rules import FileRefused
from core.hearings.models import Hearing, HearingMember, HearingRelease
from core.hearings.queries import HearingFacts, MemberFacts, get_hearing, get_invited, get_member, list_members
from core.hearings.rules import (
    LINK_DAYS,
    MAX_EXPERTS,
    MAX_LINE,
    MAX_WORDS,
    MAX_WRONG,
    STANCES,
    TRY_PAUSE,
    WORD_LENGTH,
    MinutesBody,
    hash_of,
    minutes_problems,
    seal_minutes,
)
from core.hooks.records.events import StaffRef
from core.tenancy.actions import CODE_ALPHABET, new_public_code
from core.uow import UnitOfWork

_H, _M, _R = table_of(Hearing), table_of(HearingMember), table_of(HearingRelease)


class HearingClosed(Conflict):
    """The minutes are finished, or the hearing was cancelled."""

    code = "hearing-closed"


class MinutesNotFinished(Conflict):
    """There is nothing to sign yet."""

    code = "minutes-not-finished"


class SignedAlready(Conflict):
    """This member has signed or dissented; a signature is not taken back."""

    code = "signed-already"


async def plan_hearing(uow: UnitOfWork, *, complaint_id: UUID, starts_at: datetime, place: str, agenda: str) -> UUID:
    """Plan a hearing on a case; raise InvalidInput at `place` or `agenda`, ComplaintClosed when the case is over."""
    where, what = clean_text(place), clean_text(agenda)
    problems = [FieldProblem(path, "required") for path, said in (("place", where), ("agenda", what)) if not said]
    if len(where) > MAX_LINE:
        problems.append(FieldProblem("place", "too-long", {"max": MAX_LINE}))
    if len(what) > MAX_WORDS:
        problems.append(FieldProblem("agenda", "too-long", {"max": MAX_WORDS}))
    if problems:
        raise InvalidInput(tuple(problems))
    case = await lock_open(uow, complaint_id)
    hearing_id = new_id()
    empty: dict[str, Any] = {"minutes": "", "finding": "", "shares": [], "body": "", "seal": "", "finished_by_name": ""}
    own = {"hearing_id": hearing_id, "complaint_id": complaint_id, "state": "planned", "starts_at": starts_at}
    made = {"place": where, "agenda": what, "created_at": uow.now, "created_by_name": uow.actor.name}
    await uow.session.execute(insert(_H).values(tenant_id=uow.tenant_id, **own, **made, **empty))
    case.note(uow, "hearing_planned", {"starts_at": starts_at.isoformat(), "place": where})
    await case.save(uow)
    uow.audit("hearing.plan", "complaint", complaint_id, {"hearing": str(hearing_id)})
    return hearing_id


async def _open(uow: UnitOfWork, hearing_id: UUID, complaint_id: UUID) -> HearingFacts:
    mine = (_H.c.tenant_id == uow.tenant_id, _H.c.hearing_id == hearing_id)
    await uow.session.execute(select(_H.c.hearing_id).where(*mine).with_for_update())
    hearing = await get_hearing(uow, hearing_id, complaint_id=complaint_id)
    if hearing.state != "planned":
        raise HearingClosed
    return hearing


async def cancel_hearing(uow: UnitOfWork, *, hearing_id: UUID, complaint_id: UUID) -> None:
    """Call a hearing off; the links of its experts end."""
    await _open(uow, hearing_id, complaint_id)
    mine = (_H.c.tenant_id == uow.tenant_id, _H.c.hearing_id == hearing_id)
    await uow.session.execute(update(_H).where(*mine).values(state="cancelled"))
    theirs = (_M.c.tenant_id == uow.tenant_id, _M.c.hearing_id == hearing_id, _M.c.revoked_at.is_(None))
    await uow.session.execute(update(_M).where(*theirs).values(revoked_at=uow.now))
    uow.audit("hearing.cancel", "complaint", complaint_id, {"hearing": str(hearing_id)})


class Invitation(msgspec.Struct, frozen=True):
    """What the desk passes on: the link by message, the word by phone. The word is shown this once."""

    member_id: UUID
    code: str
    word: str


def _new_word() -> str:
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(WORD_LENGTH))


async def invite_expert(
    uow: UnitOfWork, *, hearing_id: UUID, complaint_id: UUID, full_name: str, standing: str
) -> Invitation:
    """Invite an expert from outside with a link for this hearing and this person alone.

    Raises:
        InvalidInput: at `full_name`, `standing`, or `experts` when there are three already.
        HearingClosed: too late.
    """
    hearing = await _open(uow, hearing_id, complaint_id)
    name, house = clean_text(full_name), clean_text(standing)
    problems = [FieldProblem(path, "required") for path, said in (("full_name", name), ("standing", house)) if not said]
    problems += [
        FieldProblem(path, "too-long", {"max": MAX_LINE})
        for path, said in (("full_name", name), ("standing", house))
        if len(said) > MAX_LINE
    ]
    live = [one for one in await list_members(uow, hearing_id) if one.kind == "expert" and one.revoked_at is None]
    if len(live) >= MAX_EXPERTS:
        problems.append(FieldProblem("experts", "too-many-experts", {"max": MAX_EXPERTS}))
    if problems:
        raise InvalidInput(tuple(problems))
    word, code = _new_word(), await new_public_code(uow)
    expires = max(hearing.starts_at, uow.now) + timedelta(days=LINK_DAYS)
    own = {"kind": "expert", "full_name": name, "standing": house, "code": code, "word_hash": hash_of(word)}
    member_id = await _add_member(uow, hearing_id, own | {"expires_at": expires})
    uow.audit("hearing.invite", "complaint", complaint_id, {"expert": name})
    return Invitation(member_id, code, word)


async def add_staff(uow: UnitOfWork, *, hearing_id: UUID, complaint_id: UUID, staff: StaffRef) -> UUID:
    """Add somebody of the house; twice is once."""
    await _open(uow, hearing_id, complaint_id)
    for member in await list_members(uow, hearing_id):
        if member.staff_id == staff.staff_id:
            return member.member_id
    return await _add_member(uow, hearing_id, {"kind": "staff", "full_name": staff.name, "staff_id": staff.staff_id})


async def _add_member(uow: UnitOfWork, hearing_id: UUID, own: dict[str, Any]) -> UUID:
    empty = {
        "standing": "",
        "word_hash": "",
        "device_hash": "",
        "wrong": 0,
        "stance": "",
        "words": "",
        "signed_seal": "",
    }
    member_id = new_id()
    row = empty | own | {"member_id": member_id, "hearing_id": hearing_id}
    await uow.session.execute(insert(_M).values(tenant_id=uow.tenant_id, **row))
    return member_id


async def _change(uow: UnitOfWork, member_id: UUID, **values: Any) -> None:
    mine = (_M.c.tenant_id == uow.tenant_id, _M.c.member_id == member_id)
    await uow.session.execute(update(_M).where(*mine).values(**values))


async def revoke_expert(uow: UnitOfWork, *, hearing_id: UUID, complaint_id: UUID, member_id: UUID) -> None:
    """End an expert's link at once; twice is once."""
    await get_hearing(uow, hearing_id, complaint_id=complaint_id)
    member = await get_member(uow, member_id, hearing_id=hearing_id)
    await _change(uow, member_id, revoked_at=member.revoked_at or uow.now, device_hash="", word_hash="")
    uow.audit("hearing.revoke", "complaint", complaint_id, {"expert": member.full_name})


async def renew_word(uow: UnitOfWork, *, hearing_id: UUID, complaint_id: UUID, member_id: UUID) -> Invitation:
    """Make a new word for an expert who changes device or mistyped too often; the device before is let go."""
    await get_hearing(uow, hearing_id, complaint_id=complaint_id)
    member = await get_member(uow, member_id, hearing_id=hearing_id)
    if member.code is None or member.revoked_at is not None:
        raise NotFound("no such invitation")
    word = _new_word()
    await _change(uow, member_id, word_hash=hash_of(word), device_hash="", wrong=0)
    uow.audit("hearing.word", "complaint", complaint_id, {"expert": member.full_name})
    return Invitation(member_id, member.code, word)


async def open_link(uow: UnitOfWork, *, code: str, word: str) -> str | None:
    """Bind the link to the browser that knows the word told by phone; the word is good once.

    Returns:
        The browser's token, or None for a wrong, used or hasty word; that answer must be committed, too.
    """
    member = await get_invited(uow, code)
    mine = (_M.c.tenant_id == uow.tenant_id, _M.c.member_id == member.member_id)
    row = (
        await uow.session.execute(select(_M.c.word_hash, _M.c.wrong, _M.c.tried_at).where(*mine).with_for_update())
    ).one()
    right = bool(row.word_hash) and hmac.compare_digest(row.word_hash, hash_of(word))
    hasty = row.tried_at is not None and uow.now - row.tried_at < TRY_PAUSE
    if not right or hasty or row.wrong >= MAX_WRONG:
        await _change(uow, member.member_id, wrong=row.wrong + 1, tried_at=uow.now)
        if row.wrong + 1 == MAX_WRONG:
            uow.audit("hearing.locked", "hearing", member.hearing_id, {"expert": member.full_name})
        return None
    token = secrets.token_urlsafe(24)
    opened = member.opened_at or uow.now
    await _change(
        uow, member.member_id, word_hash="", device_hash=hash_of(token), wrong=0, tried_at=uow.now, opened_at=opened
    )
    hearing = await get_hearing(uow, member.hearing_id)
    await log_custody(uow, complaint_id=hearing.complaint_id, act="looked", reason=_called(member), by=member.full_name)
    return token


def is_known(member: MemberFacts, token: str) -> bool:
    """Tell whether this is the browser that gave the word."""
    return bool(member.device_hash) and hmac.compare_digest(member.device_hash, hash_of(token))


def _called(member: MemberFacts) -> str:
    return f"听证 · {member.standing}" if member.standing else "听证"


async def release(
    uow: UnitOfWork, *, hearing_id: UUID, complaint_id: UUID, evidence_id: UUID, released: bool = True
) -> None:
    """Let the hearing's members see a piece of evidence, or no longer."""
    await _open(uow, hearing_id, complaint_id)
    await get_evidence(uow, evidence_id, complaint_id=complaint_id)
    key = {"tenant_id": uow.tenant_id, "hearing_id": hearing_id, "evidence_id": evidence_id}
    if released:
        said = {"released_by_name": uow.actor.name, "released_at": uow.now}
        await uow.session.execute(upsert(_R).values(key | said).on_conflict_do_nothing())
    else:
        mine = (_R.c.tenant_id == uow.tenant_id, _R.c.hearing_id == hearing_id, _R.c.evidence_id == evidence_id)
        await uow.session.execute(delete(_R).where(*mine))
    act: Act = "released" if released else "withheld"
    await log_custody(uow, complaint_id=complaint_id, act=act, evidence_id=evidence_id, reason="听证")


async def look_as_expert(uow: UnitOfWork, *, member: MemberFacts, evidence_id: UUID) -> EvidenceFacts:
    """Open a piece that was released to this expert's hearing, and write down that they looked; else NotFound."""
    hearing = await get_hearing(uow, member.hearing_id)
    mine = (_R.c.tenant_id == uow.tenant_id, _R.c.hearing_id == hearing.hearing_id, _R.c.evidence_id == evidence_id)
    if (await uow.session.execute(select(_R.c.evidence_id).where(*mine))).first() is None:
        raise NotFound("not released to this hearing")
    return await look(
        uow, complaint_id=hearing.complaint_id, evidence_id=evidence_id, reason=_called(member), by=member.full_name
    )


def _counts_from(case: Case, held_at: datetime) -> datetime:
    """The time the step counts from: forms know minutes only, and no clock is completed before it began."""
    begun = [
        clock.state.facts.started_at
        for clock in case.newest().values()
        if clock.milestone.proof == "hearing" and clock.state is not None
    ]
    return max([held_at, *begun])


async def finish_minutes(
    uow: UnitOfWork,
    *,
    hearing_id: UUID,
    complaint_id: UUID,
    held_at: datetime,
    attended: frozenset[UUID],
    minutes: str,
    finding: str,
    shares: tuple[tuple[str, int], ...],
) -> tuple[str, ...]:
    """Write down who came, what was said and found; seal it, and complete the steps that wait for a hearing.

    Raises:
        InvalidInput: fewer than two experts from outside, no finding, a time that has not come.
        HearingClosed: finished before.
        ComplaintClosed: the case is archived, withdrawn or merged.
    """
    case = await lock_open(uow, complaint_id)
    hearing = await _open(uow, hearing_id, complaint_id)
    members = await list_members(uow, hearing_id)
    came = [one for one in members if one.member_id in attended]
    experts = [one for one in came if one.kind == "expert"]
    staff = [one for one in came if one.kind == "staff"]
    said, found = clean_text(minutes), clean_text(finding)
    problems = minutes_problems(experts=len(experts), staff=len(staff), minutes=said, finding=found, shares=shares)
    if held_at > uow.now:
        problems += (FieldProblem("held_at", "in-the-future"),)
    if problems:
        raise InvalidInput(problems)
    names = tuple(f"{one.full_name} ({one.standing})" for one in experts)
    body, seal = seal_minutes(
        MinutesBody(
            hearing=str(hearing_id),
            case=str(complaint_id),
            held_at=moment(held_at),
            place=hearing.place,
            agenda=hearing.agenda,
            experts=names,
            staff=tuple(one.full_name for one in staff),
            minutes=said,
            finding=found,
            shares=shares,
            finished_at=moment(uow.now),
            finished_by=uow.actor.name,
        )
    )
    mine = (_H.c.tenant_id == uow.tenant_id, _H.c.hearing_id == hearing_id)
    closed = {"state": "held", "held_at": held_at, "finished_at": uow.now, "finished_by_name": uow.actor.name}
    words = {"minutes": said, "finding": found, "shares": list(shares), "body": body, "seal": seal}
    await uow.session.execute(update(_H).where(*mine).values(**closed, **words))
    for one in members:
        await _change(uow, one.member_id, attended=one.member_id in attended)
    facts = {"external_experts": len(experts), "expert_names": "、".join(one.full_name for one in experts)[:200]}
    at = _counts_from(case, held_at) if held_at < uow.now else None
    done = prove(uow, case, proof="hearing", facts=facts | {"finding": found}, at=at)
    case.note(uow, "hearing_held", {"experts": len(experts), "finding": found, "seal": seal}, held_at)
    await save_proven(uow, case)
    uow.audit("hearing.finish", "complaint", complaint_id, {"hearing": str(hearing_id), "seal": seal})
    return done


async def sign_minutes(
    uow: UnitOfWork, *, member: MemberFacts, stance: str, words: str = "", name: str = "", drawing: str = ""
) -> None:
    """Sign the finished minutes, or dissent with reasons; the seal of what was signed is kept with it.

    Raises:
        InvalidInput: at `stance`, `words` (a dissent says why) or `signature`.
        MinutesNotFinished, SignedAlready: too early, too late.
    """
    hearing = await get_hearing(uow, member.hearing_id)
    if hearing.state != "held" or not member.attended:
        raise MinutesNotFinished
    mine = (_M.c.tenant_id == uow.tenant_id, _M.c.member_id == member.member_id)
    if await uow.session.scalar(select(_M.c.stance).where(*mine).with_for_update()):
        raise SignedAlready
    said, typed = clean_text(words), clean_text(name)
    problems = [] if stance in STANCES else [FieldProblem("stance", "required")]
    if stance == "dissents" and not said:
        problems.append(FieldProblem("words", "required"))
    if len(said) > 2000:
        problems.append(FieldProblem("words", "too-long", {"max": 2000}))
    try:
        drawn = await prepare_drawing(drawing, filename="signature.png") if drawing else None
    except FileRefused as refused:
        raise InvalidInput((FieldProblem("signature", refused.code, dict(refused.params)),)) from refused
    if drawn is None and not typed:
        problems.append(FieldProblem("signature", "required"))
    if problems:
        raise InvalidInput(tuple(problems))
    file_id = None
    if drawn is not None:
        owner = {"purpose": "hearing", "owner_kind": "evidence", "owner_id": hearing.complaint_id}
        file_id = (await keep_prepared(uow, drawn, **owner)).file_id  # type: ignore[arg-type] # a dict of three kinds
    await _change(
        uow,
        member.member_id,
        stance=stance,
        words=said,
        signature_id=file_id,
        signed_seal=hearing.seal,
        signed_at=uow.now,
    )
    uow.audit("hearing.sign", "complaint", hearing.complaint_id, {"who": member.full_name, "stance": stance})
