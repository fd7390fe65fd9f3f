"""Coupons, benefits and the named clinician follow a customer who is merged, and come back when the merge is undone."""

from core.merges.merging import merge_customers
from core.merges.undoing import undo_merge
from core.rewards.actions import grant_benefit, issue_coupon, name_clinician, redeem_coupon
from core.rewards.queries import find_named_clinician, get_coupon, list_coupons, list_grants, list_redemptions
from core.rewards.rules.coupons import CouponItem
from tests.rewards import FIFTY, make_customer, put_program
from tests.workplaces import TestTenant


async def test_what_a_merged_customer_was_given_follows_and_comes_back(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, FIFTY)
    winner, _ = await make_customer(tenant_a, "王小美")
    loser, _ = await make_customer(tenant_a, "王晓美")
    doctor = tenant_a.staff["doctor"].id
    assert doctor is not None
    async with tenant_a.unit() as uow:
        used = await issue_coupon(uow, customer_id=loser, template_id="fifty", key="1", source="desk")
        kept = await issue_coupon(uow, customer_id=loser, template_id="fifty", key="2", source="desk")
        await redeem_coupon(uow, customer_id=loser, coupon_id=used.coupon_id, key="r", items=[CouponItem(fen=60_00)])
        await grant_benefit(uow, customer_id=loser, service="E01", label="体检", key="g", source="desk")
        await name_clinician(uow, customer_id=loser, staff_id=doctor, among=[doctor])
    async with tenant_a.unit() as uow:
        merge_id = await merge_customers(uow, winner_id=winner, loser_id=loser)
        assert {one.coupon_id for one in await list_coupons(uow, winner)} == {used.coupon_id, kept.coupon_id}
        assert [one.service for one in await list_grants(uow, winner)] == ["E01"]
        assert await find_named_clinician(uow, winner) == doctor
        (use,) = await list_redemptions(uow, [used.coupon_id])
        assert use.customer_id == loser, "who used it then stays in the record of the use"
    async with tenant_a.unit() as uow:
        await undo_merge(uow, merge_id=merge_id)
        assert (await get_coupon(uow, kept.coupon_id)).customer_id == loser
        assert [one.service for one in await list_grants(uow, loser)] == ["E01"]
    async with tenant_a.unit() as uow:
        await merge_customers(uow, winner_id=winner, loser_id=loser)
    async with tenant_a.unit() as uow:
        items = [CouponItem(fen=60_00)]
        done = await redeem_coupon(uow, customer_id=loser, code=kept.code, key="late", items=items)
        assert done.fen == 50_00, "a till that still knows the old record uses it as the one of now"
