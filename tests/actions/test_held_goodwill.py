"""Credits because of a complaint that somebody else must look at, and credits for one complaint from many desks at once."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from core.errors import NotFound
from core.holds.actions import OwnCredit, ask_credit, credit_complaint, grant_held, refuse_held
from core.holds.queries import HeldFacts, list_waiting
from core.hooks.records.loyalty.offers import Goodwill, RoleLimit
from core.hooks.records.loyalty.points import Redeem
from core.loyalty.actions import ComplaintCredited, KeyReused, NeedsApproval, Posted, credit_goodwill
from core.loyalty.actions.undoing import undo_grant
from core.loyalty.queries import get_wallet, list_entries
from core.loyalty.verifying import find_wrong
from core.merges.merging import merge_customers
from tests.rewards import make_customer, put_program
from tests.workplaces import TestTenant

RULE = Goodwill(
    id="goodwill",
    limits=(
        RoleLimit(role="front_desk", max_fen=50_00),
        RoleLimit(role="team_leader", max_fen=80_00),
        RoleLimit(role="director", max_fen=500_00),
    ),
    max_fen_per_complaint=120_00,
)
PAY = Redeem(id="pay", fen_per_point=10)


async def _case(tenant: TestTenant, name: str = "王小美") -> tuple[UUID, UUID]:
    member, _ = await make_customer(tenant, name)
    async with tenant.unit() as uow:
        filed = await file_complaint(uow, filing=Filing(text="等太久", customer_id=member))
        return member, filed.complaint_id


async def _ask(tenant: TestTenant, asked: dict[str, Any], role: str = "front_desk") -> HeldFacts:
    async with tenant.unit(role) as uow:
        held = await credit_complaint(uow, **asked)
    assert isinstance(held, HeldFacts)
    return held


async def test_a_credit_above_the_limit_waits_with_its_complaint_for_a_higher_limit(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, RULE, PAY)
    member, case = await _case(tenant_a)
    asked: dict[str, Any] = {"customer_id": member, "complaint_id": case, "reason": "让您久等", "key": "a"}
    async with tenant_a.unit("front_desk") as uow:
        small = await credit_complaint(uow, **asked | {"key": "small", "points": 100})
        assert isinstance(small, Posted)
    held = await _ask(tenant_a, asked | {"points": 1_000})
    assert (held.state, held.complaint_id, held.complaint_number) == ("waiting", case, 1)
    assert (await _ask(tenant_a, asked | {"points": 1_000})).held_id == held.held_id
    async with tenant_a.unit("front_desk") as uow:
        with pytest.raises(KeyReused):  # the same key for points that belong to no complaint
            await ask_credit(uow, customer_id=member, points=1_000, reason="让您久等", key="a")
        assert [one.complaint_number for one in await list_waiting(uow)] == [1]
        with pytest.raises(OwnCredit):
            await grant_held(uow, held_id=held.held_id)
    async with tenant_a.unit("team_leader") as uow:
        with pytest.raises(NeedsApproval) as refused:
            await grant_held(uow, held_id=held.held_id)
        assert refused.value.limit_points == 800
    async with tenant_a.unit() as uow:
        assert (await grant_held(uow, held_id=held.held_id)).state == "granted"
        assert (await get_wallet(uow, member)).balance == 1_100
        newest = (await list_entries(uow, member))[0]
        assert (newest.kind, newest.points, newest.ref_id) == ("goodwill", 1_000, case)


async def test_what_an_approver_may_not_give_alone_waits_too(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, RULE, PAY)
    member, case = await _case(tenant_a)
    asked: dict[str, Any] = {"customer_id": member, "complaint_id": case, "reason": "让您久等", "key": "a"}
    held = await _ask(tenant_a, asked | {"points": 801}, "team_leader")
    async with tenant_a.unit() as uow:
        assert (await refuse_held(uow, held_id=held.held_id, answer="已经退款")).state == "refused"
        assert (await get_wallet(uow, member)).balance == 0


async def test_yes_to_more_than_one_complaint_may_bring_is_refused_and_goes_on_waiting(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, RULE, PAY)
    member, case = await _case(tenant_a)
    asked: dict[str, Any] = {"customer_id": member, "complaint_id": case, "reason": "让您久等"}
    held = await _ask(tenant_a, asked | {"points": 1_000, "key": "a"})
    async with tenant_a.unit() as uow:
        given = await credit_complaint(uow, **asked, points=300, key="b")
        assert isinstance(given, Posted)
        with pytest.raises(ComplaintCredited):
            await grant_held(uow, held_id=held.held_id)
    async with tenant_a.unit() as uow:
        assert len(await list_waiting(uow, customer_id=member)) == 1
        await undo_grant(uow, entry_id=given.entry_id, key="undo")
        assert (await grant_held(uow, held_id=held.held_id)).state == "granted"


async def test_a_complaint_of_somebody_else_brings_nothing_and_one_of_a_merged_record_does(
    tenant_a: TestTenant,
) -> None:
    await put_program(tenant_a, RULE, PAY)
    member, case = await _case(tenant_a)
    other, _ = await _case(tenant_a, "李雷")
    async with tenant_a.unit() as uow:
        anonymous = (
            await file_complaint(uow, filing=Filing(text="停车太难", contact_phone="+8613900001234"))
        ).complaint_id
        for whose, which in ((other, case), (member, anonymous), (member, member)):
            with pytest.raises(NotFound):
                await credit_complaint(
                    uow, customer_id=whose, complaint_id=which, points=10, reason="让您久等", key="a"
                )
        await merge_customers(uow, winner_id=other, loser_id=member)
    async with tenant_a.unit() as uow:
        done = await credit_complaint(uow, customer_id=member, complaint_id=case, points=10, reason="让您久等", key="a")
        assert isinstance(done, Posted)
        assert done.customer_id == other


async def test_credits_from_many_desks_at_once_never_exceed_what_one_complaint_may_bring(
    busy_tenant: TestTenant,
) -> None:
    await put_program(busy_tenant, RULE, PAY)
    member, case = await _case(busy_tenant)

    async def give(number: int) -> str:
        try:
            async with busy_tenant.unit() as uow:
                await credit_goodwill(
                    uow, customer_id=member, complaint_id=case, points=500, key=f"k{number}", reason="让您久等"
                )
        except ComplaintCredited as error:
            return error.code
        return "done"

    answers = await asyncio.gather(*(give(number) for number in range(10)))
    assert sorted(answers) == ["complaint-credited"] * 8 + ["done"] * 2
    async with busy_tenant.unit() as uow:
        assert (await get_wallet(uow, member)).balance == 1_000
        assert await find_wrong(uow) == []
