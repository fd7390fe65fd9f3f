"""Rows of people's rights and of exports for the attack tests."""

from uuid import UUID

from sqlalchemy import insert

from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.db import new_id
from core.exports.actions import start_export
from core.exports.rules import ExportPlan
from core.privacy.actions import ask
from core.privacy.models import PrivacyReceipt
from tests.workplaces import TestTenant


async def _customer(tenant: TestTenant) -> UUID:
    async with tenant.unit() as uow:
        return await add_customer(uow, draft=CustomerDraft(full_name="王小明"))


async def make_request(tenant: TestTenant) -> object:
    """Ask for an erasure."""
    customer_id = await _customer(tenant)
    async with tenant.unit() as uow:
        return await ask(uow, customer_id=customer_id, kind="erasure", source="staff")


async def make_receipt(tenant: TestTenant) -> object:
    """A receipt of an erasure."""
    customer_id = await _customer(tenant)
    async with tenant.unit() as uow:
        receipt_id = new_id()
        body = {"number": 1, "customer_numbers": [], "requested_at": None, "erased_by": "", "lines": []}
        await uow.session.execute(
            insert(PrivacyReceipt).values(
                tenant_id=uow.tenant_id,
                receipt_id=receipt_id,
                number=await uow.next_number("privacy_receipt"),
                customer_id=customer_id,
                body=body | {"erased_at": uow.now.isoformat()},
                hash="",
                at=uow.now,
            )
        )
        return receipt_id


async def make_export(tenant: TestTenant) -> object:
    """Begin an export."""
    await _customer(tenant)
    async with tenant.unit() as uow:
        return await start_export(uow, plan=ExportPlan(columns=("name",)), kind="csv")
