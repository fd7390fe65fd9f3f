"""A year of closed complaints for the first chain: filed, worked and closed by the product's own actions, on a moved clock."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from core.complaint_reports.months import keep_month
from core.complaint_reports.risks import count_risks
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import complete_in, facts_form
from core.complaints.cases.case import Case, lock_case
from core.complaints.rules.filing import Filing
from core.hooks.records.complaints import Milestone
from core.hooks.records.forms import ChoiceField, MultiField, NumberField, TextField
from core.policy_trials.actions import start_trial
from core.policy_trials.drafts import get_candidate
from core.policy_trials.queries import list_trials
from core.reports.rules.spans import months_before
from core.scope import Actor
from core.tenancy.queries import list_branches
from core.uow import UnitOfWork
from tenants.staff import list_people
from tenants.work import Workplace
from workers.demo.people import GUESTS

CASES: Final = 120
DAYS: Final = 360
YOUNGEST: Final = 6
MONTHS: Final = 2
"""So many months are put on paper."""
# The examples of 宠物医院客户投诉应急预案 §3.1 to §3.3, and words like them; drawn 60 to 30 to 10.
WORDS: Final = (
    ("结账时未解释费用明细", "导诊标识不清晰", "护士未主动告知检查注意事项", "候诊超过四十分钟无人解释", "前台接电话态度冷淡", "短信提醒发错了宠物的名字"),
    ("治疗后症状未缓解，要求复查", "住院期间宠物应激反应未及时干预", "费用超出预估35%", "洗澡后皮肤发红，怀疑操作不当"),
    ("手术中宠物死亡，要求说法", "寄养期间宠物逃跑"),
)  # fmt: skip
CHANNELS: Final = ("phone", "phone", "in_person", "web", "web", "online_chat", "social_media", "regulator")


async def seed_complaint_reports(workplace: Workplace, tenant_id: UUID, director: Actor) -> None:
    """Make the year, the risks that it teaches, three months on paper and one trial; a second time does nothing."""
    async with workplace.unit(tenant_id, actor=director) as uow:
        if await list_trials(uow, limit=1):
            return
        await _year(uow)
        await count_risks(uow)
        first = uow.today.replace(day=1)
        for back in range(MONTHS, 0, -1):
            await keep_month(uow, month=months_before(first, back))
        await start_trial(uow, candidate=await get_candidate(uow), label="现行规则")


async def _year(uow: UnitOfWork) -> None:
    """One transaction for all cases: its clock is set to each instant at which something was done."""
    draw = random.Random(2026)  # noqa: S311 - the same demo every time, nothing secret
    today = uow.now
    branches = [one.branch_id for one in await list_branches(uow)]
    people = [one.staff_id for one in await list_people(uow)][:4]
    for number in range(CASES):
        days = YOUNGEST + (DAYS - YOUNGEST) * (CASES - number) / CASES
        hour = draw.choice((8, 9, 9, 10, 10, 11, 14, 15, 16, 17, 18, 19, 20))
        received = (today - timedelta(days=days)).replace(hour=(hour - 8) % 24, minute=draw.randrange(60))
        guest = draw.choice(GUESTS)
        words = draw.choice(draw.choices(WORDS, (60, 30, 10))[0])
        uow.now = received
        filing = Filing(
            text=words,
            contact_name=guest.full_name,
            contact_phone=guest.phone,
            branch_id=draw.choice(branches),
            channel=draw.choice(CHANNELS),
        )
        filed = await file_complaint(uow, filing=filing, key=f"demo-year:{number}")
        await _work(uow, filed.complaint_id, received, draw, draw.choice(people))
    uow.now = today


async def _work(uow: UnitOfWork, complaint_id: UUID, received: datetime, draw: random.Random, person: UUID) -> None:
    """Complete every step, most in time, and put the case away."""
    case = await lock_case(uow, complaint_id)
    slow = draw.random() < 0.12
    for milestone in case.policy.milestones:
        begun = _begun(case, milestone, received)
        budget = milestone.minutes or draw.choice((90, 240, 600))
        share = draw.uniform(1.02, 1.9) if slow and draw.random() < 0.6 else draw.betavariate(2.2, 3.2)
        uow.now = max(uow.now, begun + timedelta(minutes=budget * share))
        complete_in(uow, case, milestone.id, _facts(milestone), proven=True)
    case.note(uow, "resolved", {})
    case.state = "archived"
    case.note(uow, "archived", {})
    await case.save(uow, resolved_at=uow.now, assignee_id=person)


def _begun(case: Case, milestone: Milestone, received: datetime) -> datetime:
    state = case.newest()[milestone.id].state
    return state.facts.started_at if state is not None else received


def _facts(milestone: Milestone) -> Mapping[str, Any]:
    """Plain answers to what the step asks."""
    facts: dict[str, Any] = {}
    for field in facts_form(milestone).fields:
        match field:
            case TextField():
                facts[field.key] = "已向客户当面说明并改进"
            case ChoiceField():
                facts[field.key] = field.options[0].value
            case MultiField():
                facts[field.key] = [option.value for option in field.options]
            case NumberField():
                facts[field.key] = field.min if field.min is not None else 1
            case _:
                continue
    return facts
