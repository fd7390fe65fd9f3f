"""The demo's complaint rules: shop hours with official holidays, one changed promise with its history, and two drafts."""

from typing import Any, Final
from uuid import UUID

from core.policies.actions import publish_rules, save_calendar_draft, save_policy_draft
from core.policies.queries import find_draft, find_version, get_policies
from core.policies.rules.calendars import CalendarBody
from core.policies.rules.changes import MilestoneChange, PolicyChanges
from core.policies.rules.versions import POLICIES, calendar_subject
from core.scope import Actor
from core.uow import UnitOfWork
from tenants.work import Workplace

_OFFICE: Final = calendar_subject("office")
_WEEK: Final[dict[str, Any]] = {
    day: [["08:30", "12:00"], ["13:30", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat")
}


async def seed_policies(workplace: Workplace, tenant_id: UUID, director: Actor) -> None:
    """Publish a calendar and a change once, and leave a draft to look at; a second run changes nothing."""
    async with workplace.unit(tenant_id, actor=director) as uow:
        await _publish(uow)


async def _publish(uow: UnitOfWork) -> None:
    if await find_version(uow, subject=_OFFICE) is not None:
        return
    calendar = {"tz": uow.scope.timezone, "hours": _WEEK}
    for body in (
        CalendarBody(name="门诊时间", calendar=calendar, mainland=True),
        CalendarBody(name="门诊时间", calendar=calendar | {"holidays": ["2026-12-31"]}, mainland=True),
    ):
        draft = await save_calendar_draft(uow, calendar_id="office", body=body, revision=0)
        await publish_rules(uow, subject=_OFFICE, revision=draft.revision, mode="new_only", note="年末盘点")
    shorter = _WEEK | {"sat": [["08:30", "12:00"]]}
    resting = calendar | {"hours": shorter, "holidays": ["2026-12-31"]}
    await save_calendar_draft(
        uow, calendar_id="office", body=CalendarBody(name="门诊时间", calendar=resting, mainland=True), revision=0
    )
    level = (await get_policies(uow))["L1"]
    last = [milestone for milestone in level.milestones if milestone.minutes is not None][-1]
    declared = last.minutes or 0
    changes = PolicyChanges().put("L1", last.id, MilestoneChange(minutes=max(declared - 60, 1)))
    draft = await save_policy_draft(uow, changes=changes, revision=0)
    await publish_rules(uow, subject=POLICIES, revision=draft.revision, mode="new_only", note="比应急预案快一小时")
    if await find_draft(uow, subject=POLICIES) is None:
        slower = PolicyChanges().put("L1", last.id, MilestoneChange(minutes=declared * 2))
        await save_policy_draft(uow, changes=slower, revision=0)
