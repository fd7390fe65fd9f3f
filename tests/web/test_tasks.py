"""The page of tasks: whose they are, what is overdue first, done and undone, and only what the reader may open is a link."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.hooks.records.text import both
from core.tasks.actions import open_task
from core.tasks.queries import PAGE
from tests.webapp import Browser
from tests.workplaces import TestTenant
from web.page import LOCALE_COOKIE

Client = Callable[..., Awaitable[Browser]]


async def _open(
    tenant: TestTenant,
    key: str,
    *,
    hours: float = 2,
    role: str = "front_desk",
    page: str = "",
    named: str = "",
    case: UUID | None = None,
) -> UUID:
    async with tenant.unit() as uow:
        who = await add_customer(uow, draft=CustomerDraft(full_name=named), allow_duplicate=True) if named else None
        opened = await open_task(
            uow,
            plugin="petclinic",
            key=key,
            title=both(f"回访 {key}", f"Call back {key}"),
            due_at=uow.now + timedelta(hours=hours),
            role=role,
            customer_id=who,
            page=page,
            complaint_id=case,
        )
    assert opened is not None
    return opened


async def test_my_tasks_are_counted_in_the_menu_and_overdue_ones_stand_first(
    client: Client, tenant_a: TestTenant
) -> None:
    await _open(tenant_a, "A1", hours=3)
    await _open(tenant_a, "A2", hours=-1)
    await _open(tenant_a, "A3", role="doctor")
    desk = await client("front_desk")
    page = (await desk.get(f"/t/{tenant_a.slug}/tasks")).text
    assert page.index("Call back A2") < page.index("Call back A1")
    assert "Overdue" in page
    assert "Call back A3" not in page
    assert 'class="count">2' in page
    everybody = (await desk.get(f"/t/{tenant_a.slug}/tasks?view=open")).text
    assert "Call back A3" in everybody
    desk.cookies.set(LOCALE_COOKIE, "zh_CN")
    assert "回访 A2" in (await desk.get(f"/t/{tenant_a.slug}/tasks")).text


async def test_a_task_is_done_and_taken_back(client: Client, tenant_a: TestTenant) -> None:
    task_id = await _open(tenant_a, "A1")
    desk, root = await client("front_desk"), f"/t/{tenant_a.slug}/tasks"
    answer = await desk.send_form(f"{root}/{task_id}/done", {"back": "open"})
    assert answer.headers["location"] == f"{root}?view=open"
    assert "Call back A1" in (await desk.get(f"{root}?view=done")).text
    again = await desk.send_form(f"{root}/{task_id}/done")
    assert again.status_code == 409
    await desk.send_form(f"{root}/{task_id}/open")
    assert "Call back A1" in (await desk.get(root)).text


async def test_dropping_without_a_reason_shows_the_page_again(client: Client, tenant_a: TestTenant) -> None:
    task_id = await _open(tenant_a, "A1")
    desk, root = await client("front_desk"), f"/t/{tenant_a.slug}/tasks"
    page = await desk.send_form(f"{root}/{task_id}/dropped", {"note": " "})
    assert page.status_code == 422
    assert f'id="note-{task_id}"' in page.text
    await desk.send_form(f"{root}/{task_id}/dropped", {"note": "顾客已自取"})
    assert "顾客已自取" in (await desk.get(f"{root}?view=done")).text


async def test_who_may_not_see_customers_sees_own_tasks_without_a_name(client: Client, tenant_a: TestTenant) -> None:
    mine = await _open(tenant_a, "A1", role="legal_counsel", named="王小明")
    other = await _open(tenant_a, "A2", role="doctor")
    counsel, root = await client("legal_counsel"), f"/t/{tenant_a.slug}/tasks"
    page = (await counsel.get(f"{root}?view=open")).text
    assert "Call back A1" in page
    assert "Call back A2" not in page
    assert "王小明" not in page
    assert (await counsel.send_form(f"{root}/{other}/done")).status_code == 404
    assert (await counsel.send_form(f"{root}/{mine}/done")).status_code == 303
    doctor = await client("doctor")
    third = await _open(tenant_a, "A3")
    assert (await doctor.send_form(f"{root}/{third}/done")).status_code == 403


async def test_a_page_of_a_plugin_that_is_off_is_no_link_but_the_task_stays(
    client: Client, tenant_a: TestTenant
) -> None:
    await _open(tenant_a, "A1", page="orders/1", named="王小明")
    page = (await (await client("front_desk")).get(f"/t/{tenant_a.slug}/tasks")).text
    assert "Call back A1" in page
    assert "/x/petclinic/" not in page


async def test_a_customers_page_shows_what_is_to_be_done_about_them(client: Client, tenant_a: TestTenant) -> None:
    await _open(tenant_a, "A1", named="王小明")
    desk = await client("front_desk")
    page = await desk.get(f"/t/{tenant_a.slug}/tasks")
    link = page.text.partition("/customers/")[2][:36]
    assert "Call back A1" in (await desk.get(f"/t/{tenant_a.slug}/customers/{link}")).text


async def test_a_complaints_page_shows_what_is_to_be_done_about_it(client: Client, tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        filing = Filing(text="包裹迟迟未到", contact_name="王小明", contact_phone="13878106871")
        case = (await file_complaint(uow, filing=filing)).complaint_id
    await _open(tenant_a, "A1", case=case)
    await _open(tenant_a, "A2")
    page = (await (await client("front_desk")).get(f"/t/{tenant_a.slug}/complaints/{case}")).text
    assert "Call back A1" in page
    assert "Call back A2" not in page


@pytest.mark.parametrize("after", ["", "nonsense", "AAAA"])
async def test_more_than_a_page_goes_on_behind_next(after: str, client: Client, tenant_a: TestTenant) -> None:
    for number in range(PAGE + 1):
        await _open(tenant_a, f"B{number:02}", hours=number)
    desk, root = await client("front_desk"), f"/t/{tenant_a.slug}/tasks"
    first = (await desk.get(f"{root}?after={after}")).text
    assert f"Call back B{PAGE:02}" not in first
    rest = first.partition("?view=mine&amp;after=")[2].partition('"')[0]
    assert f"Call back B{PAGE:02}" in (await desk.get(f"{root}?view=mine&after={rest}")).text
