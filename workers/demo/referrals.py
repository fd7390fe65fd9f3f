"""A chain that thanks: members who brought others, reviews that wait, birthdays of this week."""

import io
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

from PIL import Image, ImageDraw

from core.birthdays.actions import hand_over, open_gifts
from core.birthdays.queries import list_due_gifts
from core.customers.actions import add_customer, join_household
from core.customers.queries import list_customers
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.files.actions import prepare_aside
from core.loyalty.actions import record_purchase
from core.referrals.cases import sweep_referrals
from core.referrals.invitations import enter_code, give_referral_code, take_slip
from core.referrals.queries import find_rule, list_cases
from core.reviews.actions import ClaimDraft, approve_claim, file_claim, give_review_link
from core.scope import Actor
from core.uow import UnitOfWork
from tenants.staff_list import WorkingStaff
from tenants.work import Workplace

STAFF: Final = WorkingStaff()
# (name, phone, pet, days ago, yuan paid, one household with the member)
BROUGHT: Final[tuple[tuple[str, str, str, int, int, bool], ...]] = (
    ("谢雨欣", "13905461001", "奶酪", 20, 320, False),
    ("韩磊", "13905461002", "土豆", 18, 260, True),
    ("唐诗涵", "13905461003", "年年", 2, 180, False),
    ("曹骏", "13905461004", "闪电", 1, 0, False),
)
SHOWN: Final[tuple[tuple[str, str], ...]] = (
    ("医生讲解很细致，复诊也有提醒", "http://dpurl.cn/demo0001"),
    ("停车不太方便，但护士很耐心", "http://dpurl.cn/demo0002"),
    ("猫咪体检一次做完，报告当天出", "http://dpurl.cn/demo0003"),
)


class Clock(Protocol):
    """The movable clock of the seed."""

    back: timedelta


async def seed_referrals(workplace: Workplace, clock: Clock, tenant_id: UUID, director: Actor) -> None:
    """Make it once; a chain without a referral rule promises nothing."""
    async with workplace.reading(tenant_id, actor=director) as reader:
        if await find_rule(reader) is None or await list_cases(reader, limit=1):
            return
        members = await list_customers(reader, limit=5)
    member = members[0].customer_id
    async with workplace.unit(tenant_id, actor=director) as uow:
        for one in members[:3]:
            code = await give_referral_code(uow, customer_id=one.customer_id)
        code = await give_referral_code(uow, customer_id=member)
        await take_slip(uow, code=code.code, device_hash="demo")
    for name, phone, pet, days, yuan, together in BROUGHT:
        clock.back = timedelta(days=days)
        async with workplace.unit(tenant_id, actor=director) as uow:
            await _bring(uow, member, code.short, name, phone, pet, yuan, together=together)
    clock.back = timedelta(0)
    async with workplace.unit(tenant_id, actor=director) as uow:
        while await sweep_referrals(uow, staff=STAFF):
            pass
    async with workplace.unit(tenant_id) as uow:
        ids = [
            await file_claim(
                uow,
                customer_id=one.customer_id,
                draft=ClaimDraft(platform="dianping", text=f"{words} {link} 来自大众点评", choice=number % 2),
                picture=await prepare_aside(_picture(number), filename="screenshot.png"),
            )
            for number, (one, (words, link)) in enumerate(zip(members, SHOWN, strict=False))
        ]
    async with workplace.unit(tenant_id, actor=director) as uow:
        await approve_claim(uow, claim_id=ids[-1])
        await give_review_link(uow, customer_id=member)
        await _birthdays(uow)


async def _bring(
    uow: UnitOfWork, member: UUID, code: str, name: str, phone: str, pet: str, yuan: int, *, together: bool
) -> None:
    subject = SubjectDraft(name=pet, kind="petclinic.pet", species="dog")
    draft = CustomerDraft(full_name=name, phones=(f"+86{phone}",), subjects=(subject,))
    newcomer = await add_customer(uow, draft=draft, allow_duplicate=True)
    if together:
        await join_household(uow, customer_id=member, other_id=newcomer)
    await enter_code(uow, customer_id=newcomer, text=code, staff=STAFF)
    if yuan:
        await record_purchase(
            uow, customer_id=newcomer, fen=yuan * 100, key=f"demo:brought:{phone}", description="门诊"
        )


async def _birthdays(uow: UnitOfWork) -> None:
    """Three pets whose birthday is near; one gift was fetched."""
    today = uow.today
    for number, (name, pet) in enumerate((("沈佳宜", "布丁"), ("马天宇", "雪球"), ("贾静雯", "毛毛"))):
        day = today + timedelta(days=number * 2 - 1)
        born = day.replace(year=day.year - 3 - number, day=min(day.day, 28))
        subject = SubjectDraft(name=pet, kind="petclinic.pet", species="cat", birthday=born)
        draft = CustomerDraft(full_name=name, phones=(f"+861390546110{number}",), subjects=(subject,))
        await add_customer(uow, draft=draft, allow_duplicate=True)
    await open_gifts(uow)
    gifts = await list_due_gifts(uow)
    if gifts:
        await hand_over(uow, gift_id=gifts[0].gift_id, choice=0)


def _picture(number: int) -> bytes:
    """Something that looks like a screenshot: bars of text and stars."""
    made = Image.new("RGB", (360, 480), (250, 248, 244))
    draw = ImageDraw.Draw(made)
    draw.rectangle((0, 0, 360, 60), fill=((255, 99, 51), (255, 195, 0), (60, 140, 90))[number % 3])
    for star in range(5):
        draw.ellipse(
            (20 + 40 * star, 80, 50 + 40 * star, 110), fill=(255, 150, 60) if star < 5 - number else (220, 220, 220)
        )
    for line in range(9):
        width = 120 + (line * 67 + number * 91) % 210
        draw.rectangle((20, 140 + line * 34, 20 + width, 156 + line * 34), fill=(90, 90, 95))
    buffer = io.BytesIO()
    made.save(buffer, "PNG")
    return buffer.getvalue()
