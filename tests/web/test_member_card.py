"""The member card on a phone: what its owner needs, nothing about them for whoever finds it, and gone when taken back."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from core.cards.actions import give_card, revoke_cards
from core.cards.queries import find_open_card
from core.cards.rules import given_name
from core.customers.actions import add_customer, join_household
from core.customers.rules.profile import CustomerDraft
from core.hooks.records.loyalty.offers import Referral
from core.hooks.records.loyalty.points import EarnRate, Lifetime
from core.loyalty.actions import grant_points, record_purchase
from core.merges.merging import merge_customers
from core.rewards.actions import issue_coupon, redeem_coupon
from core.rewards.rules.coupons import CouponItem
from tests.rewards import FIFTY, LADDER, REDEEM, put_program
from tests.webapp import Browser
from tests.workplaces import MovableClock, TestTenant

Client = Callable[..., Awaitable[Browser]]
EARN = EarnRate(
    id="earn", label={"zh-CN": "消费积分", "en": "Points"}, per_fen=1_00, points=1, lifetime=Lifetime(months=12)
)
NAME, PHONE = "欧阳小美", "+8613812346871"


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    await put_program(tenant_a, LADDER, EARN, REDEEM, FIFTY, Referral(id="friends"))
    return tenant_a


@pytest.fixture
async def member(clinic: TestTenant) -> UUID:
    async with clinic.unit() as uow:
        return await add_customer(uow, draft=CustomerDraft(full_name=NAME, phones=(PHONE,)))


async def _card(clinic: TestTenant, member: UUID) -> str:
    async with clinic.unit() as uow:
        return f"/v/{(await give_card(uow, customer_id=member)).code}"


@pytest.mark.parametrize(
    ("full", "given"),
    [
        ("王小明", "小明"),
        ("欧阳小美", "小美"),
        ("欧阳", "阳"),
        ("王", "王"),
        ("Alice Wang", "Alice"),
        ("", ""),
        ("Zoe", "Zoe"),
    ],
)
def test_a_card_says_the_given_name_only(full: str, given: str) -> None:
    assert given_name(full) == given


async def test_the_card_shows_tier_points_coupons_and_history_and_little_about_its_owner(
    client: Client, clinic: TestTenant, member: UUID
) -> None:
    async with clinic.unit("front_desk") as uow:
        await record_purchase(uow, customer_id=member, fen=600_00, key="bill", description="手术费用")
        await grant_points(uow, customer_id=member, points=30, key="g", reason="service: 等了一小时")
        coupon = await issue_coupon(uow, customer_id=member, template_id="fifty", key="c", source="desk")
    page = await (await client(None)).get(await _card(clinic, member))
    assert page.status_code == 200
    for words in (
        "小美",
        "6871",
        "Silver member",
        "¥1,400.00 to Gold member",
        "630",
        "600 points of them end on",
        "50 yuan",
    ):
        assert words in page.text, words
    assert f"{coupon.code[:4]}-{coupon.code[4:8]}-{coupon.code[8:]}" in page.text
    assert page.text.count('class="qr-code"') == 1
    for secret in (NAME, "13812346871", "138", "手术费用", "等了一小时", str(member)):
        assert secret not in page.text, secret
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex"


async def test_the_card_prints_with_its_coupons(client: Client, clinic: TestTenant, member: UUID) -> None:
    async with clinic.unit() as uow:
        await issue_coupon(uow, customer_id=member, template_id="fifty", key="c", source="desk")
    paper = await (await client(None)).get(await _card(clinic, member) + "/card.pdf")
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")


async def test_a_used_coupon_and_spent_points_leave_the_card(
    client: Client, clinic: TestTenant, member: UUID, clock: MovableClock
) -> None:
    phone, path = await client(None), await _card(clinic, member)
    async with clinic.unit() as uow:
        await record_purchase(uow, customer_id=member, fen=600_00, key="bill")
        coupon = await issue_coupon(uow, customer_id=member, template_id="fifty", key="c", source="desk")
        items = (CouponItem(fen=100_00),)
        await redeem_coupon(uow, customer_id=member, code=coupon.code, key="r", items=items)
    page = await phone.get(path)
    assert "No coupon right now" in page.text
    clock.advance(days=400)
    later = await phone.get(path)
    assert '<span class="points-now">0</span>' in later.text


async def test_a_card_that_was_taken_back_opens_nothing_and_a_new_one_has_another_address(
    client: Client, clinic: TestTenant, member: UUID
) -> None:
    phone, old = await client(None), await _card(clinic, member)
    assert await _card(clinic, member) == old, "two clicks make one card"
    async with clinic.unit("front_desk") as uow:
        assert await revoke_cards(uow, customer_id=member) == 1
        assert await revoke_cards(uow, customer_id=member) == 0
        assert await find_open_card(uow, member) is None
    gone = await phone.get(old)
    assert gone.status_code == 410
    assert "no longer valid" in gone.text
    assert (await phone.get(old + "/card.pdf")).status_code == 410
    new = await _card(clinic, member)
    assert new != old
    assert (await phone.get(new)).status_code == 200


async def test_codes_of_nobody_are_not_found_and_looking_too_often_is_slowed_down(
    client: Client, clinic: TestTenant, member: UUID
) -> None:
    phone, path = await client(None), await _card(clinic, member)
    assert (await phone.get(path[:-1] + ("a" if path[-1] != "a" else "b"))).status_code == 404
    answers = [(await phone.get(path)).status_code for _ in range(61)]
    assert answers[:60] == [200] * 60
    assert answers[60] == 429


async def test_after_a_merge_both_cards_open_the_one_who_stays(
    client: Client, clinic: TestTenant, member: UUID
) -> None:
    async with clinic.unit() as uow:
        twin = await add_customer(uow, draft=CustomerDraft(full_name="欧阳美"), allow_duplicate=True)
        await grant_points(uow, customer_id=twin, points=70, key="g", reason="开业")
    of_twin, own = await _card(clinic, twin), await _card(clinic, member)
    async with clinic.unit() as uow:
        await merge_customers(uow, winner_id=member, loser_id=twin)
    phone = await client(None)
    for path in (of_twin, own):
        page = await phone.get(path)
        assert page.status_code == 200
        assert '<span class="points-now">70</span>' in page.text


async def test_a_household_sees_what_it_has_together(client: Client, clinic: TestTenant, member: UUID) -> None:
    async with clinic.unit() as uow:
        mate = await add_customer(uow, draft=CustomerDraft(full_name="王大伟"))
        await join_household(uow, customer_id=member, other_id=mate)
        await grant_points(uow, customer_id=mate, points=50, key="g", reason="开业")
    page = await (await client(None)).get(await _card(clinic, member))
    assert "Together with your household: 50" in page.text
    assert "王大伟" not in page.text


async def test_the_desk_hands_the_card_over_and_takes_it_back(
    client: Client, clinic: TestTenant, member: UUID, clock: MovableClock
) -> None:
    desk = await client("front_desk")
    root = f"/t/{clinic.slug}/points/{member}"
    assert (await desk.send_form(f"{root}/card")).headers["location"] == f"{root}#card-link"
    path = await _card(clinic, member)
    card = await (await client(None)).get(path)
    assert "Bring a friend" in card.text
    assert "/i/" in card.text
    assert path in (await desk.get(root)).text
    assert path in (await desk.get(f"/t/{clinic.slug}/customers/{member}")).text
    clock.advance(seconds=1)
    assert (await desk.send_form(f"{root}/card/revoke")).status_code == 303
    assert path not in (await desk.get(root)).text
    assert (await (await client(None)).get(path)).status_code == 410
