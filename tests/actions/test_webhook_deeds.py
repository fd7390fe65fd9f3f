"""Every kind of the catalogue is told by its deed, with ids and facts and not a word that somebody said."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import judge_level, reopen_case
from core.complaints.rules.filing import Filing
from core.forms.actions import record_intake
from core.hooks.records.loyalty.points import Redeem
from core.loyalty.actions import grant_points, record_purchase, redeem_points, refund_purchase
from core.merges.merging import merge_customers
from core.remedies.actions import RemedyDraft, accept_remedy, propose_remedy
from core.scope import CUSTOMER
from core.visits.actions.visits import end_visit
from core.webhooks.actions import EndpointDraft, add_endpoint, send_test
from core.webhooks.catalogue import OWN
from core.webhooks.queries import LogFilter, get_delivery, list_deliveries
from tenants.plugin_settings import enable_plugin
from tests.actions.test_webhooks import register
from tests.ledgers import POINT_PER_YUAN
from tests.lessons import close_by_hand
from tests.receivers import SECRET_KEY
from tests.rewards import make_customer, put_program
from tests.visits import make_visit
from tests.web.api_client import ANSWERS, INTAKE
from tests.workplaces import TestTenant

PAY = Redeem(id="pay", fen_per_point=10)
SLIGHT = Filing(text="等了两个小时", contact_name="周文博", contact_phone="13878106871")
WORDS = ("手术中宠物死亡", "周文博", "13878106871", "客户补充", "零食", "开业礼", "重新调查")


@pytest.fixture
async def told(tenant_a: TestTenant) -> Any:
    """Return what was told since the last time, oldest first."""
    async with tenant_a.unit("tenant_admin") as uow:
        made = await add_endpoint(uow, draft=EndpointDraft("数据仓库", "https://hooks.example.com/"), master=SECRET_KEY)
    seen: set[UUID] = set()

    async def read() -> list[tuple[str, dict[str, Any]]]:
        async with tenant_a.unit() as uow:
            rows = await list_deliveries(uow, wanted=LogFilter(endpoint_id=made.endpoint_id), limit=500)
            fresh = [row for row in reversed(rows) if row.delivery_id not in seen]
            seen.update(row.delivery_id for row in fresh)
            bodies = [(await get_delivery(uow, row.delivery_id)).body for row in fresh]
        assert not any(word in body for body in bodies for word in WORDS)
        return [(row.kind, msgspec.json.decode(body)["data"]) for row, body in zip(fresh, bodies, strict=True)]

    read.endpoint_id = made.endpoint_id  # type: ignore[attr-defined] # for the one test that sends a test
    return read


async def test_a_case_is_told_from_filing_to_its_end(tenant_a: TestTenant, told: Any) -> None:
    filing = Filing(text="手术中宠物死亡，要求说法", contact_name="周文博", contact_phone="13878106871")
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    async with tenant_a.unit("front_desk") as uow:
        case = (await file_complaint(uow, filing=filing)).complaint_id
    ((kind, data),) = await told()
    assert (kind, data["complaint_id"], data["level"], data["state"]) == ("complaint.filed", str(case), "L3", "open")
    async with tenant_a.unit() as uow:
        await judge_level(uow, complaint_id=case, severity="L2", reason="重新调查后不成立")
    ((kind, data),) = await told()
    assert (kind, data["before"], data["level"]) == ("complaint.level_set", "L3", "L2")
    async with tenant_a.unit() as uow:
        case = (await file_complaint(uow, filing=SLIGHT)).complaint_id
        await close_by_hand(uow, case)
    found = await told()
    kinds = [kind for kind, _ in found]
    assert kinds.count("complaint.promise_met") >= 2
    assert all(data["milestone"] for kind, data in found if kind == "complaint.promise_met")
    assert (kinds.count("complaint.resolved"), kinds[-1]) == (1, "complaint.closed")
    async with tenant_a.unit() as uow:
        await reopen_case(uow, complaint_id=case, reason="客户补充了材料")
    assert [kind for kind, _ in await told()] == ["complaint.reopened"]


async def test_a_customers_answer_to_a_remedy_is_told(tenant_a: TestTenant, told: Any) -> None:
    async with tenant_a.unit("front_desk") as uow:
        case = (await file_complaint(uow, filing=SLIGHT)).complaint_id
        draft = RemedyDraft(kind="gift", label="零食", cost_fen=50_00)
        remedy = await propose_remedy(uow, complaint_id=case, draft=draft, key="a")
    assert [kind for kind, _ in await told()] == ["complaint.filed"]
    async with tenant_a.workplace.unit(tenant_a.id, actor=CUSTOMER) as uow:
        await accept_remedy(uow, remedy_id=remedy.remedy_id)
    ((kind, data),) = await told()
    assert (kind, data["remedy_id"], data["state"]) == ("remedy.decided", str(remedy.remedy_id), "accepted")


async def test_bills_points_and_tiers_are_told_with_their_sums(tenant_a: TestTenant, told: Any) -> None:
    await put_program(tenant_a, POINT_PER_YUAN, PAY)
    member = (await make_customer(tenant_a))[0]
    assert [kind for kind, _ in await told()] == ["customer.created"]
    async with tenant_a.unit("front_desk") as uow:
        bought = await record_purchase(uow, customer_id=member, fen=100_00, key="b")
    found = dict(await told())
    assert found["purchase.recorded"]["purchase_id"] == str(bought.purchase_id)
    assert found["points.changed"]["balance"] == 100
    assert [one["points"] for one in found["points.changed"]["entries"]] == [100]
    async with tenant_a.unit() as uow:
        await grant_points(uow, customer_id=member, points=50, key="g", reason="开业礼")
        await redeem_points(uow, customer_id=member, points=30, bill_fen=50_00, key="r")
    assert [data["balance"] for _, data in await told()] == [150, 120]
    async with tenant_a.unit() as uow:
        await refund_purchase(uow, purchase_id=bought.purchase_id, key="z")
    assert {kind for kind, _ in await told()} >= {"purchase.refunded", "points.changed"}


async def test_forms_visits_merges_and_tests_are_told(tenant_a: TestTenant, told: Any) -> None:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    async with tenant_a.unit("front_desk") as uow:
        filled = await record_intake(uow, form_id=INTAKE, answers=ANSWERS, once_key="k")
    found = dict(await told())
    assert found["submission.completed"]["submission_id"] == str(filled.submission_id)
    assert found["submission.completed"]["form"] == INTAKE
    visit = await make_visit(tenant_a)
    async with tenant_a.unit("front_desk") as uow:
        await end_visit(uow, visit_id=visit, how="discharged")
    assert dict(await told())["visit.ended"]["visit_id"] == str(visit)
    one, two = await register(tenant_a, "甲"), await register(tenant_a, "乙")
    async with tenant_a.unit() as uow:
        await merge_customers(uow, winner_id=one, loser_id=two)
    assert dict(await told())["customer.merged"] == {"customer_id": str(one), "merged_id": str(two)}
    async with tenant_a.unit("tenant_admin") as uow:
        await send_test(uow, endpoint_id=told.endpoint_id)
    assert [kind for kind, _ in await told()] == ["webhook.test"]


def test_the_catalogue_names_what_these_tests_saw() -> None:
    """Three more are shown with the worker, whose deeds they are, or with their program: broken promises, erasures, tiers."""
    assert {one.code for one in OWN} == {
        "customer.created",
        "customer.merged",
        "customer.erased",
        "submission.completed",
        "complaint.filed",
        "complaint.level_set",
        "complaint.promise_met",
        "complaint.promise_breached",
        "complaint.resolved",
        "complaint.closed",
        "complaint.reopened",
        "remedy.decided",
        "visit.ended",
        "purchase.recorded",
        "purchase.refunded",
        "points.changed",
        "tier.changed",
        "webhook.test",
    }
