"""S19, S68 for visits: no code, id or field opens another visit, changes a price, or moves money that is not there."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from core.db import new_id
from core.visits.actions.payments import PaymentDraft, settle_bill
from core.visits.actions.visits import give_link
from core.visits.queries.bills import find_bill, list_estimates
from core.visits.queries.visits import get_visit
from tenants.plugin_settings import enable_plugin
from tests.visits import estimate, final_bill, make_visit
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


async def _code(tenant: TestTenant, visit_id: UUID) -> str:
    async with tenant.unit() as uow:
        return (await give_link(uow, visit_id=visit_id)).code


async def test_a_code_answers_only_its_own_visits_estimate(browser: Callable[[], Browser], clinic: TestTenant) -> None:
    mine, other = await make_visit(clinic), await make_visit(clinic)
    async with clinic.unit() as uow:
        await estimate(uow, mine, "C01", accept=False)
        foreign = await estimate(uow, other, "S01", accept=False)
    code = await _code(clinic, mine)
    body = {"estimate_id": str(foreign.estimate_id), "answer": "accepted", "signature__typed": "某人"}
    assert (await browser().post(f"/b/{code}/estimate", data=body)).status_code == 404
    async with clinic.unit() as uow:
        assert (await list_estimates(uow, other))[0].answer is None


async def test_a_code_of_one_chain_is_nothing_under_the_head_of_another(
    browser: Callable[[], Browser], clinic: TestTenant, tenant_b: TestTenant
) -> None:
    async with tenant_b.unit() as uow:
        await enable_plugin(uow, host=tenant_b.workplace.host, plugin_id="petclinic")
    code = await _code(clinic, await make_visit(clinic))
    foreign = await _code(tenant_b, await make_visit(tenant_b))
    assert (await browser().get(f"/b/{foreign[:6]}{code[6:]}")).status_code == 404
    assert (await browser().get(f"/p/{code}")).status_code == 404, "a bill's code opens no price list"
    assert (await browser().get(f"/s/{code}")).status_code == 404


async def test_nobody_sends_a_price_of_their_own(client: Client, clinic: TestTenant) -> None:
    visit_id = await make_visit(clinic)
    desk = await client("front_desk")
    here = f"/t/{clinic.slug}/visits/{visit_id}"
    for field in ("unit_fen", "price", "amount_fen", "member_fen"):
        refused = await desk.send_form(f"{here}/bill/lines", {"item": "C01", field: "1"})
        assert refused.status_code == 422, field
    negative = await desk.send_form(f"{here}/bill/lines", {"item": "C01", "discount": "-5"})
    assert negative.status_code == 422
    async with clinic.unit() as uow:
        assert await find_bill(uow, visit_id) is None


async def test_money_goes_back_only_for_lines_of_this_bill(client: Client, clinic: TestTenant) -> None:
    mine, other = await make_visit(clinic), await make_visit(clinic)
    async with clinic.unit() as uow:
        for visit_id in (mine, other):
            await final_bill(uow, visit_id, "C01")
            money = [PaymentDraft(method="cash", fen=100_00)]
            await settle_bill(uow, visit_id=visit_id, payments=money, explained=True, key=new_id().hex)
        foreign = await find_bill(uow, other)
        assert foreign is not None
    desk = await client("front_desk")
    line = str(foreign.lines[0].line_id)
    body: dict[str, object] = {"line": [line], "amount": ["1"], "reason": "x", "method": "cash", "key": "k"}
    assert (await desk.send_form(f"/t/{clinic.slug}/visits/{mine}/bill/refund", body)).status_code == 422
    async with clinic.unit() as uow:
        after = await find_bill(uow, other)
        assert after is not None
        assert after.refunded_fen == 0


async def test_people_and_branches_of_another_chain_are_no_choice(
    client: Client, clinic: TestTenant, tenant_b: TestTenant
) -> None:
    async with clinic.unit() as uow:
        visit = await get_visit(uow, await make_visit(clinic))
    desk = await client("front_desk")
    path = f"/t/{clinic.slug}/customers/{visit.customer_id}/visits"
    foreign = {"clinician_id": tenant_b.staff["doctor"].id, "branch_id": tenant_b.signed_up.branch_id}
    for name, one in foreign.items():
        assert (await desk.send_form(path, {name: str(one)})).status_code == 422, name
