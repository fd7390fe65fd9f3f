"""The desk works a case: contacts, replies, tasks and macros on one page, and nobody's words are lost."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from core.casework.queries import list_replies
from core.complaints.actions.filing import file_complaint
from core.complaints.models import Complaint
from core.complaints.queries.cases import get_complaint
from core.complaints.rules.filing import Filing
from tenants.plugin_settings import enable_plugin
from tests.web.forms import form_fields
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]
KIND = "能理解您的心情，我们马上核实。"


@pytest.fixture
async def case(tenant_a: TestTenant) -> UUID:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    async with tenant_a.unit() as uow:
        filing = Filing(text="结账时未解释费用明细", contact_name="周文博", contact_phone="13878106871")
        return (await file_complaint(uow, filing=filing)).complaint_id


async def test_the_reply_begins_as_a_confirmation_and_stands_on_the_customers_page(
    browser: Callable[[], Browser], client: Client, tenant_a: TestTenant, case: UUID
) -> None:
    desk, path = await client("service_supervisor"), f"/t/{tenant_a.slug}/complaints/{case}"
    page = await desk.get(path)
    assert page.status_code == 200
    assert "30 分钟内与您联系" in page.text
    fields = form_fields(page.text, "send-reply")
    assert (await desk.send_form(f"{path}/replies", fields | {"words": KIND})).status_code == 303
    async with tenant_a.unit() as uow:
        code = (await get_complaint(uow, complaint_id=case)).status_code
    status = await browser().get(f"/s/{code}")
    assert KIND in status.text


async def test_doubtful_words_come_back_with_what_to_say_instead(
    client: Client, tenant_a: TestTenant, case: UUID
) -> None:
    desk, path = await client("service_supervisor"), f"/t/{tenant_a.slug}/complaints/{case}"
    doubted = await desk.send_form(f"{path}/replies", {"words": "这个不能退款，保证治愈"})
    assert doubted.status_code == 409
    assert "<mark>不能</mark>" in doubted.text
    assert "<mark>保证治愈</mark>" in doubted.text
    assert "这个不能退款，保证治愈</textarea>" in doubted.text
    sent = await desk.send_form(f"{path}/replies", {"words": "这个不能退款", "reason": "客户要求直说"})
    assert sent.status_code == 303


async def test_who_is_second_sees_what_changed_and_keeps_the_words(
    client: Client, tenant_a: TestTenant, case: UUID
) -> None:
    first, second = await client("team_leader"), await client("service_supervisor")
    path = f"/t/{tenant_a.slug}/complaints/{case}"
    fields = form_fields((await second.get(path)).text, "send-reply")
    assert (await first.send_form(f"{path}/note", {"text": "先查监控"})).status_code == 303
    moved = await second.send_form(f"{path}/replies", fields | {"words": KIND})
    assert moved.status_code == 409
    assert "先查监控" in moved.text
    assert f"{KIND}</textarea>" in moved.text
    again = form_fields(moved.text, "send-reply")
    assert (await second.send_form(f"{path}/replies", again)).status_code == 303


async def test_a_closed_case_refuses_and_keeps_the_words(client: Client, tenant_a: TestTenant, case: UUID) -> None:
    desk, path = await client("service_supervisor"), f"/t/{tenant_a.slug}/complaints/{case}"
    async with tenant_a.unit() as uow:
        found = await uow.session.get(Complaint, (tenant_a.id, case))
        assert found is not None
        found.state = "archived"
    for form, body in (
        ("replies", {"words": KIND}),
        ("note", {"text": KIND}),
        ("calls", {"words": KIND}),
        (
            "tasks",
            {
                "words": KIND,
                "assignee_id": str(tenant_a.staff["director"].id),
                "due_at": "2099-01-01T10:00",
            },
        ),
    ):
        refused = await desk.send_form(f"{path}/{form}", dict(body))
        assert refused.status_code == 409, form
        assert KIND in refused.text, form


async def test_tasks_stand_in_the_inbox_and_are_done_there(client: Client, tenant_a: TestTenant, case: UUID) -> None:
    desk, path = await client("service_supervisor"), f"/t/{tenant_a.slug}/complaints/{case}"
    doctor = await client("doctor")
    wrong = await desk.send_form(f"{path}/tasks", {"words": "补写病历说明"})
    assert wrong.status_code == 422
    assert 'value="补写病历说明"' in wrong.text
    task = {
        "words": "补写病历说明",
        "assignee_id": str(tenant_a.staff["doctor"].id),
        "due_at": "2099-01-01T10:00",
    }
    assert (await desk.send_form(f"{path}/tasks", dict(task))).status_code == 303
    inbox = await doctor.get(f"/t/{tenant_a.slug}/inbox")
    assert "补写病历说明" in inbox.text
    action = inbox.text.split('/done"')[0].rpartition('action="')[2] + "/done"
    assert (await desk.send_form(action, {"back": "inbox"})).headers["location"].endswith("/inbox")


async def test_a_macro_shows_what_it_does_before_it_is_applied(
    client: Client, tenant_a: TestTenant, case: UUID
) -> None:
    leader, path = await client("team_leader"), f"/t/{tenant_a.slug}/complaints/{case}"
    root = f"/t/{tenant_a.slug}/macros"
    director = await client("director")
    made = {"name": "回访", "words": "{customer}您好，能理解您的心情。", "task": "回访{customer}", "task_hours": "4"}
    assert (await director.send_form(root, dict(made))).status_code == 303
    assert (await director.send_form(root, {"name": "x", "words": "{who}"})).status_code == 422
    listed = (await director.get(root)).text
    macro = listed.split("?edit=")[1].split('"')[0]
    assert "回访" in (await director.get(f"{root}?edit={macro}")).text
    page = await leader.get(f"{path}?macro={macro}")
    assert "回访周文博" in page.text
    fields = form_fields(page.text, "send-reply")
    assert (await leader.send_form(f"{path}/replies", fields)).status_code == 303
    async with tenant_a.unit() as uow:
        assert [one.words for one in await list_replies(uow, case)] == ["周文博您好，能理解您的心情。"]
    assert (await director.send_form(f"{root}/{macro}/remove")).status_code == 303


async def test_the_board_has_a_column_per_stage_and_filters_live_in_the_address(
    client: Client, tenant_a: TestTenant, case: UUID
) -> None:
    desk, root = await client("front_desk"), f"/t/{tenant_a.slug}/complaints"
    board = await desk.get(f"{root}?view=board")
    assert board.text.index('id="column-receive"') < board.text.index(f'id="card-{case}"')
    assert board.text.index(f'id="card-{case}"') < board.text.index('id="column-investigate"')
    assert (await desk.send_form(f"{root}/{case}/calls", {"words": "已致歉"})).status_code == 303
    board = await desk.get(f"{root}?view=board&level=L1")
    assert board.text.index('id="column-resolve"') < board.text.index(f'id="card-{case}"')
    for kept, there in (
        ("stage=resolve", True),
        ("stage=receive", False),
        ("mine=1", False),
        ("overdue=1", False),
        ("role=service_supervisor", True),
        ("role=director", False),
        ("channel=email", False),
        ("branch=none", True),
    ):
        listed = await desk.get(f"{root}?{kept}")
        assert (f"/complaints/{case}" in listed.text) is there, kept


async def test_ticked_cases_are_claimed_together(client: Client, tenant_a: TestTenant, case: UUID) -> None:
    desk, root = await client("front_desk"), f"/t/{tenant_a.slug}/complaints"
    assert (await desk.send_form(f"{root}/claim", {"case": str(case)})).status_code == 303
    async with tenant_a.unit() as uow:
        assert (await get_complaint(uow, complaint_id=case)).assignee_id == tenant_a.staff["front_desk"].id
    assert f"/complaints/{case}" in (await desk.get(f"{root}?mine=1")).text
