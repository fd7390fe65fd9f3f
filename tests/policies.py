"""What the tests of published rules share: an office calendar, a policy on it, filing at an instant, and firing what is due."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.complaints.actions.filing import file_complaint
from core.complaints.actions.moving import continue_move
from core.complaints.cases.case import lock_case
from core.complaints.cases.clock import Clock
from core.complaints.cases.escalation import fire_clock
from core.complaints.cases.storing import CLOCK_TASK
from core.complaints.rules.filing import Filing
from core.policies.actions import publish_rules, save_calendar_draft, save_policy_draft
from core.policies.queries import find_draft, find_version
from core.policies.rules.calendars import CalendarBody, Mode
from core.policies.rules.changes import MilestoneChange, read_changes
from core.policies.rules.versions import POLICIES, VersionFacts, calendar_subject
from tenants.roster import Roster
from tests.rules.clocks import WEEK
from tests.workplaces import MovableClock, TestTenant

STEP = "propose_solution"
OFFICE: Mapping[str, Any] = {"tz": "Asia/Shanghai", "hours": WEEK}
BUSINESS_DAY = MilestoneChange(minutes=480, clock="office", pausable=True)


def shanghai(words: str, year: int = 2026) -> datetime:
    """Read `03-02 10:00` as Shanghai time."""
    return datetime.fromisoformat(f"{year}-{words}+08:00")


async def publish_calendar(
    tenant: TestTenant,
    calendar: Mapping[str, Any] = OFFICE,
    *,
    calendar_id: str = "office",
    mainland: bool = False,
    mode: Mode = "migrate_running",
    effective_from: datetime | None = None,
) -> VersionFacts:
    subject = calendar_subject(calendar_id)
    body = CalendarBody(name="门店营业时间", calendar=dict(calendar), mainland=mainland)
    async with tenant.unit() as uow:
        draft = await find_draft(uow, subject=subject)
        kept = await save_calendar_draft(
            uow, calendar_id=calendar_id, body=body, revision=draft.revision if draft else 0
        )
        return await publish_rules(
            uow, subject=subject, revision=kept.revision, mode=mode, effective_from=effective_from
        )


async def publish_change(
    tenant: TestTenant, change: MilestoneChange, *, milestone: str = STEP, mode: Mode = "migrate_running"
) -> VersionFacts:
    async with tenant.unit() as uow:
        draft = await find_draft(uow, subject=POLICIES)
        newest = await find_version(uow, subject=POLICIES)
        changes = read_changes(newest.body if newest else {}).put("L1", milestone, change)
        kept = await save_policy_draft(uow, changes=changes, revision=draft.revision if draft else 0)
        return await publish_rules(uow, subject=POLICIES, revision=kept.revision, mode=mode)


async def follow(tenant: TestTenant, version: VersionFacts, piece: int = 500) -> int:
    """Do what the worker does with a published version; return in how many pieces."""
    pieces = 1
    while True:
        async with tenant.workplace.unit(tenant.id) as uow:
            if not await continue_move(uow, subject=version.subject, number=version.number, piece=piece):
                return pieces
        pieces += 1


async def file_at(tenant: TestTenant, clock: MovableClock, when: datetime, words: str = "结账时未解释费用明细") -> UUID:
    clock.instant = when
    async with tenant.unit("front_desk") as uow:
        filing = Filing(text=words, contact_name="李晓梅", contact_phone="13878106872")
        return (await file_complaint(uow, filing=filing)).complaint_id


async def clock_of(tenant: TestTenant, complaint_id: UUID, milestone: str = STEP) -> Clock:
    """The newest clock of a milestone, folded from what is stored."""
    async with tenant.workplace.unit(tenant.id) as uow:
        return (await lock_case(uow, complaint_id)).newest()[milestone]


async def due_of(tenant: TestTenant, complaint_id: UUID, milestone: str = STEP) -> datetime | None:
    """The due time of the stored row, that boards and lists read."""
    async with tenant.workplace.reading(tenant.id) as reader:
        found: datetime | None = await reader.session.scalar(
            text(
                "SELECT due_at FROM complaint_clock WHERE complaint_id = :c AND milestone = :m ORDER BY cycle DESC"
                " LIMIT 1"
            ),
            {"c": complaint_id, "m": milestone},
        )
        return found


async def fire_due(tenant: TestTenant) -> int:
    """Do what the worker does with every clock row of the schedule that is due."""
    async with tenant.workplace.reading(tenant.id) as reader:
        rows = await reader.session.execute(
            text("SELECT payload FROM outbox WHERE task = :t AND state = 'pending' AND run_at <= :n ORDER BY run_at"),
            {"t": CLOCK_TASK, "n": reader.now},
        )
        due = [row.payload for row in rows]
    for payload in due:
        async with tenant.workplace.unit(tenant.id) as uow:
            place = {"complaint_id": UUID(payload["complaint_id"]), "milestone_id": payload["milestone"]}
            await fire_clock(uow, cycle=payload["cycle"], roster=Roster(), **place)
    return len(due)
