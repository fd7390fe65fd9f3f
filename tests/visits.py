"""What tests of visits start from: a price list in force, a customer with a dog, and a visit."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from core.customers.actions import add_customer
from core.customers.queries import get_customer
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.uow import UnitOfWork
from core.visits.actions.bills import LineDraft, add_lines, finalise_bill
from core.visits.actions.estimates import answer_estimate, give_estimate
from core.visits.actions.prices import keep_items, publish_prices, start_draft
from core.visits.actions.visits import open_visit
from core.visits.queries.bills import EstimateFacts
from core.visits.rules.prices import Item
from tests.workplaces import TestTenant

ITEMS = (
    Item(code="C01", name_zh="门诊诊疗费", category="consultation", price_fen=100_00),
    Item(code="E01", name_zh="血常规", category="examination", price_fen=80_00),
    Item(code="D01", name_zh="阿莫西林", category="drug", unit="片", price_fen=10_01),
    Item(code="D02", name_zh="输液", category="drug", price_fen=1_00),
    Item(code="S01", name_zh="绝育手术", category="surgery", price_fen=1000_00),
)


CHECKED: dict[str, Any] = {
    "pet_name": "豆豆",
    "species": "dog",
    "age_years": 11,
    "weight_kg": 8.2,
    "temperature": 38.4,
    "heart_rate": 96,
    "fasting_hours": 8,
    "blood_count": "normal",
    "blood_pressure": 132,
    "ecg": "normal",
    "asa": "2",
    "signature": {"name": "李医生"},
}
"""The check before surgery of an old dog, without its conclusion."""


async def publish_items(uow: UnitOfWork, items: Sequence[Item] = ITEMS) -> UUID:
    """Put a price list in force and return its id."""
    version_id = await start_draft(uow)
    await keep_items(uow, version_id=version_id, items=items)
    return (await publish_prices(uow, version_id=version_id)).version_id


async def make_visit(tenant: TestTenant, *, birthday: date | None = date(2023, 1, 1)) -> UUID:
    """A price list, a customer with a grown-up dog, and a visit of both."""
    pet = SubjectDraft(name="豆豆", kind="petclinic.pet", species="dog", birthday=birthday)
    async with tenant.unit() as uow:
        await publish_items(uow)
        customer_id = await add_customer(
            uow,
            draft=CustomerDraft(full_name="王小美", phones=("+8613812346871",), subjects=(pet,)),
            allow_duplicate=True,
        )
        record = await get_customer(uow, customer_id)
        return await open_visit(
            uow,
            customer_id=customer_id,
            subject_id=record.subjects[0].subject_id,
            branch_id=tenant.signed_up.branch_id,
            reason="绝育",
        )


async def estimate(uow: UnitOfWork, visit_id: UUID, *items: str, accept: bool = True) -> EstimateFacts:
    """Give an estimate of one of each item, and let the customer accept it."""
    given = await give_estimate(uow, visit_id=visit_id, lines=[LineDraft(item=code) for code in items])
    if accept:
        await answer_estimate(
            uow, visit_id=visit_id, estimate_id=given.estimate_id, answer="accepted", place="desk", name="王小美"
        )
    return given


async def final_bill(uow: UnitOfWork, visit_id: UUID, *items: str) -> None:
    """A final bill of one of each item, without an estimate."""
    await add_lines(uow, visit_id=visit_id, lines=[LineDraft(item=code) for code in items])
    await finalise_bill(uow, visit_id=visit_id)
