"""A job of a case and a person at work on it wait in one line: first the case, then its rows of the schedule."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from core.casework.actions import TASK_DUE, add_task, complete_task
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import judge_level
from core.complaints.cases.case import lock_case
from core.complaints.cases.storing import CLOCK_TASK
from core.complaints.rules.filing import Filing
from core.hooks.records.complaints import Severity
from core.scope import Actor
from core.uow import UnitOfWork
from tenants.plugin_settings import enable_plugin
from tenants.roles import permissions_of
from tests.workers.conftest import Shop
from workers.jobs import find_tasks

ROUNDS: Final = 12


@pytest.fixture
async def clinic_of_one(shop: Shop) -> UUID:
    for name in (CLOCK_TASK, TASK_DUE):
        shop.offer(find_tasks()[name])
    tenant_id = await shop.tenant("dongying")
    async with shop.unit(tenant_id) as uow:
        await enable_plugin(uow, host=shop.app.host, plugin_id="petclinic")
    return tenant_id


async def file_grave(shop: Shop, tenant_id: UUID) -> UUID:
    async with shop.unit(tenant_id) as uow:
        filed = await file_complaint(
            uow, filing=Filing(text="手术中宠物死亡，要求说法", contact_name="周文博", contact_phone="13878106871")
        )
    await shop.sql("UPDATE outbox SET state = 'done' WHERE task <> :task", task=CLOCK_TASK)
    return filed.complaint_id


async def director(shop: Shop, tenant_id: UUID) -> Actor:
    staff_id = (await shop.sql("SELECT staff_id FROM staff WHERE tenant_id = :t", t=tenant_id))[0][0]
    roles = frozenset({"director", "tenant_admin"})
    return Actor(kind="staff", id=staff_id, name="管理员", roles=roles, permissions=permissions_of(roles))


async def until_a_backend_waits(shop: Shop) -> None:
    for _ in range(400):
        rows = await shop.sql(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        if rows:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the job did not wait for the case")


async def send(shop: Shop, task: str, *, again: bool = False) -> list[str]:
    """Put the due rows of a task on their way, as the relay does; `again`: all of them, whatever is on its way."""
    which = "state IN ('pending', 'sent')" if again else "state = 'pending' AND run_at <= :now"
    rows = await shop.sql(
        "UPDATE outbox SET state = 'sent', run_at = least(run_at, :now), lease_until = :until"
        f" WHERE task = :task AND {which} RETURNING outbox_id",
        task=task,
        now=shop.clock(),
        until=shop.clock() + timedelta(minutes=5),
    )
    return [str(row[0]) for row in rows]


async def run(shop: Shop, tenant_id: UUID, task: str, ids: list[str]) -> None:
    await shop.runner().run_rows({"job_id": "x", "redis": shop.queue}, str(tenant_id), task, ids)


async def meet(
    shop: Shop, tenant_id: UUID, complaint_id: UUID, task: str, act: Callable[[UnitOfWork], Awaitable[Any]]
) -> None:
    """Let the job of all due rows begin while a person holds the case, who only then touches those rows."""
    ids = await send(shop, task)
    assert ids
    async with shop.app.unit(tenant_id, actor=await director(shop, tenant_id)) as uow:
        await lock_case(uow, complaint_id)
        job = asyncio.create_task(run(shop, tenant_id, task, ids))
        await until_a_backend_waits(shop)
        await act(uow)
    await job


@pytest.fixture(autouse=True)
async def nobody_was_ended(shop: Shop, caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """A job that PostgreSQL ends is tried again, so that only its log and its row tell of it."""
    caplog.set_level(logging.INFO)
    yield
    faults = await shop.sql("SELECT last_error FROM outbox WHERE last_error IS NOT NULL")
    assert [tuple(row) for row in faults] == []
    assert [record.getMessage() for record in caplog.get_records("call") if record.name == "workers.runner"] == []


async def test_a_level_is_changed_while_the_job_of_the_cases_clocks_begins_and_neither_is_ended(
    shop: Shop, clinic_of_one: UUID
) -> None:
    complaint_id = await file_grave(shop, clinic_of_one)
    shop.clock.advance(minutes=11)
    await meet(
        shop,
        clinic_of_one,
        complaint_id,
        CLOCK_TASK,
        lambda uow: judge_level(uow, complaint_id=complaint_id, severity="L2", reason="核查后动物已脱险"),
    )
    levels = await shop.sql("SELECT severity FROM complaint")
    assert [row[0] for row in levels] == ["L2"]
    await shop.run_due()


async def test_a_task_is_done_while_the_job_of_its_due_time_begins_and_neither_is_ended(
    shop: Shop, clinic_of_one: UUID
) -> None:
    complaint_id = await file_grave(shop, clinic_of_one)
    actor = await director(shop, clinic_of_one)
    assert actor.id is not None
    async with shop.app.unit(clinic_of_one, actor=actor) as uow:
        due_at = shop.clock() + timedelta(minutes=5)
        task_id = await add_task(
            uow,
            complaint_id=complaint_id,
            words="致电客户说明进展",
            assignee_id=actor.id,
            due_at=due_at,
            people={actor.id: "管理员"},
        )
    shop.clock.advance(minutes=6)
    await meet(shop, clinic_of_one, complaint_id, TASK_DUE, lambda uow: complete_task(uow, task_id=task_id))
    told = await shop.sql("SELECT count(*) FROM complaint_event WHERE kind = 'task_overdue'")
    assert told[0][0] == 0


async def test_hammering_one_case_with_its_clocks_and_with_people_ends_nobody(shop: Shop, clinic_of_one: UUID) -> None:
    complaint_id = await file_grave(shop, clinic_of_one)
    actor = await director(shop, clinic_of_one)

    async def people() -> None:
        for number in range(ROUNDS):
            async with shop.app.unit(clinic_of_one, actor=actor) as uow:
                level: Severity = "L2" if number % 2 == 0 else "L3"
                await judge_level(uow, complaint_id=complaint_id, severity=level, reason="核查后重新判断等级")

    async def clocks() -> None:
        for _ in range(ROUNDS):
            await run(shop, clinic_of_one, CLOCK_TASK, await send(shop, CLOCK_TASK, again=True))

    await asyncio.gather(people(), clocks(), clocks())
    levels = await shop.sql("SELECT severity FROM complaint")
    assert [row[0] for row in levels] == ["L3"]
