"""Reviews that customers show: one per visit and platform, the proof looked at, and rewarded by who is not concerned."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from core.errors import InvalidInput, NotFound
from core.loyalty.queries import get_membership
from core.reviews.actions import (
    ClaimDraft,
    NoReviewRule,
    ReviewDecided,
    ReviewOfYourself,
    approve_claim,
    file_claim,
    give_review_link,
    reject_claim,
)
from core.reviews.queries import (
    ReviewLinkOver,
    count_waiting,
    get_claim,
    get_opened_link,
    list_claims,
    list_open_visits,
)
from core.rewards.queries import list_coupons
from core.visits.actions.visits import open_visit
from tests.referrals import REVIEW, add_person, screenshot, use_rules
from tests.workplaces import MovableClock, TestTenant

LINK = "安康宠物医院！http://dpurl.cn/AbC123z 来自大众点评"


@pytest.fixture
async def customer(tenant_a: TestTenant) -> UUID:
    await use_rules(tenant_a, REVIEW)
    async with tenant_a.unit() as uow:
        return await add_person(uow, "王小明")


async def _file(
    tenant: TestTenant,
    customer_id: UUID,
    words: str = "dianping",
    *,
    role: str = "front_desk",
    link: str = LINK,
    platform: str = "dianping",
    visit_id: UUID | None = None,
    choice: int | None = 1,
    about: UUID | None = None,
) -> UUID:
    draft = ClaimDraft(platform=platform, text=link, visit_id=visit_id, choice=choice, about_staff_id=about)
    async with tenant.unit(role) as uow:
        return await file_claim(uow, customer_id=customer_id, draft=draft, picture=screenshot(words))


async def _visit(tenant: TestTenant, customer_id: UUID, clinician: str | None = None) -> UUID:
    async with tenant.unit() as uow:
        return await open_visit(
            uow,
            customer_id=customer_id,
            subject_id=None,
            branch_id=tenant.signed_up.branch_id,
            clinician_id=tenant.staff[clinician].id if clinician else None,
            reason="体检",
        )


async def test_a_genuine_review_is_exchanged_for_what_the_customer_chose(tenant_a: TestTenant, customer: UUID) -> None:
    visit_id = await _visit(tenant_a, customer)
    claim_id = await _file(tenant_a, customer)
    async with tenant_a.unit() as uow:
        claim = await get_claim(uow, claim_id)
        assert (claim.visit_id, claim.failed, claim.link) == (visit_id, (), "http://dpurl.cn/AbC123z")
        assert await count_waiting(uow) == 1
        done = await approve_claim(uow, claim_id=claim_id)
        assert (done.state, done.decided_by_name, done.choice) == ("approved", "director", 1)
        assert (await get_membership(uow, customer)).points == 30
        assert await count_waiting(uow) == 0
        for act in (approve_claim(uow, claim_id=claim_id), reject_claim(uow, claim_id=claim_id, reason="x")):
            with pytest.raises(ReviewDecided):
                await act


async def test_the_approver_may_choose_for_a_customer_who_did_not(tenant_a: TestTenant, customer: UUID) -> None:
    claim_id = await _file(tenant_a, customer, choice=None)
    async with tenant_a.unit() as uow:
        for choice in (None, 2):
            with pytest.raises(InvalidInput, match="choice: required"):
                await approve_claim(uow, claim_id=claim_id, choice=choice)
        await approve_claim(uow, claim_id=claim_id, choice=0)
        assert [one.template_id for one in await list_coupons(uow, customer)] == ["fifty"]


async def test_who_was_reviewed_or_filed_it_cannot_decide(tenant_a: TestTenant, customer: UUID) -> None:
    await _visit(tenant_a, customer, "team_leader")
    claim_id = await _file(tenant_a, customer, role="service_supervisor", about=tenant_a.staff["director"].id)
    for role in ("team_leader", "service_supervisor", "director"):
        async with tenant_a.unit(role) as uow:
            with pytest.raises(ReviewOfYourself):
                await approve_claim(uow, claim_id=claim_id)
            with pytest.raises(ReviewOfYourself):
                await reject_claim(uow, claim_id=claim_id, reason="差评")
    async with tenant_a.unit("tenant_admin") as uow:
        assert (await approve_claim(uow, claim_id=claim_id)).state == "approved"


async def test_one_review_per_platform_in_ninety_days_and_one_per_visit(
    tenant_a: TestTenant, customer: UUID, clock: MovableClock
) -> None:
    visit_id = await _visit(tenant_a, customer)
    first = await _file(tenant_a, customer, visit_id=visit_id)
    with pytest.raises(InvalidInput, match="platform: review-too-soon"):
        await _file(tenant_a, customer, "another!")
    with pytest.raises(InvalidInput, match="visit_id: visit-claimed"):
        await _file(
            tenant_a, customer, "another!", platform="meituan", link="http://www.meituan.com/1", visit_id=visit_id
        )
    async with tenant_a.unit() as uow:
        await reject_claim(uow, claim_id=first, reason="图片不是评价")
        assert [one.visit_id for one in await list_open_visits(uow, customer, since=uow.now - timedelta(days=1))]
    again = await _file(tenant_a, customer, "another!")
    clock.advance(days=91)
    third = await _file(tenant_a, customer, "thirdone", link="http://dpurl.cn/new")
    async with tenant_a.unit() as uow:
        assert [one.claim_id for one in await list_claims(uow, customer_id=customer)] == [third, again, first]


async def test_a_picture_or_link_that_was_shown_before_needs_a_reason(tenant_a: TestTenant, customer: UUID) -> None:
    await _file(tenant_a, customer)
    async with tenant_a.unit() as uow:
        other = await add_person(uow, "李四")
    claim_id = await _file(tenant_a, other, "dianping")
    async with tenant_a.unit() as uow:
        claim = await get_claim(uow, claim_id)
        assert [(one.code, one.params.get("same")) for one in claim.failed] == [
            ("picture", "no"),
            ("link", "no"),
            ("no_visit", None),
        ]
        with pytest.raises(InvalidInput, match="reason: required"):
            await approve_claim(uow, claim_id=claim_id)
        with pytest.raises(InvalidInput, match="reason: too-long"):
            await approve_claim(uow, claim_id=claim_id, reason="长" * 501)
        assert (await approve_claim(uow, claim_id=claim_id, reason="一家人同一条评价")).state == "approved"


async def test_a_picture_that_looks_the_same_is_noticed(tenant_a: TestTenant, customer: UUID) -> None:
    await _file(tenant_a, customer)
    draft = ClaimDraft(platform="meituan", choice=0)
    async with tenant_a.unit() as uow:
        other = await add_person(uow, "李四")
        claim_id = await file_claim(uow, customer_id=other, draft=draft, picture=screenshot(size=(360, 270)))
        assert [one.code for one in (await get_claim(uow, claim_id)).failed] == ["alike", "no_visit"]


async def test_a_claim_says_what_is_wrong_with_it(tenant_a: TestTenant, customer: UUID) -> None:
    async with tenant_a.unit() as uow:
        with pytest.raises(InvalidInput, match="platform: required, link: link-or-picture, picture: required"):
            await file_claim(uow, customer_id=customer, draft=ClaimDraft(platform="yelp"))
        with pytest.raises(NotFound):
            await file_claim(uow, customer_id=UUID(int=1), draft=ClaimDraft(platform="dianping"))
        assert await list_claims(uow, customer_id=customer) == []


async def test_a_rejection_needs_a_reason(tenant_a: TestTenant, customer: UUID) -> None:
    claim_id = await _file(tenant_a, customer)
    async with tenant_a.unit() as uow:
        for reason, problem in ((" ", "required"), ("长" * 501, "too-long")):
            with pytest.raises(InvalidInput, match=f"reason: {problem}"):
                await reject_claim(uow, claim_id=claim_id, reason=reason)
        assert (await reject_claim(uow, claim_id=claim_id, reason="看不到日期")).reason == "看不到日期"


async def test_without_a_rule_no_review_is_taken_in(tenant_a: TestTenant, customer: UUID) -> None:
    await use_rules(tenant_a, msgspec.structs.replace(REVIEW, live=False))
    with pytest.raises(NoReviewRule):
        await _file(tenant_a, customer)


async def test_a_customers_address_to_show_a_review_ends(
    tenant_a: TestTenant, customer: UUID, clock: MovableClock
) -> None:
    async with tenant_a.unit() as uow:
        link = await give_review_link(uow, customer_id=customer)
        assert await give_review_link(uow, customer_id=customer) == link
        assert (await get_opened_link(uow, link.code)).customer_id == customer
        with pytest.raises(NotFound):
            await get_opened_link(uow, "nothing")
    clock.advance(days=15)
    async with tenant_a.unit() as uow:
        with pytest.raises(ReviewLinkOver):
            await get_opened_link(uow, link.code)
        assert (await give_review_link(uow, customer_id=customer)).code != link.code
