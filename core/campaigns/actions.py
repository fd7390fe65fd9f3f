"""Takes what a campaign gives out of its budget, once per key and never beyond it, and puts it back."""

from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.campaigns.models import CampaignBudget, CampaignUse
from core.campaigns.queries import count_uses
from core.db import new_id, table_of
from core.errors import Conflict
from core.hooks.records.loyalty.offers import Campaign
from core.uow import UnitOfWork

_B, _U = table_of(CampaignBudget), table_of(CampaignUse)


class BudgetSpent(Conflict):
    """The campaign has given all that it may, or all that it may give to one customer."""

    code = "campaign-budget-spent"


async def spend_budget(
    uow: UnitOfWork,
    *,
    program_id: str,
    campaign: Campaign,
    customer_id: UUID,
    key: str,
    fen: int = 0,
    points: int = 0,
    ref_id: UUID | None = None,
) -> bool:
    """Take `fen` and `points` out of a campaign's budget; False when the key did it before.

    The budget's row is locked until the end of the transaction, so many bills at once never give more than there is.

    Raises:
        BudgetSpent: less is left, or the customer was given it as often as one may be.
    """
    rule_id = f"{program_id}:{campaign.id}"
    fresh = upsert(_B).values(tenant_id=uow.tenant_id, rule_id=rule_id, spent_fen=0, spent_points=0, uses=0)
    await uow.session.execute(fresh.on_conflict_do_nothing(index_elements=["tenant_id", "rule_id"]))
    budget = await _lock(uow, rule_id)
    if await uow.session.scalar(select(_U.c.use_id).where(_U.c.tenant_id == uow.tenant_id, _U.c.key == key)):
        return False
    if (campaign.budget_fen is not None and budget.spent_fen + fen > campaign.budget_fen) or (
        campaign.budget_points is not None and budget.spent_points + points > campaign.budget_points
    ):
        raise BudgetSpent(rule=campaign.id)
    if campaign.per_customer_limit is not None:
        used = await count_uses(uow, program_id=program_id, rule_id=campaign.id, customer_id=customer_id)
        if used >= campaign.per_customer_limit:
            raise BudgetSpent(rule=campaign.id)
    await _append(uow, rule_id=rule_id, customer_id=customer_id, key=key, fen=fen, points=points, ref_id=ref_id)
    await _move(uow, budget, fen=fen, points=points, uses=1)
    return True


async def return_budget(uow: UnitOfWork, *, key: str) -> bool:
    """Put back what a key took; False when there is nothing (any more)."""
    mine = (_U.c.tenant_id == uow.tenant_id, _U.c.key == key)
    use = (await uow.session.execute(select(_U).where(*mine))).first()
    if use is None:
        return False
    budget = await _lock(uow, use.rule_id)
    back = f"back:{key}"
    if await uow.session.scalar(select(_U.c.use_id).where(_U.c.tenant_id == uow.tenant_id, _U.c.key == back)):
        return False
    await _append(
        uow,
        rule_id=use.rule_id,
        customer_id=use.customer_id,
        key=back,
        fen=-use.fen,
        points=-use.points,
        ref_id=use.ref_id,
    )
    await _move(uow, budget, fen=-use.fen, points=-use.points, uses=-1)
    return True


async def return_budgets_of(uow: UnitOfWork, *, customer_id: UUID, ref_id: UUID) -> int:
    """Put back what everything that a purchase or a bill used had taken; return how many uses there were."""
    mine = (_U.c.tenant_id == uow.tenant_id, _U.c.customer_id == customer_id, _U.c.ref_id == ref_id)
    keys = (await uow.session.scalars(select(_U.c.key).where(*mine).order_by(_U.c.use_id))).all()
    return sum([await return_budget(uow, key=key) for key in keys if not key.startswith("back:")])


async def _lock(uow: UnitOfWork, rule_id: str) -> Any:
    mine = (_B.c.tenant_id == uow.tenant_id, _B.c.rule_id == rule_id)
    return (await uow.session.execute(select(_B).where(*mine).with_for_update(key_share=True))).one()


async def _move(uow: UnitOfWork, budget: Any, *, fen: int, points: int, uses: int) -> None:
    await uow.session.execute(
        update(_B)
        .where(_B.c.tenant_id == uow.tenant_id, _B.c.rule_id == budget.rule_id)
        .values(spent_fen=budget.spent_fen + fen, spent_points=budget.spent_points + points, uses=budget.uses + uses)
    )


async def _append(
    uow: UnitOfWork, *, rule_id: str, customer_id: UUID, key: str, fen: int, points: int, ref_id: UUID | None
) -> None:
    await uow.session.execute(
        insert(_U).values(
            tenant_id=uow.tenant_id,
            use_id=new_id(),
            rule_id=rule_id,
            key=key,
            customer_id=customer_id,
            fen=fen,
            points=points,
            ref_id=ref_id,
            at=uow.now,
        )
    )
