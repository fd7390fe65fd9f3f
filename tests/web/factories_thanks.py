"""Rows of referrals, reviews and birthday gifts for the attack tests."""

from datetime import timedelta
from uuid import UUID

from core.birthdays.actions import open_gifts
from core.birthdays.queries import list_due_gifts
from core.referrals.invitations import enter_code, give_referral_code
from core.reviews.actions import ClaimDraft, file_claim
from tests.referrals import BIRTHDAY, BOTH_50, REVIEW, STAFF, add_person, pet, screenshot, use_rules
from tests.workplaces import TestTenant


async def make_referral(tenant: TestTenant) -> UUID:
    """A newcomer who came through a member."""
    await use_rules(tenant, BOTH_50)
    async with tenant.unit() as uow:
        member, newcomer = await add_person(uow, "王小明"), await add_person(uow, "李新")
        code = await give_referral_code(uow, customer_id=member)
        return await enter_code(uow, customer_id=newcomer, text=code.short, staff=STAFF)


async def make_claim(tenant: TestTenant) -> UUID:
    """A review that waits for a decision."""
    await use_rules(tenant, REVIEW)
    async with tenant.unit("front_desk") as uow:
        customer_id = await add_person(uow, "王小明")
        draft = ClaimDraft(platform="dianping", text="http://dpurl.cn/1", choice=0)
        return await file_claim(uow, customer_id=customer_id, draft=draft, picture=screenshot())


async def make_gift(tenant: TestTenant) -> UUID:
    """A birthday gift that may be fetched."""
    await use_rules(tenant, BIRTHDAY)
    async with tenant.unit() as uow:
        born = uow.today.replace(year=2020) - timedelta(days=1)
        await add_person(uow, "王小明", pets=(pet("豆豆", born),))
        await open_gifts(uow)
        return (await list_due_gifts(uow))[0].gift_id
