"""Customers, pets, purchases and imports in the browser, without script."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from core.customers.actions import add_customer
from core.customers.queries import find_customers, get_customer
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.imports.rules import cells, files, matching, rows
from core.imports.running import run_chunk
from core.imports.undoing import undo_chunk
from core.loyalty.queries import get_membership, list_purchases
from tenants.plugin_settings import enable_plugin
from tests.webapp import Browser
from tests.workplaces import TestTenant
from web.views.imports import PROBLEMS

Client = Callable[..., Awaitable[Browser]]
SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


async def _wang(tenant: TestTenant) -> UUID:
    pet = SubjectDraft(name="豆豆", kind="petclinic.pet", species="dog", breed="柯基")
    draft = CustomerDraft(full_name="王小美", phones=("+8613812346871",), subjects=(pet,))
    async with tenant.unit() as uow:
        return await add_customer(uow, draft=draft)


def _where(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text[:3000]
    return answer.headers["location"]


async def test_the_list_finds_a_customer_by_pet_and_hides_the_phone(client: Client, clinic: TestTenant) -> None:
    await _wang(clinic)
    browser = await client("front_desk")
    page = await browser.get(f"/t/{clinic.slug}/customers", params={"q": "豆豆"})
    assert page.status_code == 200, page.text
    assert "王小美" in page.text
    assert "138****6871" in page.text
    assert "13812346871" not in page.text
    nobody = await browser.get(f"/t/{clinic.slug}/customers", params={"q": "来福"})
    assert "Nobody found" in nobody.text


async def test_pages_of_the_list_follow_by_their_link(client: Client, clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        for number in range(30):
            await add_customer(uow, draft=CustomerDraft(full_name=f"客户{number}"))
    browser = await client("front_desk")
    for query in ("", "?sort=name", "?tier=normal"):
        page = await browser.get(f"/t/{clinic.slug}/customers{query}")
        more = re.search(r'hx-get="([^"]*after=[^"]*)"', page.text)
        assert more is not None, query
        rest = await browser.get(more[1].replace("&amp;", "&"))
        assert len(set(re.findall(r'<tr id="customer-([0-9a-f-]+)"', rest.text))) == 5
        assert not re.search(r'hx-get="[^"]*after=', rest.text)
    assert (await browser.get(f"/t/{clinic.slug}/customers?after=nonsense&tier=nonsense")).status_code == 200


async def test_a_customer_is_added_with_a_pet_and_a_likely_twin_is_shown_first(
    client: Client, clinic: TestTenant
) -> None:
    browser = await client("front_desk")
    root = f"/t/{clinic.slug}/customers"
    assert (await browser.get(f"{root}/new")).status_code == 200
    fields: dict[str, object] = {"full_name": "王小美", "phone": "138-1234-6871", "pet_name": "豆豆", "species": "dog"}
    here = _where(await browser.send_form(root, fields))
    page = await browser.get(here)
    assert "豆豆" in page.text
    twin = await browser.send_form(root, fields | {"full_name": "王晓美"})
    assert twin.status_code == 409
    assert "Perhaps you know this person already" in twin.text
    assert 'value="王晓美"' in twin.text
    _where(await browser.send_form(root, fields | {"full_name": "王晓美", "anyway": "true"}))
    bad = await browser.send_form(root, {"full_name": "", "phone": "见备注", "gender": "x", "branch_id": "y"})
    assert bad.status_code == 422
    assert "This is needed" in bad.text or "Give a phone number" in bad.text
    assert 'value="见备注"' in bad.text


async def test_an_edit_keeps_the_phone_when_empty_and_refuses_a_stale_version(
    client: Client, clinic: TestTenant
) -> None:
    customer_id = await _wang(clinic)
    browser = await client("front_desk")
    here = f"/t/{clinic.slug}/customers/{customer_id}"
    form = await browser.get(f"{here}/edit")
    assert "13812346871" not in form.text
    fields = {"full_name": "王大美", "phone": "", "version": "1", "note": "怕狗"}
    assert _where(await browser.send_form(here, fields)) == here
    async with clinic.unit() as uow:
        record = await get_customer(uow, customer_id)
        assert (record.full_name, record.phone_e164, record.note) == ("王大美", "+8613812346871", "怕狗")
    stale = await browser.send_form(here, fields | {"full_name": "王中美"})
    assert stale.status_code == 409
    assert "王中美" in stale.text


async def test_a_phone_is_revealed_by_a_post_only(client: Client, clinic: TestTenant) -> None:
    customer_id = await _wang(clinic)
    browser = await client("doctor")
    here = f"/t/{clinic.slug}/customers/{customer_id}"
    assert "13812346871" not in (await browser.get(here)).text
    shown = await browser.send_form(f"{here}/reveal")
    assert "13812346871" in shown.text
    part = await browser.send_form(f"{here}/reveal", headers={"hx-request": "true", "hx-request-type": "partial"})
    assert "13812346871" in part.text
    assert "<html" not in part.text


async def test_notes_and_filters_of_the_timeline(client: Client, clinic: TestTenant) -> None:
    customer_id = await _wang(clinic)
    browser = await client("doctor")
    here = f"/t/{clinic.slug}/customers/{customer_id}"
    _where(await browser.send_form(f"{here}/notes", {"body": "打过电话"}))
    assert (await browser.send_form(f"{here}/notes", {"body": " "})).status_code == 422
    assert "打过电话" in (await browser.get(f"{here}?kind=notes")).text
    assert "打过电话" not in (await browser.get(f"{here}?kind=purchases")).text
    part = await browser.get(f"{here}?kind=notes", headers={"hx-request": "true", "hx-request-type": "partial"})
    assert "打过电话" in part.text
    assert "<html" not in part.text


async def test_a_purchase_makes_a_silver_member_and_is_taken_back(client: Client, clinic: TestTenant) -> None:
    customer_id = await _wang(clinic)
    browser = await client("front_desk")
    here = f"/t/{clinic.slug}/customers/{customer_id}"
    page = await browser.get(here)
    assert "¥500.00 to Silver member" in page.text
    assert (await browser.get(f"{here}/purchases/new")).status_code == 200
    fields = {"amount": "五百", "description": "疫苗", "key": "k1"}
    assert _where(await browser.send_form(f"{here}/purchases", fields)) == here
    page = await browser.get(here)
    assert "Silver member" in page.text
    assert "¥500.00 was recorded" in page.text
    again = await browser.send_form(f"{here}/purchases", fields)
    assert again.status_code == 303
    discounted = {"amount": "100", "key": "k2", "with_discount": "true", "occurred_at": "2026-11-20T10:00"}
    _where(await browser.send_form(f"{here}/purchases", discounted))
    async with clinic.unit() as uow:
        assert (await get_membership(uow, customer_id)).spent_fen == 590_00
        bills = await list_purchases(uow, customer_id)
    assert [bill.paid_fen for bill in bills] == [500_00, 90_00]
    for _ in range(2):
        assert _where(await browser.send_form(f"{here}/purchases/{bills[0].purchase_id}/refund")) == here
    async with clinic.unit() as uow:
        card = await get_membership(uow, customer_id)
        assert card.tier is not None
        assert (card.tier.code, card.spent_fen) == ("silver", 90_00)
    page = await browser.get(here)
    assert page.text.count("Take back") == 1


async def test_a_mistyped_purchase_is_undone_with_its_tier(client: Client, clinic: TestTenant) -> None:
    customer_id = await _wang(clinic)
    browser = await client("front_desk")
    here = f"/t/{clinic.slug}/customers/{customer_id}"
    _where(await browser.send_form(f"{here}/purchases", {"amount": "12000", "key": "k1"}))
    undo = re.search(r'action="([^"]*/undo)"', (await browser.get(here)).text)
    assert undo is not None
    _where(await browser.send_form(undo[1]))
    async with clinic.unit() as uow:
        card = await get_membership(uow, customer_id)
        assert card.tier is not None
        assert (card.tier.code, card.spent_fen) == ("normal", 0)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("", "This is needed"),
        ("很多", "is no amount"),
        ("-50", "is below zero"),
        ("1.234", "more than two decimals"),
        ("0", "above zero"),
    ],
)
async def test_a_bad_amount_is_told_and_kept(client: Client, clinic: TestTenant, amount: str, words: str) -> None:
    customer_id = await _wang(clinic)
    browser = await client("front_desk")
    path = f"/t/{clinic.slug}/customers/{customer_id}/purchases"
    answer = await browser.send_form(path, {"amount": amount, "key": "k", "description": "疫苗", "branch_id": ""})
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="疫苗"' in answer.text
    future = await browser.send_form(path, {"amount": "5", "key": "k", "occurred_at": "2027-01-01T10:00"})
    assert "This day has not come yet" in future.text
    reused = await browser.send_form(path, {"amount": "5", "key": "same"})
    assert reused.status_code == 303
    assert (await browser.send_form(path, {"amount": "6", "key": "same"})).status_code == 409


async def test_a_pet_is_added_with_the_plugins_own_fields(client: Client, clinic: TestTenant) -> None:
    customer_id = await _wang(clinic)
    browser = await client("front_desk")
    here = f"/t/{clinic.slug}/customers/{customer_id}"
    assert "Allergies" in (await browser.get(f"{here}/subjects/new")).text
    fields: dict[str, object] = {
        "kind": "petclinic.pet",
        "name": "来福",
        "species": "cat",
        "neutered": "yes",
        "x_allergies": "阿莫西林",
    }
    _where(await browser.send_form(f"{here}/subjects", fields))
    assert "阿莫西林" in (await browser.get(here)).text
    async with clinic.unit() as uow:
        pet = (await get_customer(uow, customer_id)).subjects[-1]
        stranger = await add_customer(uow, draft=CustomerDraft(full_name="别人"))
    path = f"{here}/subjects/{pet.subject_id}"
    assert "来福" in (await browser.get(path)).text
    _where(await browser.send_form(path, fields | {"deceased_on": "2026-11-01"}))
    assert "Deceased" in (await browser.get(here)).text
    for wrong in ({"birthday": "昨天"}, {"species": "dragon"}, {"neutered": "x"}, {"salary": "1"}, {"name": ""}):
        assert (await browser.send_form(path, fields | wrong)).status_code == 422
    nested = f"/t/{clinic.slug}/customers/{stranger}/subjects/{pet.subject_id}"
    assert (await browser.get(nested)).status_code == 404
    assert (await browser.send_form(nested, fields)).status_code == 404


async def test_the_export_calculates_nothing_and_is_for_leads_only(client: Client, clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        await add_customer(uow, draft=CustomerDraft(full_name="=1+1", phones=("+8613812346871",)))
    lead, desk = await client("director"), await client("front_desk")
    path = f"/t/{clinic.slug}/customers/export"
    assert (await desk.send_form(path, {"format": "csv"})).status_code == 403
    answer = await lead.send_form(path, {"format": "csv", "tier": "normal"})
    assert answer.content.startswith("\ufeff".encode())
    assert "'=1+1" in answer.text
    book = await lead.send_form(path, {"format": "xlsx"})
    layout = files.sniff(book.content)
    assert [cells[2] for _, cells in files.read_rows(book.content, layout)][1] == "=1+1"
    assert not files.formula_cells(book.content, layout.sheet)


async def _upload(browser: Browser, slug: str, content: bytes, name: str = "会员.csv") -> httpx.Response:
    return await browser.send_form(f"/t/{slug}/imports", files={"file": (name, content, "text/csv")})


async def test_an_import_from_upload_to_undo(client: Client, clinic: TestTenant) -> None:
    browser = await client("service_supervisor")
    root = f"/t/{clinic.slug}/imports"
    assert "Nothing imported yet" in (await browser.get(root)).text
    here = _where(await _upload(browser, clinic.slug, (SAMPLES / "members_gb18030.csv").read_bytes()))
    mapping = await browser.get(here)
    assert "累计消费" in mapping.text
    selected = re.findall(r'name="column_(\d+)".*?<option value="(\w+)" selected', mapping.text, re.DOTALL)
    assert len(selected) == 12
    fields: dict[str, object] = {f"column_{n}": target for n, target in selected}
    twice = await browser.send_form(f"{here}/mapping", fields | {"column_0": "name"})
    assert twice.status_code == 422
    assert "Two columns go to the same place" in twice.text
    choices = {"existing": "update", "take_second_phone": "true"}
    assert _where(await browser.send_form(f"{here}/mapping", fields | choices)) == here
    page = await browser.get(here)
    assert "Nothing has been written yet" in page.text
    assert "“恐龙” is no kind that we know" in page.text
    assert (await browser.get(f"{here}?step=columns")).status_code == 200
    assert (await browser.get(f"{here}?outcome=all&after=5")).status_code == 200
    errors = await browser.get(f"{here}/errors.csv")
    assert errors.text.splitlines()[0].endswith("Error")
    assert "'=HYPERLINK" in errors.text
    assert "Kind of pet: “恐龙” is no kind that we know" in errors.text
    assert _where(await browser.send_form(f"{here}/start")) == here
    assert "Importing" in (await browser.get(here)).text
    bar = await browser.get(f"{here}/progress", headers={"hx-request": "true", "hx-request-type": "partial"})
    assert "<progress" in bar.text
    assert "<html" not in bar.text
    batch_id = UUID(here.rpartition("/")[2])
    more = True
    while more:
        async with clinic.unit() as uow:
            more = await run_chunk(uow, batch_id=batch_id)
    part = await browser.get(f"{here}/progress", headers={"hx-request": "true", "hx-request-type": "partial"})
    assert (part.status_code, part.headers["hx-redirect"]) == (204, here)
    assert "The import is done" in (await browser.get(here)).text
    assert (await browser.get(f"{here}/progress")).status_code == 200
    page = await browser.get(f"{here}?outcome=new")
    assert "蒋婷婷" in page.text
    assert (await browser.send_form(f"{here}/start")).status_code == 409
    assert _where(await browser.send_form(f"{here}/undo")) == here
    assert _where(await browser.send_form(f"{here}/resume")) == here
    more = True
    while more:
        async with clinic.unit() as uow:
            more = await undo_chunk(uow, batch_id=batch_id)
    assert "The import was undone" in (await browser.get(here)).text
    async with clinic.unit() as uow:
        assert await find_customers(uow, "蒋婷婷") == []
    assert "会员.csv" in (await browser.get(root)).text


async def test_a_corrected_error_file_goes_in(client: Client, clinic: TestTenant) -> None:
    browser = await client("director")
    content = "姓名,手机,备注\n王小美,见备注,=1+1\n李雷,13812340000,ok\n".encode()
    here = _where(await _upload(browser, clinic.slug, content))
    fields: dict[str, object] = {"column_0": "name", "column_1": "phone", "column_2": "note"}
    await browser.send_form(f"{here}/mapping", fields)
    corrected = (await browser.get(f"{here}/errors.csv")).content.replace("见备注".encode(), b"13812346871")
    later = _where(await _upload(browser, clinic.slug, corrected))
    await browser.send_form(f"{later}/mapping", fields)
    page = await browser.get(later)
    assert "1 row would write something" in page.text


async def test_a_file_that_is_no_list_is_told_what_to_do(client: Client, clinic: TestTenant) -> None:
    browser = await client("director")
    for content, words in ((b"", "The file is empty"), (b"%PDF-1.7 x", "export the list again")):
        answer = await _upload(browser, clinic.slug, content)
        assert answer.status_code == 422
        assert words in answer.text
    assert (await browser.send_form(f"/t/{clinic.slug}/imports")).status_code == 422


async def test_another_layout_is_read_and_a_wrong_one_told(client: Client, clinic: TestTenant) -> None:
    browser = await client("director")
    here = _where(await _upload(browser, clinic.slug, "姓名,手机\n王小美,13812346871\n".encode("gb18030")))
    wrong = await browser.send_form(f"{here}/layout", {"encoding": "utf-8"})
    assert wrong.status_code == 422
    assert "cannot be read as utf-8" in wrong.text
    assert _where(await browser.send_form(f"{here}/layout", {"encoding": "gb18030", "header_row": "1"})) == here
    assert _where(await browser.send_form(f"{here}/discard")).endswith("/imports")
    assert (await browser.get(here)).status_code == 404


def test_every_reason_of_a_refused_row_has_words() -> None:
    sources = "".join(Path(str(module.__file__)).read_text() for module in (cells, matching, rows))
    codes = set(re.findall(r'CellProblem\("([a-z-]+)"', sources))
    codes |= set(re.findall(r'(?:refuse|warn)\([^"\n]*"?[\w]*"?,? ?"([a-z]+(?:-[a-z]+)+)"', sources))
    codes |= set(re.findall(r'Problem\("\w*", "([a-z-]+)"', sources))
    assert len(codes) >= 30
    assert codes <= set(PROBLEMS), codes - set(PROBLEMS)
