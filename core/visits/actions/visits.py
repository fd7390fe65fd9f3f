"""Opens and ends visits, plans procedures and lets them begin only on the papers they need, and gives the customer an address."""

from datetime import timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import func, insert, select, update

from core.consents.actions import require_consent
from core.customers.actions import record_event
from core.customers.models import Customer
from core.customers.queries import get_customer, get_subject
from core.customers.rules.names import clean_text
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.tenancy.actions import new_public_code
from core.tenancy.queries import list_branches
from core.uow import UnitOfWork
from core.visits.models import Bill, Visit, VisitLink, VisitProcedure
from core.visits.queries.papers import find_default_forms, find_papers
from core.visits.queries.prices import list_live_items
from core.visits.queries.visits import LinkFacts, VisitRow, find_open_link, get_procedure, get_visit
from core.visits.rules.gates import Paper, missing_of, needs_of
from core.visits.rules.prices import find_item

_V, _P, _L, _B = table_of(Visit), table_of(VisitProcedure), table_of(VisitLink), table_of(Bill)
_C = table_of(Customer)
MAX_REASON: Final = 500
LINK_DAYS: Final = 180
"""How long a customer's page of a bill can be opened; a new address can be given at any time."""
_PAST: Final = {"discharged", "cancelled"}


class VisitClosed(Conflict):
    """The visit has ended, or what is asked does not fit where it stands."""

    code = "visit-closed"


class ProcedureClosed(Conflict):
    """The procedure is not where this step begins: started already, done, or cancelled."""

    code = "procedure-closed"


class PapersMissing(Conflict):
    """A procedure may not begin: a consent or a check that it needs is missing, too old or withdrawn, or a check advises against it.

    `needs` holds what is missing, as (kind, form id).
    """

    code = "papers-missing"


async def lock_visit(uow: UnitOfWork, visit_id: UUID) -> VisitRow:
    """Make everything about this visit wait for the end of the transaction, and return it as it is now."""
    mine = (_V.c.tenant_id == uow.tenant_id, _V.c.visit_id == visit_id)
    found = await uow.session.execute(select(_V.c.visit_id).where(*mine).with_for_update(key_share=True))
    if found.first() is None:
        raise NotFound("no such visit")
    return await get_visit(uow, visit_id)


async def open_visit(
    uow: UnitOfWork,
    *,
    customer_id: UUID,
    subject_id: UUID | None = None,
    branch_id: UUID | None = None,
    clinician_id: UUID | None = None,
    reason: str = "",
    key: str | None = None,
) -> UUID:
    """Begin a visit and return its id; the same `key` begins one.

    Raises:
        NotFound: no such customer, or the subject is somebody else's.
        InvalidInput: the reason is too long, or there is no such branch.
    """
    words = clean_text(reason)
    if len(words) > MAX_REASON:
        raise InvalidInput((FieldProblem("reason", "too-long", {"max": MAX_REASON}),))
    if branch_id is not None and branch_id not in {branch.branch_id for branch in await list_branches(uow)}:
        raise InvalidInput((FieldProblem("branch_id", "unknown-branch"),))
    await get_customer(uow, customer_id)
    if subject_id is not None and (await get_subject(uow, subject_id)).customer_id != customer_id:
        raise NotFound("no such subject of this customer")
    if key is not None:
        place = func.hashtextextended(f"{uow.tenant_id}:visit:{key}", 0)
        await uow.session.execute(select(func.pg_advisory_xact_lock(place)))
        known = await uow.session.scalar(select(_V.c.visit_id).where(_V.c.tenant_id == uow.tenant_id, _V.c.key == key))
        if known is not None:
            return UUID(str(known))
    visit_id, number = new_id(), await uow.next_number("visit")
    await uow.session.execute(
        insert(_V).values(
            tenant_id=uow.tenant_id,
            visit_id=visit_id,
            number=number,
            customer_id=customer_id,
            subject_id=subject_id,
            branch_id=branch_id,
            clinician_id=clinician_id,
            reason=words,
            state="open",
            started_at=uow.now,
            end_note="",
            key=key,
            opened_by_name=uow.actor.name,
        )
    )
    await _seen(uow, customer_id)
    await record_event(
        uow,
        customer_id=customer_id,
        kind="visit_opened",
        data={"number": number, "reason": words},
        subject_id=subject_id,
        ref_id=visit_id,
    )
    uow.audit("visit.open", "visit", visit_id, {"number": number, "customer_id": str(customer_id)})
    return visit_id


async def _seen(uow: UnitOfWork, customer_id: UUID) -> None:
    day = uow.today
    await uow.session.execute(
        update(_C)
        .where(_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == customer_id)
        .where(func.coalesce(_C.c.last_visit_on, day) <= day)
        .values(last_visit_on=day)
    )


async def plan_procedure(uow: UnitOfWork, *, visit_id: UUID, item: str) -> UUID:
    """Plan a service of the price list; which papers it needs is settled now and stays.

    Raises:
        VisitClosed: the visit has ended.
        InvalidInput: the price list has no such item.
    """
    visit = await lock_open_visit(uow, visit_id)
    found = find_item(await list_live_items(uow), item)
    if found is None:
        raise InvalidInput((FieldProblem("item", "not-on-list"),))
    consent, check = await find_default_forms(uow)
    birthday = (await get_subject(uow, visit.subject_id)).birthday if visit.subject_id else None
    today = uow.today
    procedure_id = new_id()
    await uow.session.execute(
        insert(_P).values(
            tenant_id=uow.tenant_id,
            procedure_id=procedure_id,
            visit_id=visit_id,
            item_code=found.code,
            name_zh=found.name_zh,
            name_en=found.name_en,
            needs=msgspec.to_builtins(needs_of(found, consent=consent, check=check, birthday=birthday, today=today)),
            papers=[],
            state="planned",
            planned_at=uow.now,
            planned_by_name=uow.actor.name,
            started_by_name="",
            note="",
        )
    )
    uow.audit("procedure.plan", "procedure", procedure_id, {"visit_id": str(visit_id), "item": found.code})
    return procedure_id


async def start_procedure(uow: UnitOfWork, *, visit_id: UUID, procedure_id: UUID) -> None:
    """Let a procedure begin; the consents it begins on cannot be withdrawn until this is written down.

    Raises:
        PapersMissing: a paper is missing, too old or withdrawn, or a check advises against it.
        ProcedureClosed: it has begun already, or was cancelled.
    """
    visit = await lock_open_visit(uow, visit_id)
    procedure = await get_procedure(uow, visit_id=visit_id, procedure_id=procedure_id)
    if procedure.state != "planned":
        raise ProcedureClosed(procedure_id=procedure_id)
    for need in procedure.needs:
        if need.kind == "consent" and (await find_papers(uow, visit=visit, procedure=procedure))[need] is not None:
            whose = {"subject_id": visit.subject_id} if visit.subject_id else {"customer_id": visit.customer_id}
            await require_consent(uow, form_id=need.form_id, since=procedure.planned_at, **whose)
    papers = await find_papers(uow, visit=visit, procedure=procedure)
    missing = missing_of(procedure.needs, papers)
    if missing:
        raise PapersMissing(needs=tuple((need.kind, need.form_id) for need in missing))
    there: list[Paper] = [paper for paper in papers.values() if paper is not None]
    await _move(uow, procedure_id, state="started", started_at=uow.now, started_by_name=uow.actor.name, papers=there)
    if visit.state == "open":
        await _set(uow, visit_id, state="in_treatment")
    await record_event(
        uow,
        customer_id=visit.customer_id,
        kind="procedure_started",
        data={"name": {"zh-CN": procedure.name_zh, "en": procedure.name_en or procedure.name_zh}},
        subject_id=visit.subject_id,
        ref_id=visit_id,
    )
    details = {"papers": [str(paper.submission_id) for paper in there]}
    uow.audit("procedure.start", "procedure", procedure_id, details)


async def finish_procedure(uow: UnitOfWork, *, visit_id: UUID, procedure_id: UUID) -> None:
    """Say that a procedure that began is done."""
    await lock_open_visit(uow, visit_id)
    procedure = await get_procedure(uow, visit_id=visit_id, procedure_id=procedure_id)
    if procedure.state != "started":
        raise ProcedureClosed(procedure_id=procedure_id)
    await _move(uow, procedure_id, state="done", ended_at=uow.now)
    uow.audit("procedure.finish", "procedure", procedure_id)


async def cancel_procedure(uow: UnitOfWork, *, visit_id: UUID, procedure_id: UUID, note: str = "") -> None:
    """Drop a procedure that has not begun."""
    await lock_open_visit(uow, visit_id)
    procedure = await get_procedure(uow, visit_id=visit_id, procedure_id=procedure_id)
    if procedure.state != "planned":
        raise ProcedureClosed(procedure_id=procedure_id)
    await _move(uow, procedure_id, state="cancelled", ended_at=uow.now, note=clean_text(note)[:MAX_REASON])
    uow.audit("procedure.cancel", "procedure", procedure_id)


async def lock_open_visit(uow: UnitOfWork, visit_id: UUID) -> VisitRow:
    """Lock a visit that has not ended; raise VisitClosed when it has."""
    visit = await lock_visit(uow, visit_id)
    if visit.state in _PAST:
        raise VisitClosed(visit_id=visit_id)
    return visit


async def end_visit(
    uow: UnitOfWork, *, visit_id: UUID, how: Literal["discharged", "cancelled"], note: str = ""
) -> None:
    """Discharge, or cancel what never became a visit; what was only planned is dropped with it.

    Raises:
        VisitClosed: it has ended; a procedure is still going on; or it is to be cancelled after something was done or
            billed.
        InvalidInput: cancelling needs a reason.
    """
    visit = await lock_open_visit(uow, visit_id)
    words = clean_text(note)
    if how == "cancelled" and not words:
        raise InvalidInput((FieldProblem("note", "required"),))
    if len(words) > MAX_REASON:
        raise InvalidInput((FieldProblem("note", "too-long", {"max": MAX_REASON}),))
    states = await uow.session.scalars(
        select(_P.c.state).where(_P.c.tenant_id == uow.tenant_id, _P.c.visit_id == visit_id)
    )
    found = set(states)
    if "started" in found or (how == "cancelled" and ("done" in found or visit.bill_state is not None)):
        raise VisitClosed(visit_id=visit_id)
    planned = (_P.c.tenant_id == uow.tenant_id, _P.c.visit_id == visit_id, _P.c.state == "planned")
    await uow.session.execute(update(_P).where(*planned).values(state="cancelled", ended_at=uow.now))
    await _set(uow, visit_id, state=how, ended_at=uow.now, end_note=words)
    await record_event(
        uow,
        customer_id=visit.customer_id,
        kind="visit_discharged" if how == "discharged" else "visit_cancelled",
        data={"number": visit.number, "note": words},
        subject_id=visit.subject_id,
        ref_id=visit_id,
    )
    uow.audit(f"visit.{how}", "visit", visit_id, {"note": words})
    ids = {"visit_id": visit_id, "customer_id": visit.customer_id, "subject_id": visit.subject_id}
    uow.announce("visit.ended", ids | {"number": visit.number, "how": how})


async def give_link(uow: UnitOfWork, *, visit_id: UUID) -> LinkFacts:
    """Return the customer's address of this visit, making one when none opens any more."""
    await lock_visit(uow, visit_id)
    known = await find_open_link(uow, visit_id)
    if known is not None:
        return known
    link_id = new_id()
    await uow.session.execute(
        insert(_L).values(
            tenant_id=uow.tenant_id,
            link_id=link_id,
            code=await new_public_code(uow),
            visit_id=visit_id,
            created_at=uow.now,
            created_by_name=uow.actor.name,
            expires_at=uow.now + timedelta(days=LINK_DAYS),
        )
    )
    uow.audit("visit.link", "visit", visit_id)
    fresh = await find_open_link(uow, visit_id)
    assert fresh is not None
    return fresh


async def revoke_links(uow: UnitOfWork, *, visit_id: UUID) -> None:
    """Take the visit's addresses back at once; twice is once."""
    await lock_visit(uow, visit_id)
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.visit_id == visit_id, _L.c.revoked_at.is_(None))
    await uow.session.execute(update(_L).where(*mine).values(revoked_at=uow.now))
    uow.audit("visit.link.revoke", "visit", visit_id)


async def _move(uow: UnitOfWork, procedure_id: UUID, **values: Any) -> None:
    if "papers" in values:
        values["papers"] = msgspec.to_builtins(values["papers"])
    mine = (_P.c.tenant_id == uow.tenant_id, _P.c.procedure_id == procedure_id)
    await uow.session.execute(update(_P).where(*mine).values(**values))


async def _set(uow: UnitOfWork, visit_id: UUID, **values: Any) -> None:
    mine = (_V.c.tenant_id == uow.tenant_id, _V.c.visit_id == visit_id)
    await uow.session.execute(update(_V).where(*mine).values(**values))
