"""The demo clinics' price list and some visits: paid, waiting for a consent, over the estimate, waiting for an answer."""

from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

import msgspec

from core.customers.queries import CustomerRow, get_customer, list_customers
from core.db import new_id
from core.scope import Actor
from core.tenancy.queries import list_branches
from core.uow import UnitOfWork
from core.visits.actions.bills import LineDraft, add_lines, finalise_bill, open_bill
from core.visits.actions.estimates import answer_estimate, give_estimate
from core.visits.actions.payments import PaymentDraft, refund_bill, settle_bill
from core.visits.actions.prices import give_price_code, keep_items, publish_prices, start_draft
from core.visits.actions.visits import (
    end_visit,
    finish_procedure,
    give_link,
    open_visit,
    plan_procedure,
    start_procedure,
)
from core.visits.queries.prices import list_versions
from core.visits.rules.prices import Item
from tenants.work import Workplace

CONSENT: Final = "petclinic.surgery_consent"


class Clock(Protocol):
    """The seed's clock: what happened earlier is written down as of then."""

    back: timedelta


def _item(
    code: str,
    zh: str,
    en: str,
    yuan: float,
    unit: str = "次",
    member: float | None = None,
    *,
    consent: str = "",
    check: str = "",
) -> Item:
    category = {"C": "consultation", "E": "examination", "D": "drug", "S": "surgery", "G": "goods"}[code[0]]
    return Item(
        code=code,
        name_zh=zh,
        name_en=en,
        category=category,
        unit=unit,
        price_fen=round(yuan * 100),
        member_price_fen=None if member is None else round(member * 100),
        consent_form=consent,
        check_form=check,
    )


ITEMS: Final = (
    _item("C01", "门诊诊疗费", "Consultation", 50),
    _item("C02", "专家门诊", "Senior consultation", 100, member=80),
    _item("C03", "夜间急诊", "Night emergency", 200),
    _item("C04", "复诊", "Follow-up consultation", 30),
    _item("C05", "住院护理", "Inpatient care", 120, "天"),
    _item("C06", "异宠诊疗费", "Exotic pet consultation", 80),
    _item("E01", "血常规", "Blood count", 80),
    _item("E02", "生化全项", "Full biochemistry", 320, member=280),
    _item("E03", "粪便检查", "Faecal examination", 40),
    _item("E04", "皮肤镜检", "Skin scraping", 60),
    _item("E05", "DR 摄片", "Digital X-ray", 150, "部位"),
    _item("E06", "B 超", "Ultrasound", 180),
    _item("E07", "心电图", "ECG", 100),
    _item("E-CHECKUP", "健康体检", "Check-up", 198),
    _item("E-CHECKUP-YEAR", "年度体检套餐", "Annual check-up", 480, member=450),
    _item("E-RECHECK", "复查", "Repeated examination", 60),
    _item("E08", "犬瘟/细小快速检测", "Distemper and parvo test", 120, "项"),
    _item("D01", "狂犬疫苗", "Rabies vaccine", 80, "针"),
    _item("D02", "犬八联疫苗", "Canine 8-in-1 vaccine", 120, "针", 99),
    _item("D03", "猫三联疫苗", "Feline 3-in-1 vaccine", 130, "针", 110),
    _item("D04", "体内驱虫", "Deworming tablet", 45, "片"),
    _item("D05", "阿莫西林克拉维酸", "Amoxicillin-clavulanate", 6.5, "片"),
    _item("D06", "静脉输液", "Intravenous infusion", 90, "次", consent=CONSENT),
    _item("D07", "止吐针", "Antiemetic injection", 55, "针"),
    _item("D-DEWORM", "体外驱虫", "Spot-on deworming", 68, "支"),
    _item("G01", "处方粮 2kg", "Prescription food, 2 kg", 168, "袋"),
    _item("G02", "牵引绳", "Lead", 45, "条"),
    _item("S01", "公猫绝育", "Neutering, tomcat", 380, member=350),
    _item("S02", "母猫绝育", "Spaying, cat", 680, member=620),
    _item("S03", "母犬绝育", "Spaying, dog", 1280),
    _item("S04", "吸入麻醉", "Inhalation anaesthesia", 300, "小时"),
    _item("S05", "洁牙", "Dental scaling", 500, check="none"),
    _item("S06", "清创缝合", "Wound cleaning and suture", 260),
)
"""Prices as small-animal clinics of a Chinese prefecture city ask them in 2025; made up, none is anybody's."""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One visit: who, when, what was said it costs, and what came of it."""

    who: str
    reason: str
    minutes_ago: int
    procedures: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    accepted: bool = True
    billed: tuple[str, ...] = ()
    ends: str = ""
    """Empty: as it stands; final, paid, refunded."""


DAY: Final = 24 * 60
STORIES: Final = (
    Story(
        who="周文博",
        reason="呕吐两天",
        minutes_ago=5 * DAY,
        procedures=("E01",),
        said=("C01", "E01", "D07"),
        billed=(),
        ends="paid",
    ),
    Story(who="欧阳明轩", reason="换牙检查", minutes_ago=2 * DAY, said=("C06", "E03", "D04"), ends="refunded"),
    Story(who="陈静怡", reason="疫苗接种", minutes_ago=150, said=("C04", "D03"), ends="final"),
    Story(who="孙丽", reason="食欲不振", minutes_ago=95, said=("C02", "E01"), billed=("E06", "D06")),
    Story(who="吴敏", reason="母犬绝育", minutes_ago=50, procedures=("S03", "S04"), said=("S03", "S04", "E01")),
    Story(who="李晓梅", reason="皮肤瘙痒", minutes_ago=15, procedures=("E04",), said=("C01", "E04"), accepted=False),
)


async def seed_visits(workplace: Workplace, clock: Clock, tenant_id: UUID, actor: Actor) -> None:
    """Publish the price list and write the visits down, each as of its time; does nothing where there is a list."""
    async with workplace.reading(tenant_id, actor=actor) as reader:
        if await list_versions(reader):
            return
        customers = {row.full_name: row for row in await list_customers(reader, limit=100)}
        branches = [branch.branch_id for branch in await list_branches(reader)]
    clock.back = timedelta(days=29)
    async with workplace.unit(tenant_id, actor=actor) as uow:
        await _publish(uow, branches)
    for number, story in enumerate(STORIES):
        if story.who in customers:
            clock.back = timedelta(minutes=story.minutes_ago)
            async with workplace.unit(tenant_id, actor=actor) as uow:
                await _tell(uow, story, customers[story.who], branches[number % len(branches)])
    clock.back = timedelta(0)


async def _publish(uow: UnitOfWork, branches: list[UUID]) -> None:
    version_id = await start_draft(uow)
    night = next(item for item in ITEMS if item.code == "C03")
    own = {str(branches[0]): 180_00} if len(branches) > 1 else {}
    items = [msgspec.structs.replace(item, branch_prices=own) if item is night else item for item in ITEMS]
    await keep_items(uow, version_id=version_id, items=items)
    await publish_prices(uow, version_id=version_id, note="2026 年价目")
    await give_price_code(uow)


async def _tell(uow: UnitOfWork, story: Story, who: CustomerRow, branch_id: UUID) -> None:
    record = await get_customer(uow, who.customer_id)
    visit_id = await open_visit(
        uow,
        customer_id=who.customer_id,
        subject_id=record.subjects[0].subject_id if record.subjects else None,
        branch_id=branch_id,
        clinician_id=uow.actor.id,
        reason=story.reason,
    )
    steps = [await plan_procedure(uow, visit_id=visit_id, item=code) for code in story.procedures]
    given = await give_estimate(uow, visit_id=visit_id, lines=[LineDraft(item=code) for code in story.said])
    await give_link(uow, visit_id=visit_id)
    if story.accepted:
        await answer_estimate(
            uow,
            visit_id=visit_id,
            estimate_id=given.estimate_id,
            answer="accepted",
            place="phone",
            name=record.full_name,
        )
    if story.billed or story.ends:
        await open_bill(uow, visit_id=visit_id)
    if story.billed:
        await add_lines(uow, visit_id=visit_id, lines=[LineDraft(item=code) for code in story.billed])
    if story.ends:
        for step in steps:
            await start_procedure(uow, visit_id=visit_id, procedure_id=step)
            await finish_procedure(uow, visit_id=visit_id, procedure_id=step)
        await _end(uow, visit_id, story.ends)


async def _end(uow: UnitOfWork, visit_id: UUID, ends: str) -> None:
    bill = await finalise_bill(uow, visit_id=visit_id)
    if ends == "final":
        return
    money = [PaymentDraft(method="wechat", fen=bill.total_fen)]
    done = await settle_bill(uow, visit_id=visit_id, payments=money, explained=True, key=new_id().hex)
    if ends == "refunded":
        last = done.bill.lines[-1]
        await refund_bill(
            uow,
            visit_id=visit_id,
            fen_by_line={last.line_id: last.amount_fen},
            reason="药品未拆封，退回",
            method="wechat",
            key=new_id().hex,
        )
    await end_visit(uow, visit_id=visit_id, how="discharged")
