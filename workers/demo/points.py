"""Points in hand, cards on phones and a credit that waits: so that desk and card have something to show."""

from typing import Final
from uuid import UUID

from core.cards.actions import give_card
from core.customers.queries import list_customers
from core.holds.actions import ask_credit
from core.holds.queries import find_held_by_key
from core.hooks.records.loyalty.offers import CouponTemplate
from core.loyalty.actions import grant_points
from core.programs.queries import get_program
from core.rewards.actions import issue_coupon
from core.scope import Actor
from core.uow import UnitOfWork
from tenants.work import Workplace

MEMBERS: Final = 4
HELD: Final = "demo:held"
"""Asked for last: what stands before it is there too."""
_GIFTS: Final = (
    (120, "thanks: 老客户回访"),
    (300, "service: 等候超过一小时"),
    (80, "event: 世界动物日义诊"),
    (200, "correction: 上次漏记"),
)


async def seed_points(workplace: Workplace, tenant_id: UUID, director: Actor) -> None:
    """Give the newest customers points, a coupon of each kind of money off, and a card; once."""
    async with workplace.unit(tenant_id, actor=director) as uow:
        people = [one.customer_id for one in await list_customers(uow, limit=MEMBERS)]
        if not people or await find_held_by_key(uow, HELD) is not None:
            return
        for number, customer_id in enumerate(people):
            points, reason = _GIFTS[number % len(_GIFTS)]
            key = f"demo:gift:{number}"
            await grant_points(uow, customer_id=customer_id, points=points, key=key, reason=reason)
            await give_card(uow, customer_id=customer_id)
            await _give_coupon(uow, customer_id, f"demo:coupon:{number}")
    desk = Actor(
        kind="staff", name="前台小林", roles=frozenset({"front_desk"}), permissions=frozenset({"loyalty.grant"})
    )
    async with workplace.unit(tenant_id, actor=desk) as uow:
        reason = "service: 手术改期两次，客户特意请假"
        await ask_credit(uow, customer_id=people[0], points=800, reason=reason, key=HELD)


async def _give_coupon(uow: UnitOfWork, customer_id: UUID, key: str) -> None:
    program = await get_program(uow)
    templates = program.live(CouponTemplate) if program else ()
    money_off = next((one for one in templates if one.amount_fen is not None), None) or next(iter(templates), None)
    if money_off is not None:
        await issue_coupon(uow, customer_id=customer_id, template_id=money_off.id, key=key, source="desk")
