"""What the attack tests fill loyalty's addresses with; `tests/web/factories.py` joins it to the others."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from core.churn.actions.cases import open_by_hand
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.db import new_id
from core.holds.actions import ask_credit
from core.hooks.records.loyalty.parts import GiftReward
from core.loyalty.actions import grant_points
from core.rewards.actions.coupons import issue_reward
from tenants.churn_team import TEAM
from tests.workplaces import TestTenant

Factory = Callable[[TestTenant], Awaitable[object]]

LOYALTY_WORDS: Final[dict[str, str]] = {}


async def _case(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        customer_id = await add_customer(uow, draft=CustomerDraft(full_name="赵久违"))
        return await open_by_hand(uow, customer_id=customer_id, words="说要换一家医院", team=TEAM)


async def _entry(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        customer_id = await add_customer(uow, draft=CustomerDraft(full_name="王小美"))
        done = await grant_points(uow, customer_id=customer_id, points=100, key=new_id().hex, reason="开业")
        return done.entry_id


async def _held(tenant: TestTenant) -> object:
    async with tenant.unit("front_desk") as uow:
        customer_id = await add_customer(uow, draft=CustomerDraft(full_name="王小美"))
        held = await ask_credit(uow, customer_id=customer_id, points=5000, reason="service", key=new_id().hex)
        return held.held_id


async def _coupon(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        customer_id = await add_customer(uow, draft=CustomerDraft(full_name="王小美"))
        reward = GiftReward(item="toy")
        coupon = await issue_reward(uow, customer_id=customer_id, reward=reward, key=new_id().hex, source="desk")
        return coupon.coupon_id


LOYALTY_FACTORIES: Final[dict[str, Factory]] = {
    "case_id": _case,
    "entry_id": _entry,
    "held_id": _held,
    "coupon_id": _coupon,
}

LOYALTY_BODIES: Final[dict[str, Mapping[str, object]]] = {
    "POST /t/{slug:str}/at-risk/{case_id:uuid}/call": {"reached": "no"},
    "POST /t/{slug:str}/at-risk/{case_id:uuid}/note": {"words": "下班后再打"},
    "POST /t/{slug:str}/at-risk/{case_id:uuid}/owner": {"owner_id": "00000000-0000-7000-8000-000000000001"},
    "POST /t/{slug:str}/at-risk/{case_id:uuid}/close": {"outcome": "promised"},
    "POST /t/{slug:str}/at-risk/{case_id:uuid}/offer": {"choice": "0"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/at-risk": {"words": "说要换一家医院"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/planned-visit": {"planned_on": ""},
}
