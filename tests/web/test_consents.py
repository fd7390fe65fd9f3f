"""A consent is signed on the phone, risk by risk, read again by its signer, withdrawn as easily, and seen by staff with its seal."""

import re
from collections.abc import Awaitable, Callable
from html import unescape
from uuid import UUID

import pytest

from core.consents.queries import ConsentFacts, list_consents
from core.customers.actions import add_customer, add_subject
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.forms.actions import create_link
from tenants.plugin_settings import disable_plugin, enable_plugin
from tests.rules.pictures import signature
from tests.webapp import Browser
from tests.workplaces import TestTenant
from web.pdf import render_pdf

Client = Callable[..., Awaitable[Browser]]
FORM = "petclinic.surgery_consent"
RISKS = {f"risk_{name}": "true" for name in ("anaesthesia", "bleeding", "infection", "drugs", "hidden", "death")}
ANSWERS = RISKS | {
    "pet_name": "年糕",
    "species": "cat",
    "operation": "#绝育术 *b*",
    "rescue": "call",
    "emergency_phone": "13800138000",
    "owner_name": "王小明",
    "owner_phone": "13800138000",
    "signer_role": "owner",
    "signer_name": "王小明",
    "signature": signature(),
    "_bool": list(RISKS),
    "_once": "once-1",
}


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


@pytest.fixture
async def code(clinic: TestTenant) -> str:
    async with clinic.unit() as uow:
        owner = await add_customer(uow, draft=CustomerDraft(full_name="王小明", phones=("+8613800138000",)))
        subject = await add_subject(
            uow, customer_id=owner, draft=SubjectDraft(name="年糕", kind="petclinic.pet", species="cat")
        )
        return (await create_link(uow, form_id=FORM, subject_id=subject)).code


async def sign(visitor: Browser, code: str) -> str:
    """Sign, and return the address of the signer's own page."""
    answer = await visitor.post(f"/q/{code}", data=ANSWERS)
    found = re.search(rf'href="(/q/{code}/consents/[^"]+)"', answer.text)
    assert found is not None, answer.text
    return unescape(found[1])


async def the_consent(clinic: TestTenant) -> ConsentFacts:
    async with clinic.unit() as uow:
        (found,) = await list_consents(uow)
        return found


async def test_each_risk_stands_with_its_countermeasure_and_its_own_tick(
    code: str, browser: Callable[[], Browser]
) -> None:
    page = (await browser().get(f"/q/{code}")).text
    assert page.count('<div class="risk"') == len(RISKS)
    assert page.count("What we do") == len(RISKS)
    for name in RISKS:
        assert re.search(rf'name="{name}" value="true" required', page)


async def test_a_risk_that_was_skipped_is_named_and_nothing_is_sealed(
    clinic: TestTenant, code: str, browser: Callable[[], Browser]
) -> None:
    data = {name: value for name, value in ANSWERS.items() if name != "risk_death"}
    answer = await browser().post(f"/q/{code}", data=data)
    assert answer.status_code == 422
    assert 'id="f-risk_death-error"' in answer.text
    async with clinic.unit() as uow:
        assert await list_consents(uow) == []


async def test_a_typed_name_counts_and_stays_when_something_else_is_refused(
    clinic: TestTenant, code: str, browser: Callable[[], Browser]
) -> None:
    typed = ANSWERS | {"signature": "", "signature__typed": "王小明"}
    refused = await browser().post(f"/q/{code}", data=typed | {"operation": ""})
    assert refused.status_code == 422
    assert re.search(r'name="signature__typed"[^>]*value="王小明"', refused.text)
    assert "A typed name counts like a drawn signature" in refused.text
    assert (await browser().post(f"/q/{code}", data=typed)).status_code in {200, 201}
    assert (await the_consent(clinic)).signer == "王小明"


async def test_the_signer_reads_it_again_and_withdraws_it_without_a_reason(
    clinic: TestTenant, code: str, browser: Callable[[], Browser]
) -> None:
    visitor = browser()
    own = await sign(visitor, code)
    page = await visitor.get(own)
    assert page.status_code == 200
    assert (await the_consent(clinic)).seal in page.text
    path, _, sig = own.partition("?sig=")
    paper = await visitor.get(f"{path}/paper.pdf?sig={sig}")
    assert paper.content.startswith(b"%PDF")
    refused = await visitor.post(f"{path}/withdraw", data={"sig": sig})
    assert refused.status_code == 422
    assert (await the_consent(clinic)).counts
    done = await visitor.post(f"{path}/withdraw", data={"sig": sig, "confirm": "true"})
    assert (done.status_code, done.headers["location"]) == (303, own)
    assert "You withdrew this consent" in (await visitor.get(own)).text
    assert not (await the_consent(clinic)).counts
    assert (await visitor.post(f"{path}/withdraw", data={"sig": sig, "confirm": "true"})).status_code == 409


async def test_s23_nobody_opens_or_withdraws_a_consent_without_its_signature(
    clinic: TestTenant, code: str, browser: Callable[[], Browser]
) -> None:
    visitor = browser()
    path, _, sig = (await sign(visitor, code)).partition("?sig=")
    for forged in ("", "0" * 32, sig[:-1] + ("0" if sig[-1] != "0" else "1"), "é"):
        assert (await visitor.get(f"{path}?sig={forged}")).status_code == 404
        assert (await visitor.get(f"{path}/paper.pdf?sig={forged}")).status_code == 404
        answer = await visitor.post(f"{path}/withdraw", data={"sig": forged, "confirm": "true"})
        assert answer.status_code == 404
    nobody = path.replace(path.rpartition("/")[2], str(UUID(int=7)))
    assert (await visitor.get(f"{nobody}?sig={sig}")).status_code == 404
    assert (await the_consent(clinic)).counts


async def test_staff_see_the_seal_the_pdf_and_withdraw_with_a_typed_word(
    clinic: TestTenant, code: str, browser: Callable[[], Browser], client: Client
) -> None:
    await sign(browser(), code)
    consent = await the_consent(clinic)
    desk = await client("front_desk")
    here = f"/t/{clinic.slug}/forms/{consent.submission_id}"
    page = (await desk.get(here)).text
    assert consent.seal in page
    assert "Chain holds" in page
    customer = (await desk.get(f"/t/{clinic.slug}/customers/{consent.customer_id}")).text
    assert here in customer
    assert "Counts" in customer
    paper = await desk.get(f"/t/{clinic.slug}/consents/{consent.seal_id}/paper.pdf")
    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    assert paper.headers["content-disposition"].startswith("attachment")
    withdraw = f"/t/{clinic.slug}/consents/{consent.seal_id}/withdraw"
    assert (await desk.send_form(withdraw, {"confirm": "yes"})).status_code == 422
    done = await desk.send_form(withdraw, {"confirm": "withdraw", "reason": "<b>changed</b>"})
    assert (done.status_code, done.headers["location"]) == (303, here)
    after = (await desk.get(here)).text
    assert "This consent was withdrawn" in after
    assert "<b>changed" not in after
    assert withdraw not in after


async def test_a_changed_record_breaks_the_chain_on_the_page(
    clinic: TestTenant, code: str, browser: Callable[[], Browser], client: Client
) -> None:
    await sign(browser(), code)
    consent = await the_consent(clinic)
    async with clinic.unit() as uow:
        connection = await uow.session.connection()
        await connection.exec_driver_sql('UPDATE submission SET data = data || \'{"rescue": "no"}\'')
    page = (await (await client("doctor")).get(f"/t/{clinic.slug}/forms/{consent.submission_id}")).text
    assert "Chain broken" in page
    assert "something else than what was signed" in page


async def test_the_papers_of_a_plugin_that_is_off_are_not_shown(
    clinic: TestTenant, code: str, browser: Callable[[], Browser], client: Client
) -> None:
    await sign(browser(), code)
    consent = await the_consent(clinic)
    async with clinic.unit() as uow:
        await disable_plugin(uow, plugin_id="petclinic")
    desk = await client("front_desk")
    assert (await desk.get(f"/t/{clinic.slug}/consents/{consent.seal_id}/paper.pdf")).status_code == 404
    assert str(consent.submission_id) not in (await desk.get(f"/t/{clinic.slug}/customers/{consent.customer_id}")).text


def test_data_of_a_pdf_is_never_markup() -> None:
    with pytest.raises(LookupError, match="no PDF template"):
        render_pdf("../../etc/passwd", {})
