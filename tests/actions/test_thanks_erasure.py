"""Who asks to be erased leaves no link, no picture, no hash of a phone and no gift behind."""

from collections.abc import AsyncIterator
from datetime import date

import msgspec
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from core.birthdays.actions import open_gifts
from core.birthdays.queries import count_due_gifts
from core.db import encode_json, table_of
from core.files.models import StoredFile
from core.privacy.erasing import erase_person
from core.referrals.invitations import give_referral_code, register_by_page
from core.referrals.queries import find_case_of, find_code, get_case
from core.reviews.actions import ClaimDraft, file_claim, give_review_link
from core.reviews.queries import ReviewLinkOver, get_claim, get_opened_link
from tests.referrals import BIRTHDAY, BOTH_50, REVIEW, STAFF, add_person, night, pet, screenshot, use_rules
from tests.workplaces import MovableClock, TestTenant
from workers.embedded.postgres import Dsns

_F = table_of(StoredFile)


@pytest.fixture
async def engine(postgres: Dsns) -> AsyncIterator[AsyncEngine]:
    """Erasing is the worker's right alone, so these tests are the worker."""
    made = create_async_engine(postgres.worker, json_serializer=encode_json, json_deserializer=msgspec.json.decode)
    yield made
    await made.dispose()


async def test_erasing_somebody_takes_their_referrals_reviews_and_gifts(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    await use_rules(tenant_a, BOTH_50, REVIEW, BIRTHDAY)
    async with tenant_a.unit() as uow:
        member = await add_person(uow, "王小明")
        code = (await give_referral_code(uow, customer_id=member)).code
        newcomer = await add_person(uow, "李新", phone="+8613955500001", pets=(pet("豆豆", date(2020, 11, 24)),))
        await register_by_page(
            uow, code=code, full_name="李新", phone="13955500001", device_hash="d1", consent_text="同意", staff=STAFF
        )
        await open_gifts(uow)
        assert await count_due_gifts(uow) == 1
        draft = ClaimDraft(platform="dianping", text="http://dpurl.cn/1", choice=0)
        claim_id = await file_claim(uow, customer_id=newcomer, draft=draft, picture=screenshot())
        link = await give_review_link(uow, customer_id=newcomer)
        case_id = await find_case_of(uow, newcomer)
        assert case_id is not None
    async with tenant_a.unit() as uow:
        await erase_person(uow, [newcomer])
    async with tenant_a.unit() as uow:
        claim, case = await get_claim(uow, claim_id), await get_case(uow, case_id)
        assert (claim.link, claim.link_key, claim.customer_name) == ("", "", "")
        assert (case.device_hash, case.referee_name) == (None, "")
        state = await uow.session.scalar(select(_F.c.state).where(_F.c.file_id == claim.file_id))
        assert state == "erased"
        assert await count_due_gifts(uow) == 0
        with pytest.raises(ReviewLinkOver):
            await get_opened_link(uow, link.code)
    await night(tenant_a, clock, days=91)
    async with tenant_a.unit() as uow:
        assert (await get_case(uow, case_id)).ended_code == "person-removed"
        assert await find_code(uow, member) is not None
        await erase_person(uow, [member])
        assert await find_code(uow, member) is None
