"""The points desk: who stands there, what they hold, giving, paying, coupons; twice is once, and errors keep what was typed."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from core.cards.actions import give_card
from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from core.customers.actions import add_customer, join_household
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.hooks.records.loyalty.offers import CouponTemplate, Goodwill, RoleLimit
from core.hooks.records.loyalty.points import EarnRate
from core.loyalty.actions import grant_points, record_purchase
from core.loyalty.movements import list_movements
from core.loyalty.queries import get_membership, get_wallet
from core.rewards.actions import issue_coupon
from core.rewards.queries.coupons import get_coupon
from tests.rewards import FIFTY, LADDER, REDEEM, put_program
from tests.webapp import Browser
from tests.workplaces import MovableClock, TestTenant

Client = Callable[..., Awaitable[Browser]]
EARN = EarnRate(id="earn", label={"zh-CN": "消费积分", "en": "Points for spending"}, per_fen=1_00, points=1)
DRUGS = CouponTemplate(
    id="drugs", label={"zh-CN": "药品八折", "en": "Drugs"}, pay_percent=80, categories=("drug",), min_spend_fen=100_00
)
_KEY = re.compile(r'name="key" value="([0-9a-f]{32})"')


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    await put_program(tenant_a, LADDER, EARN, REDEEM, FIFTY, DRUGS)
    return tenant_a


@pytest.fixture
async def member(clinic: TestTenant) -> UUID:
    pet = SubjectDraft(name="豆豆", kind="petclinic.pet", species="dog")
    async with clinic.unit() as uow:
        draft = CustomerDraft(full_name="欧阳小美", phones=("+8613812346871",), subjects=(pet,))
        return await add_customer(uow, draft=draft)


def _path(clinic: TestTenant, member: UUID | None = None, rest: str = "") -> str:
    return f"/t/{clinic.slug}/points" + (f"/{member}{rest}" if member else rest)


async def _balance(clinic: TestTenant, member: UUID) -> int:
    async with clinic.unit() as uow:
        return (await get_wallet(uow, member)).balance


async def _give(clinic: TestTenant, member: UUID, points: int, key: str = "start") -> None:
    async with clinic.unit() as uow:
        await grant_points(uow, customer_id=member, points=points, key=key, reason="开业")


def _key_of(page: httpx.Response, form: str) -> str:
    found = _KEY.search(page.text.partition(f'id="{form}"')[2])
    assert found is not None, f"no key in {form}"
    return found[1]


async def test_the_tail_of_the_phone_the_pet_and_the_name_lead_to_the_member(
    client: Client, clinic: TestTenant, member: UUID
) -> None:
    desk = await client("front_desk")
    for text in ("6871", "豆豆", "欧阳", "ouyang"):
        found = await desk.get(_path(clinic), params={"q": text})
        assert (found.status_code, found.headers.get("location")) == (303, _path(clinic, member)), text
    none = await desk.get(_path(clinic), params={"q": "0000"})
    assert "Nobody found" in none.text


async def test_several_people_are_offered_for_choice(client: Client, clinic: TestTenant, member: UUID) -> None:
    async with clinic.unit() as uow:
        other = await add_customer(uow, draft=CustomerDraft(full_name="李四", phones=("+8613900006871",)))
    page = await (await client("front_desk")).get(_path(clinic), params={"q": "6871"})
    assert _path(clinic, member) in page.text
    assert _path(clinic, other) in page.text


async def test_a_card_or_coupon_that_is_scanned_leads_to_its_member(
    client: Client, clinic: TestTenant, member: UUID
) -> None:
    desk = await client("front_desk")
    async with clinic.unit() as uow:
        card = await give_card(uow, customer_id=member)
        coupon = await issue_coupon(uow, customer_id=member, template_id="fifty", key="c", source="desk")
    by_card = await desk.get(_path(clinic), params={"q": f"https://anxin.test/v/{card.code}"})
    assert by_card.headers["location"] == _path(clinic, member)
    by_coupon = await desk.get(_path(clinic), params={"q": coupon.code.lower()})
    assert by_coupon.headers["location"] == _path(clinic, member, f"?coupon={coupon.code}#coupon")


async def test_the_panel_shows_tier_points_coupons_benefits_and_the_household(
    client: Client, clinic: TestTenant, member: UUID
) -> None:
    async with clinic.unit() as uow:
        mate = await add_customer(uow, draft=CustomerDraft(full_name="王大伟", phones=("+8613900001111",)))
        await join_household(uow, customer_id=member, other_id=mate)
        await record_purchase(uow, customer_id=member, fen=600_00, key="bill")
        await grant_points(uow, customer_id=mate, points=50, key="mate", reason="开业")
        await issue_coupon(uow, customer_id=member, template_id="fifty", key="c", source="desk")
    page = await (await client("front_desk")).get(_path(clinic, member))
    for words in ("Silver member", "¥1,400.00", "600", "650", "王大伟", "50 yuan", "豆豆", "Points for spending"):
        assert words in page.text, words


async def test_points_are_given_with_a_reason_and_a_second_click_gives_nothing(
    client: Client, clinic: TestTenant, member: UUID
) -> None:
    desk = await client("front_desk")
    key = _key_of(await desk.get(_path(clinic, member)), "grant-points")
    form: dict[str, object] = {"points": "１００", "why": "service", "text": "等了一小时", "key": key}
    for _ in range(2):
        assert (await desk.send_form(_path(clinic, member, "/grant"), dict(form))).status_code == 303
    assert await _balance(clinic, member) == 100
    page = await desk.get(_path(clinic, member))
    assert "To make up for something · 等了一小时" in page.text
    other = await desk.send_form(_path(clinic, member, "/grant"), form | {"points": "200"})
    assert other.status_code == 422
    assert "sent before with something else" in other.text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"points": "viele", "why": "thanks"}, "Write a whole number"),
        ({"points": "0", "why": "thanks"}, "above zero"),
        ({"points": "10.5", "why": "thanks"}, "Write a whole number"),
        ({"points": "10", "why": ""}, "Choose one of the answers"),
        ({"points": "10", "why": "other"}, "Say in a few words"),
        ({"points": "10", "why": "thanks", "text": "很" * 300}, "At most 200 characters"),
    ],
)
async def test_what_cannot_be_given_says_so_and_keeps_what_was_typed(
    client: Client, clinic: TestTenant, member: UUID, form: dict[str, str], words: str
) -> None:
    answer = await (await client("front_desk")).send_form(_path(clinic, member, "/grant"), dict(form))
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{form["points"]}"' in answer.text
    assert await _balance(clinic, member) == 0


async def test_a_gift_can_be_undone_for_some_minutes_and_only_while_it_is_whole(
    client: Client, clinic: TestTenant, member: UUID, clock: MovableClock
) -> None:
    desk = await client("front_desk")
    await _give(clinic, member, 300)
    async with clinic.unit() as uow:
        gift = (await list_movements(uow, member))[0]
    form: dict[str, object] = {"entry_id": str(gift.entry_id)}
    assert "Undo" in (await desk.get(_path(clinic, member))).text
    for _ in range(2):
        assert (await desk.send_form(_path(clinic, member, "/undo"), form)).status_code == 303
    assert await _balance(clinic, member) == 0
    async with clinic.unit() as uow:
        taken = (await list_movements(uow, member))[0]
        assert (taken.kind, taken.points, taken.of_entry_id) == ("reversal", -300, gift.entry_id)
    await _give(clinic, member, 300, key="later")
    clock.advance(minutes=16)
    async with clinic.unit() as uow:
        late = (await list_movements(uow, member))[0]
    await desk.send_form(_path(clinic, member, "/undo"), {"entry_id": str(late.entry_id)})
    assert await _balance(clinic, member) == 300


async def test_points_that_were_spent_are_not_undone(client: Client, clinic: TestTenant, member: UUID) -> None:
    desk = await client("front_desk")
    await _give(clinic, member, 300)
    async with clinic.unit() as uow:
        gift = (await list_movements(uow, member))[0]
    await desk.send_form(_path(clinic, member, "/redeem"), {"bill": "50", "points": "100", "key": "k"})
    answer = await desk.send_form(_path(clinic, member, "/undo"), {"entry_id": str(gift.entry_id)})
    assert answer.status_code == 303
    assert "spent already" in (await desk.get(_path(clinic, member))).text
    assert await _balance(clinic, member) == 200


async def test_a_quote_comes_first_and_writes_nothing(client: Client, clinic: TestTenant, member: UUID) -> None:
    desk = await client("front_desk")
    await _give(clinic, member, 450)
    page = await desk.get(_path(clinic, member), params={"bill": "128", "spend": ""})
    assert "400 points pay ¥4.00" in page.text.replace("&nbsp;", " ")
    assert "¥124.00 of the bill is left to pay, 50 points stay." in page.text
    odd = await desk.get(_path(clinic, member), params={"bill": "128", "spend": "150"})
    assert "steps of 100" in odd.text
    bad = await desk.get(_path(clinic, member), params={"bill": "abc", "spend": "1.5"})
    assert 'value="abc"' in bad.text
    assert "is no amount" in bad.text
    assert await _balance(clinic, member) == 450


async def test_points_pay_once_and_come_back_once(client: Client, clinic: TestTenant, member: UUID) -> None:
    desk = await client("front_desk")
    await _give(clinic, member, 450)
    key = _key_of(await desk.get(_path(clinic, member), params={"bill": "128"}), "redeem-points")
    form: dict[str, object] = {"bill": "128", "points": "400", "key": key}
    for _ in range(2):
        assert (await desk.send_form(_path(clinic, member, "/redeem"), dict(form))).status_code == 303
    assert await _balance(clinic, member) == 50
    async with clinic.unit() as uow:
        burn = (await list_movements(uow, member))[0]
    for _ in range(2):
        await desk.send_form(_path(clinic, member, "/give-back"), {"entry_id": str(burn.entry_id)})
    assert await _balance(clinic, member) == 450


async def test_what_changed_since_the_quote_is_quoted_anew(client: Client, clinic: TestTenant, member: UUID) -> None:
    desk = await client("front_desk")
    await _give(clinic, member, 100)
    answer = await desk.send_form(_path(clinic, member, "/redeem"), {"bill": "128", "points": "400", "key": "k"})
    assert answer.status_code == 409
    assert "only 100 points" in answer.text
    assert 'value="128"' in answer.text
    nothing = await desk.send_form(_path(clinic, member, "/redeem"), {"bill": "", "points": "", "key": "k"})
    assert nothing.status_code == 422


async def test_a_coupon_is_looked_at_then_redeemed_once(client: Client, clinic: TestTenant, member: UUID) -> None:
    desk = await client("front_desk")
    async with clinic.unit() as uow:
        coupon = await issue_coupon(uow, customer_id=member, template_id="fifty", key="c", source="desk")
    look = await desk.get(_path(clinic, member), params={"coupon": coupon.code, "coupon_bill": ""})
    assert "It fits. Type the bill" in look.text
    page = await desk.get(_path(clinic, member), params={"coupon": coupon.code, "coupon_bill": "128"})
    assert "¥50.00 off · ¥78.00 is left to pay" in page.text
    form: dict[str, object] = {"coupon": coupon.code, "bill": "128", "key": _key_of(page, "redeem-coupon")}
    for _ in range(2):
        assert (await desk.send_form(_path(clinic, member, "/coupon"), dict(form))).status_code == 303
    async with clinic.unit() as uow:
        assert (await get_coupon(uow, coupon.coupon_id)).used == 1
    again = await desk.send_form(_path(clinic, member, "/coupon"), form | {"key": "another"})
    assert again.status_code == 409
    assert "It was used already" in again.text


async def test_a_coupon_that_does_not_fit_says_why(client: Client, clinic: TestTenant, member: UUID) -> None:
    desk = await client("front_desk")
    async with clinic.unit() as uow:
        drugs = await issue_coupon(uow, customer_id=member, template_id="drugs", key="d", source="desk")
        other = await add_customer(uow, draft=CustomerDraft(full_name="李四"))
        theirs = await issue_coupon(uow, customer_id=other, template_id="fifty", key="o", source="desk")
    small = await desk.get(_path(clinic, member), params={"coupon": drugs.code, "coupon_bill": "80"})
    assert "it asks for ¥100.00" in small.text
    fits = await desk.get(_path(clinic, member), params={"coupon": drugs.code, "coupon_bill": "200"})
    assert "¥40.00 off" in fits.text
    foreign = await desk.get(_path(clinic, member), params={"coupon": theirs.code})
    assert "belongs to somebody else" in foreign.text
    unknown = await desk.get(_path(clinic, member), params={"coupon": "AAAA-BBBB-CCCC"})
    assert "No coupon has this code" in unknown.text
    assert 'value="AAAA-BBBB-CCCC"' in unknown.text


async def test_more_than_the_limit_waits_for_somebody_else(client: Client, clinic: TestTenant, member: UUID) -> None:
    limits = (RoleLimit(role="front_desk", max_fen=2_00), RoleLimit(role="director", max_fen=50_00))
    await put_program(clinic, LADDER, REDEEM, Goodwill(id="goodwill", limits=limits))
    desk = await client("front_desk")
    form: dict[str, object] = {"points": "300", "why": "service", "text": "", "key": "k"}
    for _ in range(2):
        assert (await desk.send_form(_path(clinic, member, "/grant"), dict(form))).status_code == 303
    assert await _balance(clinic, member) == 0
    waiting = await desk.get(_path(clinic))
    assert "Somebody else has to decide this" in waiting.text
    director = await client("director")
    held = re.search(r"/points/held/([0-9a-f-]{36})/grant", (await director.get(_path(clinic))).text)
    assert held is not None
    assert (await desk.send_form(_path(clinic, rest=f"/held/{held[1]}/grant"))).status_code == 403
    assert (await director.send_form(_path(clinic, rest=f"/held/{held[1]}/grant"))).status_code == 303
    assert (await director.send_form(_path(clinic, rest=f"/held/{held[1]}/grant"))).status_code == 409
    assert await _balance(clinic, member) == 300


async def test_goodwill_names_its_complaint_and_waits_for_somebody_whose_limit_is_higher(
    client: Client, clinic: TestTenant, member: UUID
) -> None:
    limits = (
        RoleLimit(role="front_desk", max_fen=2_00),
        RoleLimit(role="team_leader", max_fen=2_50),
        RoleLimit(role="director", max_fen=50_00),
    )
    await put_program(clinic, LADDER, REDEEM, Goodwill(id="goodwill", limits=limits, max_fen_per_complaint=4_00))
    async with clinic.unit() as uow:
        case = (await file_complaint(uow, filing=Filing(text="等太久", customer_id=member))).complaint_id
    desk, director = await client("front_desk"), await client("director")
    assert "Because of a complaint" in (await desk.get(_path(clinic, member))).text
    form: dict[str, object] = {"points": "300", "why": "service", "complaint": str(case), "key": "k"}
    for odd in ("nobody", str(member)):
        wrong = await desk.send_form(_path(clinic, member, "/grant"), form | {"complaint": odd})
        assert wrong.status_code == 422
        assert "Choose one of the answers" in wrong.text
    assert (await desk.send_form(_path(clinic, member, "/grant"), dict(form))).status_code == 303
    assert await _balance(clinic, member) == 0
    held = re.search(r"/points/held/([0-9a-f-]{36})/grant", (page := await director.get(_path(clinic))).text)
    assert held is not None
    assert f"/complaints/{case}" in page.text
    assert "Complaint C-1" in page.text
    lead = await client("team_leader")
    assert (await lead.send_form(_path(clinic, rest=f"/held/{held[1]}/grant"))).status_code == 303
    assert "250 points yourself" in (await lead.get(_path(clinic))).text
    assert await _balance(clinic, member) == 0
    assert (await director.send_form(_path(clinic, rest=f"/held/{held[1]}/grant"))).status_code == 303
    assert await _balance(clinic, member) == 300
    full = await desk.send_form(_path(clinic, member, "/grant"), form | {"points": "200", "key": "l"})
    assert full.status_code == 422
    assert "may bring ¥1.00 more" in full.text.replace("&nbsp;", " ")
    less = await desk.send_form(_path(clinic, member, "/grant"), form | {"points": "100", "key": "l"})
    assert less.status_code == 303
    async with clinic.unit() as uow:
        newest = (await list_movements(uow, member))[0]
        assert (newest.kind, newest.points) == ("goodwill", 100)
    assert "Goodwill" in (await desk.get(_path(clinic, member))).text


async def test_who_approves_is_asked_once_more_above_the_limit(
    client: Client, clinic: TestTenant, member: UUID
) -> None:
    lead = await client("team_leader")
    form: dict[str, object] = {"points": "5000", "why": "thanks", "key": "k"}
    asked = await lead.send_form(_path(clinic, member, "/grant"), dict(form))
    assert asked.status_code == 422
    assert "Tick it if you mean it" in asked.text
    assert (await lead.send_form(_path(clinic, member, "/grant"), form | {"confirm": "true"})).status_code == 303
    assert await _balance(clinic, member) == 5000


async def test_a_tier_is_pinned_with_an_end_and_a_reason(
    client: Client, clinic: TestTenant, member: UUID, clock: MovableClock
) -> None:
    lead = await client("team_leader")
    until = (clock() + timedelta(days=30)).date().isoformat()
    empty = await lead.send_form(_path(clinic, member, "/tier"), {"tier": "gold", "until": until, "reason": ""})
    assert empty.status_code == 422
    past = await lead.send_form(
        _path(clinic, member, "/tier"), {"tier": "gold", "until": "2020-01-01", "reason": "老客户"}
    )
    assert past.status_code == 422
    assert 'value="老客户"' in past.text
    done = await lead.send_form(_path(clinic, member, "/tier"), {"tier": "gold", "until": until, "reason": "老客户"})
    assert done.status_code == 303
    async with clinic.unit() as uow:
        card = await get_membership(uow, member)
        assert card.tier is not None
        assert card.tier.code == "gold"
    desk = await client("front_desk")
    assert "Set by hand until" in (await desk.get(_path(clinic, member))).text
    assert (await desk.send_form(_path(clinic, member, "/tier"), {"tier": "gold"})).status_code == 403


async def test_movements_go_on_by_keyset_and_leave_as_a_list(client: Client, clinic: TestTenant, member: UUID) -> None:
    async with clinic.unit() as uow:
        for number in range(25):
            await grant_points(uow, customer_id=member, points=number + 1, key=f"g{number}", reason="=cmd()")
    desk = await client("front_desk")
    page = await desk.get(_path(clinic, member))
    assert page.text.count('id="entry-') == 20
    more = re.search(r'href="([^"]*before=[^"]+)"', page.text)
    assert more is not None
    rest = await desk.get(more[1].replace("&amp;", "&"), headers={"hx-request": "true", "hx-request-type": "partial"})
    assert rest.text.count('id="entry-') == 5
    taken = await desk.send_form(_path(clinic, member, "/export"))
    assert taken.headers["content-type"].startswith("text/csv")
    lines = taken.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 26
    assert not any(",=cmd" in line for line in lines), "a formula must stay a text"


async def test_a_doctor_looks_but_does_not_touch(client: Client, clinic: TestTenant, member: UUID) -> None:
    doctor = await client("doctor")
    page = await doctor.get(_path(clinic, member))
    assert page.status_code == 200
    assert "Give points" not in page.text
    assert (
        await doctor.send_form(_path(clinic, member, "/grant"), {"points": "1", "why": "thanks"})
    ).status_code == 403
