"""What the attack tests fill loyalty's addresses with; `tests/web/factories.py` joins it to the others."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from core.backtests.actions import start_backtest
from core.churn.actions.cases import open_by_hand
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.db import new_id
from core.holds.actions import ask_credit
from core.hooks.records.loyalty.parts import GiftReward, ServiceReward
from core.hooks.records.loyalty.program import Program
from core.loyalty.actions import grant_points
from core.rewards.actions import consume_benefit, grant_benefit, issue_reward
from core.visits.actions.bills import LineDraft, add_lines
from core.visits.actions.choices import choose_coupon
from core.visits.queries.choices import list_choices
from core.visits.queries.visits import get_visit
from tenants.churn_team import TEAM
from tests.visits import make_visit
from tests.workplaces import TestTenant

Factory = Callable[[TestTenant], Awaitable[object]]

LOYALTY_WORDS: Final[dict[str, str]] = {"number": "1", "kind": "redeem", "rule": "tiers"}


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


async def _backtest(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        return await start_backtest(uow, program=Program())


async def _coupon(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        customer_id = await add_customer(uow, draft=CustomerDraft(full_name="王小美"))
        reward = GiftReward(item="toy")
        coupon = await issue_reward(uow, customer_id=customer_id, reward=reward, key=new_id().hex, source="desk")
        return coupon.coupon_id


async def _use(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        customer_id = await add_customer(uow, draft=CustomerDraft(full_name="王小美"))
        key = f"desk:benefit:{new_id()}"
        await grant_benefit(uow, customer_id=customer_id, service="E01", label="体检", key=key, source="desk")
        return (await consume_benefit(uow, customer_id=customer_id, service="E01", key=key)).use_id


async def _choice(tenant: TestTenant) -> object:
    visit_id = await make_visit(tenant)
    async with tenant.unit() as uow:
        visit = await get_visit(uow, visit_id)
        reward = ServiceReward(service="C01")
        coupon = await issue_reward(uow, customer_id=visit.customer_id, reward=reward, key=new_id().hex, source="desk")
        await add_lines(uow, visit_id=visit_id, lines=[LineDraft(item="C01")])
        bill = await choose_coupon(uow, visit_id=visit_id, coupon_id=coupon.coupon_id)
        return (await list_choices(uow, bill.bill_id))[0].choice_id


LOYALTY_FACTORIES: Final[dict[str, Factory]] = {
    "case_id": _case,
    "entry_id": _entry,
    "held_id": _held,
    "backtest_id": _backtest,
    "coupon_id": _coupon,
    "use_id": _use,
    "choice_id": _choice,
}

LOYALTY_BODIES: Final[dict[str, Mapping[str, object]]] = {
    "POST /t/{slug:str}/loyalty/reports/groups/segment": {"recency": "5", "frequency": "1"},
    "POST /t/{slug:str}/loyalty/reports/export": {"report": "rfm", "kind": "csv"},
    "POST /t/{slug:str}/programs/draft/editor": {"_kind": "redeem"},
    "POST /t/{slug:str}/programs/draft/discard": {"revision": "1"},
    "POST /t/{slug:str}/programs/approval/approve": {"revision": "1"},
    "POST /t/{slug:str}/programs/approval/reject": {"revision": "1", "answer": "再想想"},
    "POST /t/{slug:str}/coupons/{coupon_id:uuid}/void": {"reason": "发错人"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/coupons": {"template": "none", "reason": "道歉"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/benefits": {"service": "none"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/clinician": {"staff_id": ""},
    "POST /t/{slug:str}/visits/{visit_id:uuid}/bill/coupons": {"code": "none"},
    "POST /t/{slug:str}/visits/{visit_id:uuid}/bill/benefits": {"benefit": "none"},
    "POST /t/{slug:str}/visits/{visit_id:uuid}/bill/points": {"points": "0"},
    "POST /t/{slug:str}/at-risk/{case_id:uuid}/call": {"reached": "no"},
    "POST /t/{slug:str}/at-risk/{case_id:uuid}/note": {"words": "下班后再打"},
    "POST /t/{slug:str}/at-risk/{case_id:uuid}/owner": {"owner_id": "00000000-0000-7000-8000-000000000001"},
    "POST /t/{slug:str}/at-risk/{case_id:uuid}/close": {"outcome": "promised"},
    "POST /t/{slug:str}/at-risk/{case_id:uuid}/offer": {"choice": "0"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/at-risk": {"words": "说要换一家医院"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/planned-visit": {"planned_on": ""},
}
