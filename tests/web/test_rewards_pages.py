"""Coupons and benefits on the customer's page and on a bill, without script; who may do what."""

import re
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx
import pytest

from core.loyalty.actions import grant_points, record_purchase
from core.rewards.actions import issue_coupon, redeem_coupon
from core.rewards.queries import find_named_clinician, list_coupons, list_grants
from core.rewards.rules.codes import show_code
from core.visits.actions.visits import give_link
from core.visits.queries.bills import find_bill
from core.visits.queries.visits import get_visit
from tests.rewards import ANNUAL, FIFTY, LADDER, REDEEM, put_program
from tests.visits import make_visit
from tests.web.forms import form_fields
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    await put_program(tenant_a, LADDER, REDEEM, ANNUAL, FIFTY)
    return tenant_a


@pytest.fixture
async def visit_id(clinic: TestTenant) -> UUID:
    """A visit of a gold member with 5,000 points."""
    visit_id = await make_visit(clinic)
    async with clinic.unit() as uow:
        whose = (await get_visit(uow, visit_id)).customer_id
        await record_purchase(uow, customer_id=whose, fen=2000_00, key="before")
        await grant_points(uow, customer_id=whose, points=5_000, key="gift", reason="开业")
    return visit_id


async def _whose(clinic: TestTenant, visit_id: UUID) -> UUID:
    async with clinic.unit() as uow:
        return (await get_visit(uow, visit_id)).customer_id


def _where(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text[:3000]
    return str(answer.headers["location"]).partition("#")[0]


async def test_the_desk_gives_a_coupon_with_a_reason_shows_its_code_and_makes_it_void(
    client: Client, clinic: TestTenant, visit_id: UUID
) -> None:
    whose, desk = await _whose(clinic, visit_id), await client("front_desk")
    page = await desk.get(f"/t/{clinic.slug}/customers/{whose}")
    fields: dict[str, object] = {
        name: value[0] for name, value in form_fields(page.text, "give-coupon").items() if value
    }
    path = f"/t/{clinic.slug}/customers/{whose}/coupons"
    refused = await desk.send_form(path, fields | {"template": "fifty", "reason": " "})
    assert refused.status_code == 422
    assert "Say in a few words what for" in refused.text
    assert (await desk.send_form(path, fields | {"template": "gone", "reason": "道歉"})).status_code == 422
    sent = fields | {"template": "fifty", "reason": "等太久"}
    here = _where(await desk.send_form(path, sent))
    assert _where(await desk.send_form(path, sent)) == here, "a double click gives one coupon"
    async with clinic.unit() as uow:
        (coupon,) = await list_coupons(uow, whose)
    shown = await desk.get(here)
    assert show_code(coupon.code) in shown.text
    assert "<svg" in shown.text
    assert "等太久" in shown.text
    assert (await desk.send_form(f"{here}/void", {"reason": ""})).status_code == 422
    _where(await desk.send_form(f"{here}/void", {"reason": "发错人"}))
    shown = await desk.get(here)
    assert "发错人" in shown.text
    assert "void-coupon" not in shown.text
    listed = await desk.get(f"/t/{clinic.slug}/customers/{whose}?kind=rewards")
    assert "Coupon made void" in listed.text


async def test_a_benefit_is_used_now_and_given_back_by_undo(client: Client, clinic: TestTenant, visit_id: UUID) -> None:
    whose, desk = await _whose(clinic, visit_id), await client("front_desk")
    page = await desk.get(f"/t/{clinic.slug}/customers/{whose}")
    assert "Free check-up" in page.text
    async with clinic.unit() as uow:
        grants = await list_grants(uow, whose, tier="gold")
    free = next(one for one in grants if one.service == "E01")
    sent: dict[str, object] = {"service": "E01", "subject_id": str(free.subject_id), "key": "one"}
    for _ in range(2):
        _where(await desk.send_form(f"/t/{clinic.slug}/customers/{whose}/benefits", sent))
    page = await desk.get(f"/t/{clinic.slug}/customers/{whose}")
    back = re.search(r"/t/[a-z]+/benefit-uses/[0-9a-f-]+/back", page.text)
    assert back is not None, "the message offers to take it back"

    async def left() -> int | None:
        async with clinic.unit() as uow:
            found = await list_grants(uow, whose, tier="gold")
            return next(one.left for one in found if one.service == "E01")

    assert await left() == 1
    for _ in range(2):
        _where(await desk.send_form(back[0], {}))
    assert await left() == 2
    wrong = await desk.send_form(f"/t/{clinic.slug}/customers/{whose}/benefits", {"service": "none"})
    assert (wrong.status_code, "promise no such service" in wrong.text) == (422, True)


async def test_a_doctor_is_named_for_a_gold_member(client: Client, clinic: TestTenant, visit_id: UUID) -> None:
    whose, desk = await _whose(clinic, visit_id), await client("front_desk")
    path = f"/t/{clinic.slug}/customers/{whose}/clinician"
    doctor = str(clinic.staff["doctor"].id)
    _where(await desk.send_form(path, {"staff_id": doctor}))
    async with clinic.unit() as uow:
        assert await find_named_clinician(uow, whose) == clinic.staff["doctor"].id
    assert (await desk.send_form(path, {"staff_id": str(clinic.staff["front_desk"].id)})).status_code == 422
    _where(await desk.send_form(path, {"staff_id": ""}))


async def test_a_bill_takes_coupon_benefit_and_points_and_shows_every_step_to_staff_and_customer(
    client: Client, clinic: TestTenant, visit_id: UUID
) -> None:
    whose, desk = await _whose(clinic, visit_id), await client("front_desk")
    async with clinic.unit() as uow:
        coupon = await issue_coupon(uow, customer_id=whose, template_id="fifty", key="k", source="desk")
    here = f"/t/{clinic.slug}/visits/{visit_id}"
    for item in ("S01", "E01"):
        _where(await desk.send_form(f"{here}/bill/lines", {"item": item}))
    page = await desk.get(here)
    value = re.search(r'name="benefit" value="([^"]+)"', page.text)
    assert value is not None, "the check-up fits the line"
    for path, name, bad in (
        ("coupons", "code", "2222-2222"),
        ("benefits", "benefit", "x"),
        ("points", "points", "abc"),
        ("points", "points", "150"),
    ):
        answer = await desk.send_form(f"{here}/bill/{path}", {name: bad})
        assert answer.status_code == 422, path
    _where(await desk.send_form(f"{here}/bill/benefits", {"benefit": value[1]}))
    _where(await desk.send_form(f"{here}/bill/coupons", {"code": show_code(coupon.code).lower()}))
    again = await desk.send_form(f"{here}/bill/coupons", {"coupon_id": str(coupon.coupon_id)})
    assert "This is on the bill already" in again.text
    _where(await desk.send_form(f"{here}/bill/points", {"points": "1000"}))
    page = await desk.get(here)
    assert "How this total comes about" in page.text
    remove = list(dict.fromkeys(re.findall(rf"{here}/bill/choices/[0-9a-f-]+/remove", page.text)))
    assert len(remove) == 3
    _where(await desk.send_form(remove[2], {}))
    _where(await desk.send_form(f"{here}/bill/points", {"points": "1000"}))
    _where(await desk.send_form(f"{here}/bill/finalise", {}))
    async with clinic.unit() as uow:
        bill = await find_bill(uow, visit_id)
        assert bill is not None
        assert bill.total_fen == 800_00 - 50_00 - 10_00
        code = (await give_link(uow, visit_id=visit_id)).code
    page = await desk.get(here)
    for words in ("Member discount", "Free check-up", "50 yuan", "1,000 points"):
        assert words in page.text
    phone = await client(None)
    await phone.post("/preferences/language", data={"locale": "zh_CN", "next": f"/b/{code}"})
    public = await phone.get(f"/b/{code}")
    for words in ("合计是怎么算出来的", "会员折扣", "免费体检", "五十元券"):
        assert words in public.text
    paper = await phone.get(f"/b/{code}/bill.pdf")
    assert paper.content.startswith(b"%PDF")


async def test_who_may_only_look_sees_no_buttons(client: Client, clinic: TestTenant, visit_id: UUID) -> None:
    whose, doctor = await _whose(clinic, visit_id), await client("doctor")
    page = await doctor.get(f"/t/{clinic.slug}/customers/{whose}")
    assert "give-coupon" not in page.text
    refused = await doctor.send_form(f"/t/{clinic.slug}/customers/{whose}/coupons", {"template": "fifty"})
    assert refused.status_code == 403


async def test_a_coupon_used_elsewhere_meanwhile_takes_no_money_and_says_what_to_do(
    client: Client, clinic: TestTenant, visit_id: UUID
) -> None:
    whose, desk = await _whose(clinic, visit_id), await client("front_desk")
    here = f"/t/{clinic.slug}/visits/{visit_id}"
    async with clinic.unit() as uow:
        coupon = await issue_coupon(uow, customer_id=whose, template_id="fifty", key="k", source="desk")
    _where(await desk.send_form(f"{here}/bill/lines", {"item": "S01"}))
    _where(await desk.send_form(f"{here}/bill/coupons", {"coupon_id": str(coupon.coupon_id)}))
    _where(await desk.send_form(f"{here}/bill/finalise", {}))
    async with clinic.unit() as uow:
        await redeem_coupon(uow, customer_id=whose, coupon_id=coupon.coupon_id, key="other", fen=50_00)
    money: dict[str, object] = {"method": ["cash"], "amount": ["750"], "detail": [""], "explained": "true", "key": "k"}
    answer = await desk.send_form(f"{here}/bill/payments", money)
    assert answer.status_code == 409
    assert "Void the bill and write it again" in answer.text
    async with clinic.unit() as uow:
        bill = await find_bill(uow, visit_id)
        assert bill is not None
        assert (bill.paid_fen, bill.state) == (0, "final")
