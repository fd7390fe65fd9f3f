"""Writes contacts, and appends what a customer allows or withdraws."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from core.contacts.models import ContactConsent, CustomerContact
from core.contacts.rules import (
    MAX_CONTACTS,
    MAX_SHOWN,
    ConsentSource,
    consent_problems,
    contact_problems,
)
from core.customers.actions import record_event
from core.customers.models import Customer
from core.customers.rules.names import clean_name, clean_text
from core.db import new_id, table_of
from core.errors import FieldProblem, InvalidInput, NotFound
from core.uow import UnitOfWork

_T, _A, _C = table_of(CustomerContact), table_of(ContactConsent), table_of(Customer)


async def add_contact(uow: UnitOfWork, *, customer_id: UUID, kind: str, value: str, label: str = "") -> UUID:
    """Write down one way to reach a customer; the same one twice stays one. Return its id.

    Raises:
        InvalidInput: it looks wrong, or there are too many.
    """
    value, label = clean_name(value), clean_name(label)
    if kind == "email":
        value = value.casefold()
    problems = contact_problems(kind=kind, value=value, label=label)
    if problems:
        raise InvalidInput(problems)
    await _locked(uow, customer_id)
    mine = (_T.c.tenant_id == uow.tenant_id, _T.c.customer_id == customer_id)
    if (await uow.session.scalar(select(func.count()).select_from(_T).where(*mine)) or 0) >= MAX_CONTACTS:
        raise InvalidInput((FieldProblem("value", "too-many", {"max": MAX_CONTACTS}),))
    row = {
        "tenant_id": uow.tenant_id,
        "contact_id": new_id(),
        "customer_id": customer_id,
        "kind": kind,
        "value": value,
        "label": label,
        "created_at": uow.now,
    }
    statement = (
        upsert(_T)
        .values(row)
        .on_conflict_do_update(index_elements=["tenant_id", "customer_id", "kind", "value"], set_={"label": label})
    )
    contact_id = (await uow.session.execute(statement.returning(_T.c.contact_id))).scalar_one()
    uow.audit("customer.contact_add", "customer", customer_id, {"kind": kind})
    assert isinstance(contact_id, UUID)
    return contact_id


async def remove_contact(uow: UnitOfWork, *, customer_id: UUID, contact_id: UUID) -> tuple[str, str, str]:
    """Take one away; return (kind, value, label), with which an undo adds it again."""
    mine = (_T.c.tenant_id == uow.tenant_id, _T.c.customer_id == customer_id, _T.c.contact_id == contact_id)
    row = (await uow.session.execute(delete(_T).where(*mine).returning(_T.c.kind, _T.c.value, _T.c.label))).first()
    if row is None:
        raise NotFound("no such contact")
    uow.audit("customer.contact_remove", "customer", customer_id, {"kind": row.kind})
    return row.kind, row.value, row.label


async def record_consent(
    uow: UnitOfWork,
    *,
    customer_id: UUID,
    purpose: str,
    decision: str,
    source: ConsentSource,
    channel: str = "all",
    text_shown: str = "",
    ref_id: UUID | None = None,
) -> UUID:
    """Append one answer; giving and withdrawing are this same act. What it covers stops or opens at the commit.

    Raises:
        InvalidInput: no such purpose, channel or decision.
        NotFound: no such customer.
    """
    problems = consent_problems(purpose=purpose, channel=channel, decision=decision)
    if problems:
        raise InvalidInput(problems)
    await _locked(uow, customer_id)
    consent_id = new_id()
    actor = uow.actor
    row: dict[str, Any] = {
        "tenant_id": uow.tenant_id,
        "consent_id": consent_id,
        "customer_id": customer_id,
        "purpose": purpose,
        "channel": channel,
        "decision": decision,
        "source": source,
        "text_shown": clean_text(text_shown)[:MAX_SHOWN],
        "ref_id": ref_id,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "at": uow.now,
    }
    await uow.session.execute(insert(_A).values(row))
    data = {"purpose": purpose, "channel": channel, "decision": decision, "source": source}
    await record_event(uow, customer_id=customer_id, kind=f"contact_{decision}", data=data, ref_id=consent_id)
    uow.audit("customer.contact_consent", "customer", customer_id, data)
    return consent_id


async def _locked(uow: UnitOfWork, customer_id: UUID) -> None:
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == customer_id, _C.c.state == "active")
    statement = select(_C.c.customer_id).where(*mine).with_for_update(key_share=True)
    if (await uow.session.execute(statement)).first() is None:
        raise NotFound("no such customer")
