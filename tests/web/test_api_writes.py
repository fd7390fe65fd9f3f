"""The API's further writes and reads: pets, contacts, consents, visits, complaints told more, remedies proposed, feeds that rest."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from litestar import Litestar

from core.complaints.actions.filing import file_complaint
from core.complaints.queries.cases import get_complaint
from core.complaints.rules.filing import Filing
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.surveys.actions import CampaignPlan, plan_campaign
from core.surveys.queries import list_survey_forms
from tenants.plugin_settings import enable_plugin
from tenants.survey_segments import SEGMENTS
from tests.web.api_client import Programme, new_token, programme
from tests.web.factories import FACTORIES
from tests.web.walk import fingerprint
from tests.workplaces import MovableClock, TestTenant

PET = {"name": "年糕", "kind": "petclinic.pet", "species": "cat"}
FILING = Filing(text="等了两个小时", contact_name="周文博", contact_phone="13878106871")


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit("tenant_admin") as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


@pytest.fixture
async def till(app: Litestar, clinic: TestTenant) -> Programme:
    return programme(app, await new_token(clinic))


@pytest.fixture
async def person(clinic: TestTenant) -> str:
    async with clinic.unit() as uow:
        return str(await add_customer(uow, draft=CustomerDraft(full_name="王小明")))


@pytest.fixture
async def case(clinic: TestTenant) -> str:
    async with clinic.unit("front_desk") as uow:
        return str((await file_complaint(uow, filing=FILING)).complaint_id)


async def sent(till: Programme, path: str, body: dict[str, Any] | None = None) -> Any:
    answer = await till.post(path, json=body or {})
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


async def test_a_pet_is_written_down_and_changed_under_its_own_customer_only(
    till: Programme, person: str, clinic: TestTenant
) -> None:
    pet = (await sent(till, f"/customers/{person}/subjects", PET))["id"]
    await sent(till, f"/customers/{person}/subjects/{pet}", PET | {"name": "汤圆", "neutered": True})
    (read,) = (await till.get(f"/customers/{person}")).json()["subjects"]
    assert (read["name"], read["neutered"], read["species"]) == ("汤圆", True, "cat")
    async with clinic.unit() as uow:
        other = await add_customer(uow, draft=CustomerDraft(full_name="李晓梅"))
    assert (await till.post(f"/customers/{other}/subjects/{pet}", json=PET)).status_code == 404
    assert (await till.post(f"/customers/{uuid4()}/subjects", json=PET)).status_code == 404
    refused = await till.post(f"/customers/{person}/subjects", json=PET | {"kind": "nobody.knows"})
    assert refused.status_code == 422


async def test_contacts_and_consents_are_added_and_taken_back(till: Programme, person: str) -> None:
    root = f"/customers/{person}"
    mail = {"kind": "email", "value": "wang@example.com"}
    contact = (await sent(till, f"{root}/contacts", mail))["id"]
    yes = {"purpose": "marketing", "decision": "granted", "text_shown": "同意接收促销短信"}
    await sent(till, f"{root}/consents", yes)
    await sent(till, f"{root}/consents", yes | {"decision": "withdrawn"})
    told = (await till.get(f"{root}/contacts")).json()
    assert [one["value"] for one in told["contacts"]] == ["wang@example.com"]
    assert {one["decision"] for one in told["consents"]} == {"granted", "withdrawn"}
    await sent(till, f"{root}/contacts/{contact}/remove")
    assert (await till.post(f"{root}/contacts/{contact}/remove", json={})).status_code == 404
    for bad in ({**yes, "text_shown": " "}, {**yes, "purpose": "spam"}, {"purpose": "survey"}):
        assert (await till.post(f"{root}/consents", json=bad)).status_code == 422


async def test_a_visit_begins_once_and_ends(till: Programme, person: str) -> None:
    pet = (await sent(till, f"/customers/{person}/subjects", PET))["id"]
    body, key = {"customer_id": person, "subject_id": pet, "reason": "复诊"}, {"idempotency-key": "v1"}
    first = (await till.post("/visits", json=body, headers=key)).json()
    again = (await till.post("/visits", json=body, headers=key)).json()
    assert first["visit_id"] == again["visit_id"]
    assert first["state"] == "open"
    here = f"/visits/{first['visit_id']}"
    assert (await till.post(f"{here}/end", json={"how": "cancelled"})).status_code == 422
    assert (await sent(till, f"{here}/end", {"how": "discharged"}))["state"] == "discharged"
    assert (await till.post(f"{here}/end", json={"how": "discharged"})).status_code == 409
    assert (await till.post("/visits", json={"customer_id": person, "subject_id": str(uuid4())})).status_code == 404


async def test_a_customers_words_reach_the_case_and_its_history_is_read(
    till: Programme, case: str, clinic: TestTenant
) -> None:
    await sent(till, f"/complaints/{case}/information", {"text": "收据已找到"})
    told = (await till.get(f"/complaints/{case}/events")).json()
    assert told["state"] == "open"
    assert next(one["kind"] for one in told["events"]) == "filed"
    added = next(one for one in told["events"] if one["kind"] == "customer_added")
    assert added["data"]["text"] == "收据已找到"
    assert (await till.post(f"/complaints/{case}/information", json={"text": " "})).status_code == 422
    assert (await till.post(f"/complaints/{uuid4()}/information", json={"text": "x"})).status_code == 404
    async with clinic.unit() as uow:
        assert (await get_complaint(uow, complaint_id=UUID(case))).state == "open"


async def test_a_remedy_that_a_key_proposes_waits_for_a_person(till: Programme, case: str) -> None:
    body = {"key": "r1", "kind": "gift", "label": "零食", "cost_fen": 50_00}
    made = await till.post(f"/complaints/{case}/remedies", json=body)
    assert (made.status_code, made.json()["state"]) == (201, "waiting")
    again = await till.post(f"/complaints/{case}/remedies", json=body)
    assert (again.status_code, again.json()["remedy_id"]) == (200, made.json()["remedy_id"])
    assert (await till.post(f"/complaints/{case}/remedies", json=body | {"label": "玩具"})).status_code == 409
    assert (await till.post(f"/complaints/{case}/remedies", json={"kind": "gift", "label": "x"})).status_code == 422


async def test_a_key_without_the_scope_writes_nothing(
    app: Litestar, clinic: TestTenant, person: str, case: str
) -> None:
    weak = programme(app, await new_token(clinic, scopes=["customers.read", "complaints.read", "visits.read"]))
    for path, body in (
        (f"/customers/{person}/subjects", PET),
        (f"/customers/{person}/contacts", {"kind": "email", "value": "a@example.com"}),
        ("/visits", {"customer_id": person}),
        (f"/complaints/{case}/information", {"text": "x"}),
        (f"/complaints/{case}/remedies", {"key": "k", "kind": "gift", "label": "x", "cost_fen": 1}),
    ):
        assert (await weak.post(path, json=body)).status_code == 403, path
    for path in ("/surveys", "/surveys/answers?first=2026-01-01&last=2026-01-02", "/exports"):
        assert (await weak.get(path)).status_code == 403, path


async def test_what_is_younger_than_two_seconds_waits_for_the_next_call(
    till: Programme, case: str, clock: MovableClock
) -> None:
    assert (await till.get("/complaints")).json() == {"complaints": [], "next": None, "more": False}
    clock.advance(seconds=2)
    found = (await till.get("/complaints")).json()
    assert [one["id"] for one in found["complaints"]] == [case]
    assert found["next"] == case


async def test_surveys_notices_and_exports_are_read(till: Programme, clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        form = (await list_survey_forms(uow))[0]
        first = uow.today
        plan = CampaignPlan(
            title="回访",
            form_id=form.id,
            channel="wechat",
            audience="all",
            first_day=first,
            last_day=date(2026, 12, 31),
        )
        campaign = await plan_campaign(uow, plan=plan, segments=SEGMENTS)
    (one,) = (await till.get("/surveys")).json()["surveys"]
    assert one["campaign_id"] == str(campaign)
    assert "group_code" not in one
    assert "progress" in (await till.get(f"/surveys/{campaign}")).json()
    days = "first=2026-11-01&last=2026-11-30"
    assert (await till.get(f"/surveys/answers?{days}")).json() == {"answers": [], "next": None, "more": False}
    for bad in ("first=2026-11-30&last=2026-11-01", "first=2020-01-01&last=2026-11-01", "first=x&last=y", ""):
        assert (await till.get(f"/surveys/answers?{bad}")).status_code == 422, bad
    assert (await till.get("/notices")).json()["notices"] == []
    assert (await till.get("/exports")).json()["exports"] == []


async def test_s03_ids_of_another_chain_in_a_body_of_a_visit_or_remedy_write_nothing(
    till: Programme, person: str, case: str, clinic: TestTenant, tenant_b: TestTenant
) -> None:
    async with tenant_b.unit("tenant_admin") as uow:
        await enable_plugin(uow, host=tenant_b.workplace.host, plugin_id="petclinic")
    foreign = {name: str(await FACTORIES[name](tenant_b)) for name in ("customer_id", "subject_id", "purchase_id")}
    before, mine = await fingerprint(tenant_b), await fingerprint(clinic, but=("api_key",))
    for body in ({"customer_id": foreign["customer_id"]}, {"customer_id": person, "subject_id": foreign["subject_id"]}):
        assert (await till.post("/visits", json=body)).status_code == 404
    gift = {"key": "k", "kind": "refund", "label": "退款", "cost_fen": 100, "purchase_id": foreign["purchase_id"]}
    of_b = await till.post(f"/complaints/{case}/remedies", json=gift)
    of_nobody = await till.post(f"/complaints/{case}/remedies", json=gift | {"purchase_id": str(uuid4())})
    assert {**of_b.json(), "reference": ""} == {**of_nobody.json(), "reference": ""}
    pet = await till.post(f"/customers/{person}/subjects/{foreign['subject_id']}", json=PET)
    assert pet.status_code == 404
    assert await fingerprint(tenant_b) == before
    assert await fingerprint(clinic, but=("api_key",)) == mine
