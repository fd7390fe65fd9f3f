"""Demo data of duplicates and segments: somebody who was written down twice, a finished merge, and a segment of one's own."""

from core.customers.actions import add_customer
from core.customers.queries import find_by_phones, find_customers
from core.customers.rules.profile import CustomerDraft
from core.hooks.records.conditions import All, Cmp, Relative
from core.merges.merging import merge_customers
from core.merges.twins import sweep_for_twins
from core.segments.actions import add_segment
from core.segments.queries import list_segments
from core.segments.rules import SegmentDraft
from core.uow import UnitOfWork

# Two desks wrote one person down: two digits swapped, a name that sounds the same.
TWICE = (("吴敏", "+8613800010060"), ("李小梅", "+8613800010005"), ("孙莉", "+8613800010088"))


async def plant_twins(uow: UnitOfWork) -> None:
    """Write twins of three demo customers down, and merge one of them; nothing when it was done before."""
    if await find_by_phones(uow, [TWICE[0][1]]):
        return
    ids = [
        await add_customer(uow, draft=CustomerDraft(full_name=name, phones=(phone,)), allow_duplicate=True)
        for name, phone in TWICE
    ]
    while await sweep_for_twins(uow):
        continue
    known = [row.customer_id for row in await find_customers(uow, "孙丽") if row.customer_id not in ids]
    if known:
        await merge_customers(uow, winner_id=known[0], loser_id=ids[2])


async def add_own_segment(uow: UnitOfWork) -> None:
    """Members who have not come for three months (2025东营宠物诊所客户服务策略 §3.4: “3个月未消费”)."""
    if any(not one.shipped for one in await list_segments(uow)):
        return
    away = Relative(field="last_purchase_on", when="before_last", amount=3, unit="months")
    tree = All(of=(Cmp(field="spent_all", op="gt", value=0), away))
    texts = {"name_zh": "三个月未消费", "name_en": "Not here for three months"}
    plans = {"plan_zh": "店长或医生主动联系", "plan_en": "The manager or a doctor calls"}
    await add_segment(uow, draft=SegmentDraft(**texts, **plans, tree=tree))
