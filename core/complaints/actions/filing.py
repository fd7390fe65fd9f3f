"""Files complaints: judges how grave they are, starts their clocks, and gives branches an address to file at."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from core.complaints.cases.case import Case, load_timetable
from core.complaints.models import Complaint, ComplaintLink, ComplaintPolicy
from core.complaints.rules.filing import (
    Filing,
    Verdict,
    filing_problems,
    reach_verdict,
    title_of,
)
from core.complaints.rules.regulator import is_of_track, track_start, with_track
from core.complaints.rules.sources import source_key, source_problems
from core.customers.actions import record_event
from core.customers.queries import find_by_phones, find_present_customer, get_customer
from core.customers.rules.phones import read_phone
from core.db import new_id, table_of
from core.errors import InvalidInput
from core.hooks.records.complaints import ComplaintFacts, Policy, Severity
from core.hooks.specs.complaints import assess_complaint, complaint_policies
from core.policies.actions import keep_calendars
from core.policies.queries import get_policies
from core.policies.rules.declared import policy_version
from core.tenancy.actions import new_public_code
from core.uow import Reader, UnitOfWork

_C, _L = table_of(Complaint), table_of(ComplaintLink)


class Filed(msgspec.Struct, frozen=True):
    """What the person who complained is told."""

    complaint_id: UUID
    number: int
    status_code: str
    severity: Severity
    replayed: bool = False
    """The same key had filed it before; nothing was written now."""


async def assess(uow: Reader, *, filing: Filing, received_at: datetime) -> Verdict:
    """Ask the plugins how grave it is; nothing is written."""
    decision = await uow.plugins.decide(
        assess_complaint,
        now=uow.now,
        locale=uow.scope.locale,
        actor=uow.actor,
        complaint=ComplaintFacts(
            text=filing.text,
            desired=filing.desired,
            category=filing.category,
            channel=filing.channel,
            received_at=received_at,
            species=filing.species,
            estimate_fen=filing.estimate_fen,
            bill_fen=filing.bill_fen,
            answers=filing.answers,
        ),
    )
    return reach_verdict([answer.value for answer in decision.answers], faulted=bool(decision.gaps))


async def keep_policy(uow: UnitOfWork, policy: Policy) -> str:
    """Store the policy as it is now, once per content, and return its version."""
    version = policy_version(policy)
    await uow.session.execute(
        upsert(table_of(ComplaintPolicy))
        .values(
            tenant_id=uow.tenant_id,
            version=version,
            severity=policy.severity,
            definition=msgspec.to_builtins(policy),
            created_at=uow.now,
        )
        .on_conflict_do_nothing()
    )
    return version


async def _known_customer(uow: UnitOfWork, filing: Filing, phone: str) -> UUID | None:
    """Link by phone only when it is nobody else's: a wrong link would show one person's case to another."""
    if filing.customer_id is not None:
        present = await find_present_customer(uow, filing.customer_id)
        return (await get_customer(uow, present)).customer_id
    if not phone:
        return None
    found = (await find_by_phones(uow, [phone])).get(phone, [])
    return found[0] if len(found) == 1 else None


async def file_complaint(uow: UnitOfWork, *, filing: Filing, key: str | None = None) -> Filed:
    """Write the case down, judge it, start its clocks and schedule their deadlines, in one transaction.

    Args:
        uow: the unit of work; the clocks start at its `now`, the moment of receipt (接诉).
        filing: what was said.
        key: the same key files once; the second call answers with the first case.

    Raises:
        InvalidInput: every refused answer at once.
    """
    problems = list(filing_problems(filing))
    if filing.source is not None:
        today = uow.today
        problems += source_problems(filing.source, now=uow.now, today=today)
    if problems:
        raise InvalidInput(tuple(problems))
    if key is not None and (again := await _filed_before(uow, key)) is not None:
        return again
    reading = read_phone(filing.contact_phone) if filing.contact_phone.strip() else None
    phone = reading.e164 if reading is not None else ""
    verdict = await assess(uow, filing=filing, received_at=uow.now)
    zone = uow.scope.timezone
    policy = with_track((await get_policies(uow))[verdict.severity], filing.source, received=uow.now, timezone=zone)
    await keep_calendars(uow, (policy,))
    case = Case(
        complaint_id=new_id(),
        number=await uow.next_number("complaint"),
        severity=verdict.severity,
        policy=policy,
        policy_version=await keep_policy(uow, policy),
        state="open",
        timetable=await load_timetable(uow, (policy,)),
        branch_id=filing.branch_id,
        customer_id=await _known_customer(uow, filing, phone),
    )
    case.note(uow, "filed", {"text": filing.text.strip()})
    case.note(uow, "assessed", _verdict_data(verdict))
    if uow.plugins.gaps_of(complaint_policies):
        case.note(uow, "fallback", {})  # a plugin's promises are missing: core's own hold, and the case says so
    for position, milestone in enumerate(policy.milestones):
        clock = case.open_clock(milestone, position)
        if milestone.counts_from == "receipt":
            counted = is_of_track(milestone.id)
            at = track_start(filing.source, received=uow.now, timezone=zone) if counted else uow.now
            case.start(uow, clock, at)
    status_code = await new_public_code(uow)
    await _insert(uow, case, filing, verdict, phone=phone, key=key, status_code=status_code)
    await case.save_clocks(uow)
    await _tell_customer_record(uow, case, filing)
    uow.audit("complaint.file", "complaint", case.complaint_id, {"severity": case.severity, "number": case.number})
    return Filed(case.complaint_id, case.number, status_code, case.severity)


async def _insert(
    uow: UnitOfWork, case: Case, filing: Filing, verdict: Verdict, *, phone: str, key: str | None, status_code: str
) -> None:
    await uow.session.execute(
        insert(_C).values(
            tenant_id=uow.tenant_id,
            complaint_id=case.complaint_id,
            number=case.number,
            status_code=status_code,
            filing_key=key,
            title=title_of(filing.text),
            text=filing.text.strip(),
            desired=filing.desired.strip(),
            category=filing.category or verdict.category,
            cause=filing.cause,
            channel=filing.channel,
            source=None if filing.source is None else msgspec.to_builtins(filing.source),
            source_key=source_key(filing.source),
            reasons=msgspec.to_builtins((*verdict.reasons, *verdict.quotes)),
            branch_id=filing.branch_id,
            customer_id=case.customer_id,
            subject_id=filing.subject_id,
            contact_name=filing.contact_name.strip(),
            contact_phone=phone,
            received_at=uow.now,
            **case.summary(),
        )
    )


async def _tell_customer_record(uow: UnitOfWork, case: Case, filing: Filing) -> None:
    if case.customer_id is None:
        return
    await record_event(
        uow,
        customer_id=case.customer_id,
        kind="complaint",
        data={"number": case.number, "title": title_of(filing.text), "severity": case.severity},
        subject_id=filing.subject_id,
        ref_id=case.complaint_id,
    )


def _verdict_data(verdict: Verdict) -> dict[str, Any]:
    return {"severity": verdict.severity, "reason_texts": [msgspec.to_builtins(r.text) for r in verdict.reasons]}


async def _filed_before(uow: UnitOfWork, key: str) -> Filed | None:
    """Find what this key has filed already; a second tap waits here until the first one is through."""
    place = func.hashtextextended(f"{uow.tenant_id}:complaint:{key}", 0)
    await uow.session.execute(select(func.pg_advisory_xact_lock(place)))
    columns = (_C.c.complaint_id, _C.c.number, _C.c.status_code, _C.c.severity)
    found = await uow.session.execute(select(*columns).where(_C.c.tenant_id == uow.tenant_id, _C.c.filing_key == key))
    row: Any = found.first()
    return None if row is None else Filed(row.complaint_id, row.number, row.status_code, row.severity, replayed=True)


async def give_filing_code(uow: UnitOfWork, *, branch_id: UUID) -> str:
    """Return the code of the branch's filing page, making it on first use; its poster never has to be reprinted."""
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.branch_id == branch_id)
    known = await uow.session.scalar(select(_L.c.code).where(*mine))
    if known is not None:
        return str(known)
    code = await new_public_code(uow)
    statement = upsert(_L).values(tenant_id=uow.tenant_id, code=code, branch_id=branch_id, created_at=uow.now)
    await uow.session.execute(statement.on_conflict_do_nothing(index_elements=["tenant_id", "branch_id"]))
    uow.audit("complaint.link", "branch", branch_id)
    return str(await uow.session.scalar(select(_L.c.code).where(*mine)))
