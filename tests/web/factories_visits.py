"""Rows of visits, bills, estimates and price lists for the attack tests."""

from uuid import UUID

from core.visits.actions.bills import LineDraft, add_lines
from core.visits.actions.prices import start_draft
from core.visits.actions.visits import plan_procedure
from core.visits.queries.bills import find_bill
from tests.visits import estimate, make_visit
from tests.workplaces import TestTenant


async def make_billed_visit(tenant: TestTenant) -> object:
    """With an open bill, so that a foreign line is looked for on it."""
    visit_id = await make_visit(tenant)
    async with tenant.unit() as uow:
        await add_lines(uow, visit_id=visit_id, lines=[LineDraft(item="C01")])
    return visit_id


async def make_bill_line(tenant: TestTenant) -> object:
    visit_id = await make_billed_visit(tenant)
    assert isinstance(visit_id, UUID)
    async with tenant.unit() as uow:
        bill = await find_bill(uow, visit_id)
        assert bill is not None
        return bill.lines[0].line_id


async def make_procedure(tenant: TestTenant) -> object:
    visit_id = await make_visit(tenant)
    async with tenant.unit() as uow:
        return await plan_procedure(uow, visit_id=visit_id, item="S01")


async def make_estimate(tenant: TestTenant) -> object:
    visit_id = await make_visit(tenant)
    async with tenant.unit() as uow:
        return (await estimate(uow, visit_id, "C01", accept=False)).estimate_id


async def make_edition(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        return await start_draft(uow)
