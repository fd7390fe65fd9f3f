"""Credits because of a complaint stand in the ledger as such, within the limit of each role and of one complaint."""

from typing import Any
from uuid import UUID

import pytest

from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from core.errors import InvalidInput
from core.hooks.records.loyalty.offers import Goodwill, RoleLimit
from core.hooks.records.loyalty.points import Redeem
from core.loyalty.actions import ComplaintCredited, KeyReused, NeedsApproval, credit_goodwill
from core.loyalty.queries import get_wallet, list_entries
from tests.ledgers import POINT_PER_YUAN
from tests.rewards import make_customer, put_program
from tests.workplaces import TestTenant

RULE = Goodwill(
    id="goodwill",
    limits=(RoleLimit(role="front_desk", max_fen=50_00), RoleLimit(role="director", max_fen=500_00)),
    max_fen_per_complaint=120_00,
    valid_months=3,
)


async def _case(tenant: TestTenant) -> tuple[UUID, UUID]:
    member, _ = await make_customer(tenant)
    async with tenant.unit() as uow:
        filed = await file_complaint(uow, filing=Filing(text="等太久", customer_id=member))
        return member, filed.complaint_id


async def test_a_credit_names_its_complaint_and_ends_as_the_rule_says(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, RULE, Redeem(id="pay", fen_per_point=10))
    member, case = await _case(tenant_a)
    async with tenant_a.unit("front_desk") as uow:
        asked: dict[str, Any] = {"customer_id": member, "complaint_id": case, "reason": "让您久等"}
        done = await credit_goodwill(uow, fen=45_05, key="a", **asked)
        assert (done.points, done.balance) == (451, 451)
        assert (await credit_goodwill(uow, fen=45_05, key="a", **asked)).replayed
        (entry,) = await list_entries(uow, member)
        assert (entry.kind, entry.ref_id, entry.reason) == ("goodwill", case, "让您久等")
        wallet = await get_wallet(uow, member)
        assert str(wallet.next_expiry_on) == "2027-02-23"
        with pytest.raises(KeyReused):
            await credit_goodwill(uow, fen=10_00, key="a", **asked)


async def test_more_than_a_role_or_a_complaint_may_bring_is_refused_with_what_is_left(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, RULE, Redeem(id="pay", fen_per_point=10))
    member, case = await _case(tenant_a)
    asked: dict[str, Any] = {"customer_id": member, "complaint_id": case, "reason": "让您久等"}
    async with tenant_a.unit("front_desk") as uow:
        with pytest.raises(NeedsApproval) as refused:
            await credit_goodwill(uow, points=501, key="a", **asked)
        assert refused.value.params == {"limit_points": 500, "limit_fen": 50_00}
    async with tenant_a.unit("doctor") as uow:
        with pytest.raises(NeedsApproval):
            await credit_goodwill(uow, points=1, key="a", **asked)
    async with tenant_a.unit() as uow:
        await credit_goodwill(uow, fen=100_00, key="a", **asked)
        with pytest.raises(ComplaintCredited) as full:
            await credit_goodwill(uow, fen=20_01, key="b", **asked)
        assert full.value.params == {"left_fen": 20_00}
        assert (await credit_goodwill(uow, fen=20_00, key="b", **asked)).points == 200


async def test_fen_need_a_price_of_a_point_and_credits_an_amount(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, POINT_PER_YUAN)
    member, case = await _case(tenant_a)
    async with tenant_a.unit() as uow:
        for fen, points in ((10_00, None), (None, None), (None, 0), (None, -3)):
            with pytest.raises(InvalidInput):
                await credit_goodwill(
                    uow, customer_id=member, complaint_id=case, fen=fen, points=points, key="a", reason="让您久等"
                )
        done = await credit_goodwill(uow, customer_id=member, complaint_id=case, points=30, key="a", reason="让您久等")
        assert done.balance == 30
