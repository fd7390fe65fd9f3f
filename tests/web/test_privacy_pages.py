"""People's data in the browser: the own page behind its question, requests, copies, and what staff do about them."""

import io
import re
import zipfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import httpx
from sqlalchemy import select

from core.contacts.permission import may_contact
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.outbox.models import Outbox
from core.privacy.actions import ask, create_link
from core.privacy.erasing import ERASE_TASK
from core.privacy.queries import get_request, list_requests
from tests.web.factories_rights import make_receipt
from tests.webapp import Browser
from tests.workplaces import MovableClock, TestTenant

Client = Callable[..., Awaitable[Browser]]


async def _wang(tenant: TestTenant, phones: tuple[str, ...] = ("+8613812346871",)) -> UUID:
    async with tenant.unit() as uow:
        return await add_customer(uow, draft=CustomerDraft(full_name="王小美", phones=phones))


async def _link(tenant: TestTenant, customer_id: UUID) -> str:
    async with tenant.unit() as uow:
        return (await create_link(uow, customer_id=customer_id)).code


def _where(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text[:3000]
    return str(answer.headers["location"])


async def test_staff_hand_the_own_page_out_and_take_it_back(client: Client, tenant_a: TestTenant) -> None:
    one = await _wang(tenant_a)
    desk = await client("front_desk")
    here = f"/t/{tenant_a.slug}/customers/{one}"
    _where(await desk.send_form(f"{here}/own-page", {}))
    page = await desk.get(here)
    code = re.search(r"/m/([A-Za-z0-9]+)", page.text)
    assert code is not None
    stranger = await client()
    assert "last four digits" in (await stranger.get(f"/m/{code[1]}")).text
    _where(await desk.send_form(f"{here}/own-page/revoke", {}))
    assert (await stranger.get(f"/m/{code[1]}")).status_code == 410
    without = await _wang(tenant_a, phones=())
    refused = await desk.send_form(f"/t/{tenant_a.slug}/customers/{without}/own-page", {})
    assert refused.status_code == 409
    assert "Add a phone first" in refused.text


async def test_nothing_personal_is_shown_before_the_question_is_answered(
    client: Client, tenant_a: TestTenant, clock: MovableClock
) -> None:
    one = await _wang(tenant_a)
    code = await _link(tenant_a, one)
    stranger = await client()
    page = await stranger.get(f"/m/{code}")
    assert "王小美" not in page.text
    for path in ("consents", "copy", "requests"):
        refused = await stranger.send_form(f"/m/{code}/{path}", {})
        assert refused.status_code == 403
        assert "王小美" not in refused.text
    for _ in range(4):
        assert (await stranger.send_form(f"/m/{code}/open", {"tail": "0000"})).status_code == 422
        clock.advance(seconds=5)
    locked = await stranger.send_form(f"/m/{code}/open", {"tail": "0000"})
    assert locked.status_code == 410
    clock.advance(seconds=5)
    assert (await stranger.send_form(f"/m/{code}/open", {"tail": "6871"})).status_code == 410


async def _opened(client: Client, code: str) -> Browser:
    visitor = await client()
    assert _where(await visitor.send_form(f"/m/{code}/open", {"tail": "6871"})) == f"/m/{code}"
    return visitor


async def test_the_person_sees_stops_asks_copies_and_closes(
    client: Client, tenant_a: TestTenant, clock: MovableClock
) -> None:
    one = await _wang(tenant_a)
    code = await _link(tenant_a, one)
    visitor = await _opened(client, code)
    page = await visitor.get(f"/m/{code}")
    assert "王小美" in page.text
    assert "13812346871" not in page.text, "phones stay masked on the page"
    _where(await visitor.send_form(f"/m/{code}/consents", {"purpose": "survey", "decision": "withdrawn"}))
    async with tenant_a.unit() as uow:
        assert not await may_contact(uow, one, purpose="survey", channel="phone")
    assert (await visitor.send_form(f"/m/{code}/requests", {"kind": "correction", "text": ""})).status_code == 422
    wrong = await visitor.send_form(f"/m/{code}/requests", {"kind": "erasure", "confirm": "maybe"})
    assert wrong.status_code == 422
    _where(await visitor.send_form(f"/m/{code}/requests", {"kind": "correction", "text": "生日写错了"}))
    _where(await visitor.send_form(f"/m/{code}/requests", {"kind": "erasure", "confirm": "erase"}))
    async with tenant_a.unit() as uow:
        requests = await list_requests(uow, customer_ids=[one])
    assert {request.kind for request in requests} == {"correction", "erasure"}
    page = await visitor.get(f"/m/{code}")
    assert "生日写错了" in page.text
    _where(await visitor.send_form(f"/m/{code}/requests/{requests[0].request_id}/withdraw", {}))
    taken = await visitor.send_form(f"/m/{code}/copy", {})
    archive = zipfile.ZipFile(io.BytesIO(taken.content))
    assert {"data.json", "data.xlsx", "csv/customer.csv"} <= set(archive.namelist())
    assert "王小美" in archive.read("data.json").decode()
    assert taken.headers["cache-control"] == "no-store"
    _where(await visitor.send_form(f"/m/{code}/close", {}))
    assert "last four digits" in (await visitor.get(f"/m/{code}")).text
    clock.advance(seconds=5)
    again = await _opened(client, code)
    clock.advance(minutes=31)
    assert "last four digits" in (await again.get(f"/m/{code}")).text, "half an hour and no more"


async def test_one_persons_answer_opens_nobody_elses_page(client: Client, tenant_a: TestTenant) -> None:
    one, two = await _wang(tenant_a), await _wang(tenant_a, phones=("+8613900001111",))
    mine, theirs = await _link(tenant_a, one), await _link(tenant_a, two)
    visitor = await _opened(client, mine)
    assert "last four digits" in (await visitor.get(f"/m/{theirs}")).text
    async with tenant_a.unit() as uow:
        request_id = await ask(uow, customer_id=two, kind="erasure", source="customer_page")
    assert (await visitor.send_form(f"/m/{mine}/requests/{request_id}/withdraw", {})).status_code == 404


async def test_staff_write_a_request_down_answer_it_and_start_an_erasure(
    client: Client, tenant_a: TestTenant, clock: MovableClock
) -> None:
    one = await _wang(tenant_a)
    director = await client("director")
    root = f"/t/{tenant_a.slug}"
    assert (await (await client("front_desk")).get(f"{root}/privacy")).status_code == 403
    assert "No open requests" in (await director.get(f"{root}/privacy")).text
    assert (await director.send_form(f"{root}/customers/{one}/requests", {"kind": "correction"})).status_code == 422
    here = _where(await director.send_form(f"{root}/customers/{one}/requests", {"kind": "correction", "text": "错"}))
    assert (await director.send_form(f"{here}/end", {"state": "refused"})).status_code == 422
    _where(await director.send_form(f"{here}/end", {"state": "done", "answer": "已更正"}))
    assert "已更正" in (await director.get(here)).text
    here = _where(await director.send_form(f"{root}/customers/{one}/requests", {"kind": "erasure"}))
    assert (await director.send_form(f"{here}/erase", {"confirm": "no"})).status_code == 422
    _where(await director.send_form(f"{here}/erase", {"confirm": "erase"}))
    async with tenant_a.unit() as uow:
        assert (await get_request(uow, UUID(here.rsplit("/", 1)[1]))).state == "running"
        assert list(await uow.session.scalars(select(Outbox.task).where(Outbox.task == ERASE_TASK)))
    assert "being erased" in (await director.get(here)).text
    assert (await director.send_form(f"{here}/erase", {"confirm": "erase"})).status_code == 409
    clock.advance(timedelta(days=16))
    fresh = await client("director")
    assert "overdue" in (await fresh.get(f"{root}/privacy")).text
    taken = await fresh.send_form(f"{root}/customers/{one}/copy", {})
    assert taken.headers["content-type"] == "application/zip"


async def test_a_receipt_is_shown_to_staff_to_the_person_and_on_paper(client: Client, tenant_a: TestTenant) -> None:
    receipt_id = await make_receipt(tenant_a)
    director = await client("director")
    place = f"/t/{tenant_a.slug}/privacy/receipts/{receipt_id}"
    page = await director.get(place)
    assert page.status_code == 200, page.text
    assert "This receipt was changed after it was made" in page.text, "the sample's hash is not its own"
    assert str(receipt_id) in (await director.get(f"/t/{tenant_a.slug}/privacy?show_only=ended")).text
    paper = await director.get(f"{place}/receipt.pdf")
    assert paper.content.startswith(b"%PDF")
