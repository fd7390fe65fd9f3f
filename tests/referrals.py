"""What tests of referrals, reviews and birthdays start from: a program with both rules, members, bills and pictures."""

import io
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from PIL import Image, ImageDraw

from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.db import new_id
from core.files.actions import Prepared, prepare
from core.hooks.records.loyalty.offers import Birthday, CouponTemplate, Referral, ReviewReward
from core.hooks.records.loyalty.parts import CouponReward, GiftReward, PointsReward
from core.loyalty.actions import record_purchase
from core.referrals.cases import sweep_referrals
from core.referrals.invitations import enter_code, give_referral_code
from core.referrals.queries import CaseRecord, get_case
from core.uow import UnitOfWork
from tenants.staff_list import WorkingStaff
from tests.rewards import put_program
from tests.workplaces import MovableClock, TestTenant

STAFF = WorkingStaff()
FIFTY = CouponTemplate(id="fifty", label="50 元优惠券", amount_fen=50_00, valid_months=6)
EXAM = CouponTemplate(id="exam", label="首次检查 8 折", pay_percent=80, categories=("examination",), valid_months=6)
BOTH_50 = Referral(
    id="both_50",
    group="referral",
    referrer=(CouponReward(template="fifty"),),
    referee=(CouponReward(template="fifty"),),
)
FIRST_EXAM = Referral(
    id="first_exam",
    group="referral",
    referrer=(PointsReward(points=100),),
    referee=(CouponReward(template="exam"),),
    referee_when="registered",
    min_fen=100_00,
)
REVIEW = ReviewReward(
    id="review",
    platforms=(("dianping", "点评网"), ("meituan", "美团")),
    choose_one_of=(CouponReward(template="fifty"), PointsReward(points=30)),
)
BIRTHDAY = Birthday(
    id="birthday",
    choose_one_of=(GiftReward(item="cake", label="生日蛋糕"), GiftReward(item="snack", label="零食")),
)


async def use_rules(tenant: TestTenant, *rules: Any) -> None:
    """Put a program with these rules, and the coupons that they name, in force."""
    await put_program(tenant, FIFTY, EXAM, *rules)


_numbers = iter(range(10_000, 99_999))


async def add_person(uow: UnitOfWork, name: str, *, phone: str = "", pets: tuple[SubjectDraft, ...] = ()) -> UUID:
    """Somebody with a phone of their own."""
    number = phone or f"+86139555{next(_numbers)}"
    draft = CustomerDraft(full_name=name, phones=(number,), subjects=pets)
    return await add_customer(uow, draft=draft, allow_duplicate=True)


def pet(name: str, birthday: date | None, **more: Any) -> SubjectDraft:
    """A dog with a birthday."""
    return SubjectDraft(name=name, kind="petclinic.pet", species="dog", birthday=birthday, **more)


async def refer(tenant: TestTenant, rule: Referral = BOTH_50) -> tuple[UUID, UUID, UUID]:
    """A member who brought a newcomer: (case, member, newcomer)."""
    await use_rules(tenant, rule)
    async with tenant.unit() as uow:
        member, newcomer = await add_person(uow, "王小明"), await add_person(uow, "李新")
        code = await give_referral_code(uow, customer_id=member)
        case_id = await enter_code(uow, customer_id=newcomer, text=code.short, staff=STAFF)
    return case_id, member, newcomer


async def buy(tenant: TestTenant, customer_id: UUID, fen: int = 200_00, at: datetime | None = None) -> UUID:
    """A paid bill."""
    async with tenant.unit() as uow:
        done = await record_purchase(uow, customer_id=customer_id, fen=fen, key=new_id().hex, occurred_at=at)
        return done.purchase_id


async def night(tenant: TestTenant, clock: MovableClock, days: float = 0) -> None:
    """Let so many days pass, then move on what is due."""
    clock.advance(timedelta(days=days))
    async with tenant.workplace.unit(tenant.id) as uow:
        while await sweep_referrals(uow, staff=STAFF):
            pass


async def case_of(tenant: TestTenant, case_id: UUID) -> CaseRecord:
    """The case as it stands."""
    async with tenant.unit() as uow:
        return await get_case(uow, case_id)


def screenshot(words: str = "dianping", size: tuple[int, int] = (400, 300)) -> Prepared:
    """A picture of a review; other words look different."""
    made = Image.new("RGB", (400, 300), "white")
    draw = ImageDraw.Draw(made)
    for number, letter in enumerate(words):
        draw.rectangle(
            (20 + 37 * number, 30, 45 + 37 * number, 30 + ord(letter) % 97 * 2), fill=(ord(letter) % 256, 40, 90)
        )
    buffer = io.BytesIO()
    made.resize(size).save(buffer, "PNG")
    return prepare(buffer.getvalue(), filename="review.png")
