"""The desk offers, the customer answers on their own page without script, and what is learnt is reached by links."""

import re
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from core.complaints.actions.filing import Filed, file_complaint
from core.complaints.queries.cases import get_complaint, list_notices
from core.complaints.rules.filing import Filing
from core.remedies.queries import list_remedies
from tenants.plugin_settings import enable_plugin
from tests.lessons import close_by_hand, work_through
from tests.webapp import Browser
from tests.workplaces import MovableClock, TestTenant

Client = Callable[..., Awaitable[Browser]]
BAG = {"kind": "gift", "label": "宠物用品礼包", "cost": "40", "key": "a"}


@pytest.fixture
async def filed(tenant_a: TestTenant) -> Filed:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    async with tenant_a.unit() as uow:
        filing = Filing(text="结账时未解释费用明细", contact_name="周文博", contact_phone="13878106871")
        return await file_complaint(uow, filing=filing)


async def _states(tenant: TestTenant, case: UUID) -> list[str]:
    async with tenant.unit() as uow:
        return [one.state for one in await list_remedies(uow, case)]


async def test_the_desk_offers_within_its_limit_and_the_customer_accepts_on_their_page(
    browser: Callable[[], Browser], client: Client, tenant_a: TestTenant, filed: Filed
) -> None:
    desk, case = await client("front_desk"), f"/t/{tenant_a.slug}/complaints/{filed.complaint_id}"
    assert (await desk.get(f"{case}/remedies/new?offer=petclinic.checkup")).status_code == 200
    assert (await desk.send_form(f"{case}/remedies", BAG | {"cost": "x"})).status_code == 422
    assert (await desk.send_form(f"{case}/remedies", BAG)).status_code == 303
    assert (await desk.send_form(f"{case}/remedies", BAG | {"key": "b", "cost": "11"})).status_code == 303
    assert await _states(tenant_a, filed.complaint_id) == ["offered", "waiting"]
    assert "宠物用品礼包" in (await desk.get(case)).text
    visitor = browser()
    page = await visitor.get(f"/s/{filed.status_code}")
    (action,) = set(re.findall(rf"/s/{filed.status_code}/remedies/[0-9a-f-]{{36}}", page.text))
    assert (await visitor.post(action, data={"answer": "no", "words": " "})).status_code == 422
    assert (await visitor.post(action, data={})).status_code == 422
    assert (await visitor.post(action, data={"answer": "yes"})).status_code == 303
    assert (await _states(tenant_a, filed.complaint_id))[0] == "accepted"
    leader = await client("team_leader")
    waiting = await leader.get(f"/t/{tenant_a.slug}/decide/remedies")
    (deed,) = set(re.findall(r"/t/[a-z]+/complaints/remedies/[0-9a-f-]{36}/approve", waiting.text))
    assert (await leader.send_form(deed, {"back": "decide"})).status_code == 303
    given = deed.replace("approve", "give")
    assert (await desk.send_form(given, {})).status_code == 409  # the customer has not answered yet
    assert await _states(tenant_a, filed.complaint_id) == ["accepted", "offered"]


async def test_the_customer_asks_to_be_called_once_and_adds_words(
    browser: Callable[[], Browser], tenant_a: TestTenant, filed: Filed
) -> None:
    visitor, here = browser(), f"/s/{filed.status_code}"
    for _ in range(2):
        assert (await visitor.post(f"{here}/call", data={"when": "下班后"})).status_code == 303
    assert (await visitor.post(f"{here}/add", data={"text": ""})).status_code == 422
    assert (await visitor.post(f"{here}/add", data={"text": "还有收据"})).status_code == 303
    page = await visitor.get(here)
    assert "还有收据" in page.text
    async with tenant_a.unit() as uow:
        kinds = [row.kind for row in (await get_complaint(uow, complaint_id=filed.complaint_id)).history]
        assert kinds.count("call_wanted") == 1
        supervisor = tenant_a.staff["service_supervisor"].id
        assert supervisor is not None
        told = [one.milestone for one in await list_notices(uow, staff_id=supervisor)]
        assert sorted(told) == ["call_me", "customer_added"]


async def test_a_late_promise_is_admitted_and_internal_facts_stay_inside(
    browser: Callable[[], Browser], tenant_a: TestTenant, filed: Filed, clock: MovableClock
) -> None:
    clock.advance(hours=1)
    page = (await browser().get(f"/s/{filed.status_code}")).text
    assert "We are late, and we are sorry" in page
    async with tenant_a.unit() as uow:
        await work_through(uow, filed.complaint_id)
    page = (await browser().get(f"/s/{filed.status_code}")).text
    assert "Done late" in page
    assert "已处理" in page  # the measure, which the policy shows


async def test_a_no_with_its_reason_opens_again_and_a_closed_case_ends_politely(
    browser: Callable[[], Browser], tenant_a: TestTenant, filed: Filed
) -> None:
    visitor, here = browser(), f"/s/{filed.status_code}"
    async with tenant_a.unit() as uow:
        await work_through(uow, filed.complaint_id)
    assert (await visitor.post(f"{here}/answer", data={"satisfied": "no"})).status_code == 422
    assert (await visitor.post(f"{here}/answer", data={"satisfied": "no", "words": "没有道歉"})).status_code == 303
    async with tenant_a.unit() as uow:
        assert (await get_complaint(uow, complaint_id=filed.complaint_id)).state == "open"
        await close_by_hand(uow, filed.complaint_id)
    page = await visitor.get(here)
    assert "Thank you for telling us" in page.text
    assert f"{here}/add" not in page.text
    assert (await visitor.post(f"{here}/call", data={})).status_code == 409


async def test_cause_action_and_library_are_worked_through_at_the_desk(
    client: Client, tenant_a: TestTenant, filed: Filed
) -> None:
    boss, case = await client("director"), f"/t/{tenant_a.slug}/complaints/{filed.complaint_id}"
    cause = {"cause": "petclinic.cause_communication_late_information", "words": "结账前没有讲清费用"}
    assert (await boss.send_form(f"{case}/closing/cause", cause | {"words": ""})).status_code == 422
    assert (await boss.send_form(f"{case}/closing/cause", cause)).status_code == 303
    action = {"words": "逐项讲解", "owner_id": str(tenant_a.staff["doctor"].id), "due_on": "2026-12-01"}
    assert (await boss.send_form(f"{case}/closing/actions", action | {"due_on": ""})).status_code == 422
    assert (await boss.send_form(f"{case}/closing/actions", action)).status_code == 303
    assert "逐项讲解" in (await boss.get(f"/t/{tenant_a.slug}/complaints/actions")).text
    assert "逐项讲解" in (await boss.get(case)).text
    async with tenant_a.unit() as uow:
        await close_by_hand(uow, filed.complaint_id)
    made = await boss.send_form(f"{case}/library", {})
    entry = made.headers["location"]
    assert "<mark>" in (await boss.get(entry)).text or "review-form" in (await boss.get(entry)).text
    texts = {"situation": "结账时没有解释费用", "lesson": "结账前逐项讲解", "seen": "true"}
    assert (await boss.send_form(f"{entry}/publish", texts | {"lesson": "周文博"})).status_code == 422
    assert (await boss.send_form(f"{entry}/publish", texts)).status_code == 303
    desk = await client("front_desk")
    assert entry in (await desk.get(f"/t/{tenant_a.slug}/library?q=feiyong")).text
    assert (await desk.get(f"/t/{tenant_a.slug}/complaints/limits")).status_code == 403
    assert (await boss.send_form(f"{entry}/withdraw", {"reason": "过时"})).status_code == 303
