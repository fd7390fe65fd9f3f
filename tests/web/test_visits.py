"""Visits, prices and bills in the browser, without script; the customer's page behind its code."""

import re
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx
import pytest

from core.complaints.actions.filing import give_filing_code
from core.db import new_id
from core.loyalty.queries import count_ledger_fen
from core.visits.actions.bills import LineDraft, add_lines
from core.visits.actions.visits import give_link, plan_procedure, revoke_links
from core.visits.queries.bills import find_bill
from core.visits.queries.visits import get_visit
from tenants.plugin_settings import enable_plugin
from tests.actions.test_visits import sign
from tests.visits import estimate, final_bill, make_visit
from tests.web.forms import form_fields
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]
TABLE = "编码\t名称\t类别\t单价\t会员价\nS09\t拔牙\t手术费\t300\t270\nC09\t复诊\t诊疗费\t50\t\n"


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


@pytest.fixture
async def visit_id(clinic: TestTenant) -> UUID:
    return await make_visit(clinic)


def _where(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text[:3000]
    return str(answer.headers["location"]).partition("#")[0]


async def _code(tenant: TestTenant, visit_id: UUID) -> str:
    async with tenant.unit() as uow:
        return (await give_link(uow, visit_id=visit_id)).code


async def test_a_visit_starts_from_the_customers_page(client: Client, clinic: TestTenant, visit_id: UUID) -> None:
    async with clinic.unit() as uow:
        visit = await get_visit(uow, visit_id)
    desk = await client("front_desk")
    page = await desk.get(f"/t/{clinic.slug}/customers/{visit.customer_id}")
    assert "Start a visit" in page.text
    assert "Visit V-0001 began" in page.text
    fields = form_fields(page.text, "start-visit-form")
    path = f"/t/{clinic.slug}/customers/{visit.customer_id}/visits"
    sent = fields | {"subject_id": [str(visit.subject_id)], "reason": ["复诊"]}
    here = _where(await desk.send_form(path, {name: value[0] for name, value in sent.items()}))
    again = _where(await desk.send_form(path, {name: value[0] for name, value in sent.items()}))
    assert here == again, "a double click starts one visit"
    assert "复诊" in (await desk.get(here)).text
    listed = await desk.get(f"/t/{clinic.slug}/visits")
    assert "V-0002" in listed.text
    assert "V-0002" not in (await desk.get(f"/t/{clinic.slug}/visits?day=2020-01-01&state=open")).text
    for bad in ({"clinician_id": str(new_id())}, {"subject_id": "x"}):
        assert (await desk.send_form(path, bad)).status_code == 422


async def test_the_gate_says_what_to_do_and_opens_with_the_paper(
    client: Client, clinic: TestTenant, visit_id: UUID
) -> None:
    doctor = await client("doctor")
    here = f"/t/{clinic.slug}/visits/{visit_id}"
    bad = await doctor.send_form(f"{here}/procedures", {"item": "洗澡"})
    assert bad.status_code == 422
    assert "洗澡" in bad.text
    _where(await doctor.send_form(f"{here}/procedures", {"item": "S01 绝育手术"}))
    page = await doctor.get(here)
    step = re.search(rf"{here}/procedures/[0-9a-f-]{{36}}", page.text)
    assert step
    refused = await doctor.send_form(f"{step[0]}/start")
    assert refused.status_code == 409
    assert "Consent to surgery and anaesthesia" in refused.text
    assert "Hand over the consent form" in refused.text
    handed = await doctor.send_form(f"{step[0]}/paper", {"form_id": "petclinic.surgery_consent"})
    assert "/q/" in handed.text
    assert (await doctor.send_form(f"{step[0]}/paper", {"form_id": "petclinic.intake"})).status_code == 404
    async with clinic.unit() as uow:
        await sign(uow, visit_id)
    _where(await doctor.send_form(f"{step[0]}/start"))
    assert "Going on" in (await doctor.get(here)).text
    assert (await doctor.send_form(f"{here}/discharge")).status_code == 409
    _where(await doctor.send_form(f"{step[0]}/done"))
    _where(await doctor.send_form(f"{here}/discharge"))


async def test_an_estimate_is_composed_and_accepted_on_the_phone(
    client: Client, browser: Callable[[], Browser], clinic: TestTenant, visit_id: UUID
) -> None:
    desk, phone = await client("front_desk"), browser()
    here = f"/t/{clinic.slug}/visits/{visit_id}"
    assert (await desk.get(f"{here}/estimates/new")).status_code == 200
    rows: dict[str, object] = {"item": ["C01", "神秘费", ""], "quantity": ["2", "x", ""], "discount": ["", "", ""]}
    bad = await desk.send_form(f"{here}/estimates", rows)
    assert bad.status_code == 422
    assert 'value="神秘费"' in bad.text
    good: dict[str, object] = {"item": ["C01 门诊诊疗费", "S01"], "quantity": ["1", ""], "discount": ["", "100"]}
    assert _where(await desk.send_form(f"{here}/estimates", good)) == here
    assert "Waiting for the customer" in (await desk.get(here)).text
    code = await _code(clinic, visit_id)
    page = await phone.get(f"/b/{code}")
    assert page.status_code == 200
    assert "¥1,000.00" in page.text
    assert "set-cookie" not in page.headers
    fields = {name: value[0] for name, value in form_fields(page.text, "answer").items()}
    unsigned = await phone.post(f"/b/{code}/estimate", data=fields | {"answer": "accepted"})
    assert unsigned.status_code == 422
    signed = fields | {"answer": "accepted", "signature__typed": "王小美"}
    assert (await phone.post(f"/b/{code}/estimate", data=fields | {"answer": "perhaps"})).status_code == 422
    assert (await phone.post(f"/b/{code}/estimate", data=signed)).status_code == 303
    assert (await phone.post(f"/b/{code}/estimate", data=signed)).status_code == 409
    assert (await phone.post(f"/b/{code}/estimate", data=signed | {"estimate_id": "x"})).status_code == 404
    after = await desk.get(here)
    assert "Accepted" in after.text
    assert "on their phone" in after.text


async def test_over_the_estimate_the_bill_waits_and_only_the_director_may_let_it_pass(
    client: Client, clinic: TestTenant, visit_id: UUID
) -> None:
    async with clinic.unit() as uow:
        await estimate(uow, visit_id, "C01")
    desk, director = await client("front_desk"), await client("director")
    here = f"/t/{clinic.slug}/visits/{visit_id}"
    _where(await desk.send_form(f"{here}/bill"))
    part = await desk.send_form(
        f"{here}/bill/lines", {"item": "E01"}, headers={"hx-request": "true", "hx-request-type": "partial"}
    )
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "180.0% of the estimate" in part.text
    assert "The bill has reached 130 % of the estimate" in part.text
    for wrong in ({"item": ""}, {"item": "C01", "quantity": "0"}, {"item": "C01", "discount": "x"}):
        assert (await desk.send_form(f"{here}/bill/lines", wrong)).status_code == 422
    assert (await desk.send_form(f"{here}/bill/finalise")).status_code == 409
    assert "Emergency" not in (await desk.get(here)).text
    assert (await desk.send_form(f"{here}/bill/finalise", {"override_reason": "急救"})).status_code == 403
    assert "Emergency" in (await director.get(here)).text
    _where(await director.send_form(f"{here}/bill/finalise", {"override_reason": "急救"}))
    assert "Became final over the estimate" in (await director.get(here)).text


async def test_checkout_asks_for_the_tick_and_settles_once(
    client: Client, browser: Callable[[], Browser], clinic: TestTenant, visit_id: UUID
) -> None:
    async with clinic.unit() as uow:
        await final_bill(uow, visit_id, "S01")
        await give_filing_code(uow, branch_id=clinic.signed_up.branch_id)
    desk = await client("front_desk")
    here = f"/t/{clinic.slug}/visits/{visit_id}"
    fields: dict[str, object] = dict(form_fields((await desk.get(here)).text, "checkout"))
    fields |= {"amount": ["1000", ""]}
    asked = await desk.send_form(f"{here}/bill/payments", fields)
    assert asked.status_code == 422
    assert "Explain the lines to the customer first" in asked.text
    assert (await desk.send_form(f"{here}/bill/payments", fields | {"amount": ["万", ""]})).status_code == 422
    paid = fields | {"explained": "true"}
    _where(await desk.send_form(f"{here}/bill/payments", paid))
    _where(await desk.send_form(f"{here}/bill/payments", paid))
    page = await desk.get(here)
    assert "Explained line by line" in page.text
    async with clinic.unit() as uow:
        whose = (await get_visit(uow, visit_id)).customer_id
        assert await count_ledger_fen(uow, whose) == 1000_00
    code = await _code(clinic, visit_id)
    shown = await browser().get(f"/b/{code}")
    for words in (
        "Bill B-0001",
        "Surgery fees",
        "绝育手术",
        "Silver member",
        "I have a question about this bill",
        "/c/",
    ):
        assert words in shown.text, words
    pdf = await browser().get(f"/b/{code}/bill.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")


async def test_money_goes_back_by_line_and_a_bill_is_voided(client: Client, clinic: TestTenant, visit_id: UUID) -> None:
    async with clinic.unit() as uow:
        await final_bill(uow, visit_id, "C01", "E01")
    desk = await client("front_desk")
    here = f"/t/{clinic.slug}/visits/{visit_id}"
    fields: dict[str, object] = dict(form_fields((await desk.get(here)).text, "checkout"))
    _where(await desk.send_form(f"{here}/bill/payments", fields | {"explained": "true"}))
    form: dict[str, object] = dict(form_fields((await desk.get(here)).text, "refund"))
    assert (
        await desk.send_form(f"{here}/bill/refund", form | {"amount": ["999", ""], "reason": "x"})
    ).status_code == 422
    assert (await desk.send_form(f"{here}/bill/refund", {"line": ["x"], "amount": ["1"]})).status_code == 422
    _where(
        await desk.send_form(f"{here}/bill/refund", form | {"amount": ["30.5", ""], "reason": "未做", "method": "cash"})
    )
    page = await desk.get(here)
    assert "CN-0001" in page.text
    assert "¥30.50 given back" in page.text
    void: dict[str, object] = dict(form_fields(page.text, "void"))
    assert (await desk.send_form(f"{here}/bill/void", void)).status_code == 422
    _where(await desk.send_form(f"{here}/bill/void", void | {"reason": "录错"}))
    assert "Bill B-0001 is void" in (await desk.get(here)).text


async def test_lines_come_off_and_the_discount_is_a_choice(client: Client, clinic: TestTenant, visit_id: UUID) -> None:
    async with clinic.unit() as uow:
        bill = await add_lines(uow, visit_id=visit_id, lines=[LineDraft(item="C01"), LineDraft(item="E01")])
    desk = await client("front_desk")
    here = f"/t/{clinic.slug}/visits/{visit_id}"
    _where(await desk.send_form(f"{here}/bill/lines/{bill.lines[0].line_id}/remove"))
    _where(await desk.send_form(f"{here}/bill/discount", {"with_discount": ""}))
    async with clinic.unit() as uow:
        after = await find_bill(uow, visit_id)
        assert after is not None
        assert (len(after.lines), after.with_discount) == (1, False)
    assert (await desk.send_form(f"{here}/cancel", {"note": ""})).status_code == 422
    assert (await desk.send_form(f"{here}/cancel", {"note": "走了"})).status_code == 409


async def test_the_customers_page_is_gone_when_it_was_taken_back(
    client: Client, browser: Callable[[], Browser], clinic: TestTenant, visit_id: UUID
) -> None:
    desk = await client("front_desk")
    here = f"/t/{clinic.slug}/visits/{visit_id}"
    _where(await desk.send_form(f"{here}/link"))
    code = await _code(clinic, visit_id)
    phone = browser()
    assert "Nothing to see yet" in (await phone.get(f"/b/{code}")).text
    assert (await phone.get(f"/b/{code}/bill.pdf")).status_code == 404
    _where(await desk.send_form(f"{here}/link/revoke"))
    assert (await phone.get(f"/b/{code}")).status_code == 410
    for wrong in (f"{code[:6]}{'z' * 20}", "zzzzzz"):
        assert (await phone.get(f"/b/{wrong}")).status_code == 404
        assert (await phone.get(f"/p/{wrong}")).status_code == 404
    async with clinic.unit() as uow:
        await revoke_links(uow, visit_id=visit_id)


async def test_the_price_list_is_drafted_compared_published_and_read_by_anybody(
    client: Client, browser: Callable[[], Browser], clinic: TestTenant, visit_id: UUID
) -> None:
    director, root = await client("director"), f"/t/{clinic.slug}/prices"
    assert (await (await client("front_desk")).get(root)).status_code == 403
    draft = _where(await director.send_form(f"{root}/draft"))
    item = {
        "code": "c01",
        "name_zh": "门诊",
        "category": "consultation",
        "unit": "次",
        "price": "120",
        "active": "true",
    }
    assert (await director.send_form(f"{draft}/items", item | {"price": "x"})).status_code == 422
    _where(await director.send_form(f"{draft}/items", item))
    bad = await director.send_form(f"{draft}/paste", {"text": TABLE + "X\t坏\t洗澡\t1\t\n"})
    assert bad.status_code == 422
    assert "Line 4" in bad.text
    _where(await director.send_form(f"{draft}/paste", {"text": TABLE}))
    _where(await director.send_form(f"{draft}/items/remove", {"code": "D02"}))
    changes = (await director.get(f"{draft}?edit=C01")).text
    assert "What this draft changes" in changes
    assert "<del>¥100.00</del>" in changes
    assert "Gone" in changes
    assert (await director.send_form(f"{draft}/publish", {"effective_from": "2020-01-01T00:00"})).status_code == 422
    _where(await director.send_form(f"{draft}/publish", {"note": "新价"}))
    page = await director.get(root)
    code = re.search(r"/p/([a-z0-9]+)", page.text)
    assert code
    listed = await browser().get(f"/p/{code[1]}")
    for words in ("Consultation fees", "Examination fees", "Drug fees", "Surgery fees", "¥120.00", "members ¥270.00"):
        assert words in listed.text, words
    found = await browser().get(f"/p/{code[1]}", params={"q": "拔牙"})
    assert "Consultation fees" not in found.text
    old = re.search(rf"{root}/[0-9a-f-]{{36}}", page.text.partition("Edition 1")[0][-400:])
    assert old
    _where(await director.send_form(f"{old[0]}/again", {"note": "改回"}))
    assert "¥100.00" in (await browser().get(f"/p/{code[1]}")).text
    later = _where(await director.send_form(f"{root}/draft"))
    _where(await director.send_form(f"{later}/withdraw"))
    _where(await director.send_form(f"{root}/poster"))


async def test_a_spreadsheet_file_comes_into_the_draft(client: Client, clinic: TestTenant) -> None:
    director = await client("director")
    draft = _where(await director.send_form(f"/t/{clinic.slug}/prices/draft"))
    files = {"file": ("价目.csv", TABLE.replace("\t", ",").encode("gb18030"), "text/csv")}
    _where(await director.send_form(f"{draft}/paste", {"text": ""}, files=files))
    assert "拔牙" in (await director.get(draft)).text
    broken = {"file": ("价目.xlsx", b"PK\x03\x04broken", "application/octet-stream")}
    assert (await director.send_form(f"{draft}/paste", {"text": ""}, files=broken)).status_code == 422


async def test_a_role_that_may_only_read_sees_no_buttons(client: Client, clinic: TestTenant, visit_id: UUID) -> None:
    async with clinic.unit() as uow:
        await plan_procedure(uow, visit_id=visit_id, item="C01")
    lawyer = await client("legal_counsel")
    assert (await lawyer.get(f"/t/{clinic.slug}/visits/{visit_id}")).status_code == 403
