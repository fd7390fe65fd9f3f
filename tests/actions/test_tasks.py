"""General tasks: open once per key, ended by who may, moved by a merge, gone with an erasure, seen by their tenant only."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.errors import Forbidden, InvalidInput, NotFound
from core.hooks.records.text import both
from core.merges.merging import merge_customers
from core.merges.undoing import undo_merge
from core.tasks.actions import (
    GeneralTaskEnded,
    TaskOpenAgain,
    close_task,
    drop_tasks_of,
    end_task,
    open_task,
    reopen_task,
)
from core.tasks.models import GeneralTask
from core.tasks.queries import count_my_tasks, get_task, list_open_keys, list_tasks
from core.uow import UnitOfWork
from tests.workplaces import TestTenant


async def opened(uow: UnitOfWork, key: str = "late:1", *, hours: float = 2, **more: Any) -> UUID:
    given: dict[str, Any] = {"role": "front_desk"} | more
    task_id = await open_task(
        uow, plugin="shop", key=key, title=both("催单", "Chase"), due_at=uow.now + timedelta(hours=hours), **given
    )
    assert task_id is not None
    return task_id


async def customer(uow: UnitOfWork, name: str = "王小明") -> UUID:
    return await add_customer(uow, draft=CustomerDraft(full_name=name), allow_duplicate=True)


async def test_the_same_key_again_changes_nothing_while_it_is_open(uow: UnitOfWork) -> None:
    first = await opened(uow)
    again = await open_task(uow, plugin="shop", key="late:1", title="别的", due_at=uow.now, role="doctor")
    assert again is None
    assert (await get_task(uow, first)).role == "front_desk"
    assert await open_task(uow, plugin="other", key="late:1", title="别的", due_at=uow.now, role="doctor") is not None
    assert await close_task(uow, plugin="shop", key="late:1", note=both("已签收", "Arrived"))
    assert not await close_task(uow, plugin="shop", key="late:1")
    assert (await get_task(uow, first)).note == {"zh-CN": "已签收", "en": "Arrived"}
    assert await opened(uow) != first
    assert await list_open_keys(uow, plugin="shop") == {"late:1"}


async def test_what_is_due_first_stands_first_and_pages_follow_each_other(uow: UnitOfWork) -> None:
    for number, hours in enumerate((5, -1, 3, -1, 2)):
        await opened(uow, f"late:{number}", hours=hours)
    seen: list[str] = []
    after = None
    for _ in range(3):
        page = await list_tasks(uow, view="open", after=after, limit=2)
        seen += [line.key for line in page.lines]
        after = page.next
    assert (seen, after) == (["late:1", "late:3", "late:4", "late:2", "late:0"], None)


async def test_what_ended_stands_newest_first(tenant_a: TestTenant, clock: Any) -> None:
    async with tenant_a.unit() as uow:
        ids = [await opened(uow, f"late:{number}") for number in range(3)]
    for one in ids:
        clock.advance(minutes=1)
        async with tenant_a.unit() as uow:
            await end_task(uow, task_id=one, state="done")
    async with tenant_a.unit() as uow:
        first = await list_tasks(uow, view="done", limit=2)
        rest = await list_tasks(uow, view="done", after=first.next, limit=2)
    assert [line.task_id for line in (*first.lines, *rest.lines)] == list(reversed(ids))


async def test_a_task_is_counted_and_shown_to_whom_it_is_for(tenant_a: TestTenant) -> None:
    counsel = tenant_a.staff["legal_counsel"].id
    async with tenant_a.unit() as uow:
        mine = await opened(uow, role="", staff_id=counsel)
        other = await opened(uow, "late:2")
    async with tenant_a.unit("legal_counsel") as uow:
        assert await count_my_tasks(uow) == 1
        for view in ("mine", "open"):
            assert [line.task_id for line in (await list_tasks(uow, view=view)).lines] == [mine]
        with pytest.raises(NotFound):
            await get_task(uow, other)
    async with tenant_a.unit("front_desk") as uow:
        assert await count_my_tasks(uow) == 1
        assert len((await list_tasks(uow, view="open")).lines) == 2


async def test_somebody_elses_task_is_ended_by_who_works_on_customers_only(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        task_id = await opened(uow, role="head_nurse")
    async with tenant_a.unit("doctor") as uow:
        with pytest.raises(Forbidden):
            await end_task(uow, task_id=task_id, state="done")
    async with tenant_a.unit("front_desk") as uow:
        await end_task(uow, task_id=task_id, state="done", note="  已电话告知 ")
        line = await get_task(uow, task_id)
    assert (line.state, line.note["en"], line.ended_by_name) == ("done", "已电话告知", "front_desk")


async def test_dropping_needs_a_reason_and_ending_twice_says_by_whom(uow: UnitOfWork) -> None:
    task_id = await opened(uow)
    with pytest.raises(InvalidInput):
        await end_task(uow, task_id=task_id, state="dropped", note="  ")
    with pytest.raises(InvalidInput):
        await end_task(uow, task_id=task_id, state="dropped", note="长" * 301)
    await end_task(uow, task_id=task_id, state="dropped", note="顾客已自取")
    with pytest.raises(GeneralTaskEnded) as ended:
        await end_task(uow, task_id=task_id, state="done")
    assert ended.value.params["who"] == uow.actor.name


async def test_a_task_is_opened_again_unless_the_plugin_did_so(uow: UnitOfWork) -> None:
    task_id = await opened(uow)
    assert (await reopen_task(uow, task_id=task_id)).state == "open", "it was open"
    await end_task(uow, task_id=task_id, state="done")
    await reopen_task(uow, task_id=task_id)
    assert (await get_task(uow, task_id)).ended_at is None
    await end_task(uow, task_id=task_id, state="done")
    await opened(uow)
    with pytest.raises(TaskOpenAgain):
        await reopen_task(uow, task_id=task_id)


async def test_tasks_follow_a_customer_who_is_merged_and_come_back(uow: UnitOfWork) -> None:
    stays, goes = await customer(uow), await customer(uow, "王小名")
    task_id = await opened(uow, customer_id=goes)
    merge_id = await merge_customers(uow, winner_id=stays, loser_id=goes)
    assert (await get_task(uow, task_id)).customer_id == stays
    await undo_merge(uow, merge_id=merge_id)
    assert (await get_task(uow, task_id)).customer_id == goes


async def test_the_open_tasks_of_a_plugin_that_is_removed_are_dropped_with_the_reason(uow: UnitOfWork) -> None:
    done = await opened(uow)
    await end_task(uow, task_id=done, state="done")
    left = await opened(uow, "late:2")
    assert await drop_tasks_of(uow, plugin="other", note="插件已移除") == 0
    assert await drop_tasks_of(uow, plugin="shop", note="插件已移除") == 1
    assert [(await get_task(uow, one)).state for one in (done, left)] == ["done", "dropped"]


async def test_another_tenant_sees_and_ends_no_task_of_ours(tenant_a: TestTenant, tenant_b: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        task_id = await opened(uow)
    async with tenant_b.unit() as uow:
        assert (await list_tasks(uow, view="open")).lines == ()
        assert await count_my_tasks(uow) == 0
        with pytest.raises(NotFound):
            await end_task(uow, task_id=task_id, state="done")
        assert not await close_task(uow, plugin="shop", key="late:1")
        assert await uow.session.scalar(select(func.count()).select_from(GeneralTask)) == 0
