"""Gives customers their member card's address, and takes it back."""

from uuid import UUID

from sqlalchemy import insert, select, update

from core.cards.models import MemberCard
from core.cards.queries import CardFacts, find_open_card
from core.customers.models import Customer
from core.customers.queries import find_present_customer
from core.db import new_id, table_of
from core.errors import NotFound
from core.tenancy.actions import new_public_code
from core.uow import UnitOfWork

_M, _C = table_of(MemberCard), table_of(Customer)


async def give_card(uow: UnitOfWork, *, customer_id: UUID) -> CardFacts:
    """Return the customer's card, making one when none opens; two clicks make one."""
    customer_id = await find_present_customer(uow, customer_id)
    await _lock_owner(uow, customer_id)
    known = await find_open_card(uow, customer_id)
    if known is not None:
        return known
    made = CardFacts(
        card_id=new_id(),
        code=await new_public_code(uow),
        customer_id=customer_id,
        created_at=uow.now,
        created_by_name=uow.actor.name,
        revoked_at=None,
    )
    values = {name: getattr(made, name) for name in CardFacts.__struct_fields__}
    await uow.session.execute(insert(_M).values(tenant_id=uow.tenant_id, **values))
    uow.audit("member_card.give", "customer", customer_id)
    return made


async def revoke_cards(uow: UnitOfWork, *, customer_id: UUID) -> int:
    """Take back every address of a customer's card, at once; return how many opened until now."""
    customer_id = await find_present_customer(uow, customer_id)
    await _lock_owner(uow, customer_id)
    mine = (_M.c.tenant_id == uow.tenant_id, _M.c.customer_id == customer_id, _M.c.revoked_at.is_(None))
    taken = await uow.session.scalars(update(_M).where(*mine).values(revoked_at=uow.now).returning(_M.c.card_id))
    count = len(taken.all())
    if count:
        uow.audit("member_card.revoke", "customer", customer_id, {"cards": count})
    return count


async def _lock_owner(uow: UnitOfWork, customer_id: UUID) -> None:
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == customer_id, _C.c.state == "active")
    found = await uow.session.scalar(select(_C.c.customer_id).where(*mine).with_for_update(key_share=True))
    if found is None:
        raise NotFound("no such customer")
