"""A chain that looks after those who stay away: last quarter's cases with offers and their worth, and this night's list."""

from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

from core.churn.actions.cases import close_case, log_call, plan_visit
from core.churn.actions.sweep import sweep
from core.churn.actions.winbacks import give_winback
from core.churn.queries.cases import CaseFilter, find_winback, list_cases
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.loyalty.actions import record_purchase
from core.scope import Actor
from core.uow import UnitOfWork
from tenants.churn_team import TEAM
from tenants.work import Workplace

PETS: Final = ("petclinic.pet", "dog")
# (name, pet, phone, days before now of each visit)
GONE: Final[tuple[tuple[str, str, str, tuple[int, ...]], ...]] = (
    ("邹丽萍", "可可", "13905460101", (320, 290)),
    ("熊建国", "大黄", "13905460102", (300, 280)),
    ("孟雅琴", "雪球", "13905460103", (310, 285, 60)),
    ("秦志强", "黑子", "13905460104", (330, 284)),
    ("阎秀兰", "花花", "13905460105", (350, 286, 130)),
    ("薛文静", "糖豆", "13905460106", (340, 288, 150)),
    ("侯俊杰", "旺财", "13905460107", (299, 281)),
    ("龙雨桐", "麦穗", "13905460108", (305, 283, 20)),
    ("段晓峰", "板栗", "13905460109", (230, 120)),
    ("钱红霞", "咪咪", "13905460110", (200, 110)),
)
SURNAMES: Final = "江史顾毛郝龚邵万覃武戴严莫孔向汤常温康施"
CROWD: Final = tuple(
    (f"{surname}{given}", pet, f"139054602{number:02d}", (300 + number, 281 + number % 9, *back))
    for number, (surname, given, pet, back) in enumerate(
        zip(
            SURNAMES,
            ("晓燕", "志明", "玉兰", "海波") * 5,
            ("奶茶", "布丁", "豆沙", "元宝", "煤球") * 4,
            ((), (150,), (), (160,), ()) * 4,
            strict=True,
        )
    )
)
"""Enough households that a tenth of them shows up in the comparison group."""
MISSED: Final = timedelta(days=190)
"""When the past night looked: those of 280 to 290 days ago had stayed away for three months."""


class Clock(Protocol):
    """The movable clock of the seed."""

    back: timedelta


async def seed_churn(workplace: Workplace, clock: Clock, tenant_id: UUID, director: Actor) -> None:
    """Make the past and the present of the list; a second time does nothing."""
    async with workplace.reading(tenant_id) as reader:
        if await list_cases(reader, which=CaseFilter(which="closed"), limit=1):
            return
    async with workplace.unit(tenant_id, actor=director) as uow:
        customers = [await _regular(uow, row, older_than=MISSED) for row in (*GONE, *CROWD)]
    clock.back = MISSED
    async with workplace.unit(tenant_id, actor=director) as uow:
        await sweep(uow, team=TEAM)
        for row in await list_cases(uow, which=CaseFilter(which="open")):
            winback = await find_winback(uow, row.case_id)
            if winback is not None and winback.arm == "offer":
                await give_winback(uow, case_id=row.case_id, choice=0)
            await log_call(uow, case_id=row.case_id, reached=True, words="说最近忙，有空带来体检")
            await close_case(uow, case_id=row.case_id, outcome="promised")
    clock.back = timedelta(0)
    async with workplace.unit(tenant_id, actor=director) as uow:
        for customer_id, (_name, _pet, _phone, days) in zip(customers, (*GONE, *CROWD), strict=True):
            for ago in days:
                if timedelta(days=ago) < MISSED:
                    await _pay(uow, customer_id, ago)
        tomorrow = uow.today + timedelta(days=7)
        await plan_visit(uow, customer_id=customers[7], planned_on=tomorrow, reason="疫苗加强针")
        await sweep(uow, team=TEAM)
        rows = await list_cases(uow, which=CaseFilter(which="open"))
        if rows:
            await log_call(uow, case_id=rows[0].case_id, reached=False, words="")


async def _regular(uow: UnitOfWork, row: tuple[str, str, str, tuple[int, ...]], *, older_than: timedelta) -> UUID:
    name, pet, phone, days = row
    draft = CustomerDraft(
        full_name=name, phones=(f"+86{phone}",), subjects=(SubjectDraft(name=pet, kind=PETS[0], species=PETS[1]),)
    )
    customer_id = await add_customer(uow, draft=draft)
    for ago in days:
        if timedelta(days=ago) >= older_than:
            await _pay(uow, customer_id, ago)
    return customer_id


async def _pay(uow: UnitOfWork, customer_id: UUID, ago: int) -> None:
    await record_purchase(
        uow,
        customer_id=customer_id,
        fen=180_00 + ago * 10,
        key=f"demo-churn:{customer_id}:{ago}",
        description="体检与驱虫",
        occurred_at=uow.now - timedelta(days=ago),
    )
