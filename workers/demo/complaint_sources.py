"""Complaints of every source at the demo clinic: a post, a review, a notice, a letter, and two that may be one."""

from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

import msgspec

from core.complaints.actions.filing import Filed, file_complaint
from core.complaints.actions.joining import merge_complaints
from core.complaints.actions.mailing import receive_mail
from core.complaints.actions.parting import split_complaint
from core.complaints.rules.filing import Filing
from core.complaints.rules.letters import read_mail
from core.complaints.rules.sources import InPerson, PhoneCall, PlatformReview, RegulatorNotice, SocialPost
from core.scope import Actor
from core.tenancy.queries import list_branches
from core.uow import UnitOfWork
from tenants.work import Workplace

LETTER: Final = """From: =?utf-8?b?6ZmG5pmT5qKF?= <luxiaomei@example.com>
To: service@dongying.example
Subject: =?utf-8?b?5a+55a+E5YW75pyN5Yqh55qE5oqV6K+J?=
Message-ID: <boarding-20260302@example.com>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

你们好，我家布偶猫在你们那里寄养了五天，接回来时身上有三处抓伤，
寄养记录上一个字也没有。请给我一个说明，并承担检查费用。
陆晓梅 139 0546 7712
"""
# The longest are first: what is filed later comes to stand above it on the board.
FILED: Final[tuple[Filing, ...]] = (
    Filing(
        text="网友发帖称在本院给英短洗澡后耳朵发炎，配图两张，评论区有人附和",
        desired="希望院方公开说明",
        channel="social_media",
        source=SocialPost(
            platform="小红书", account="一只橘子皮", address="https://www.xiaohongshu.com/explore/65f0demo", reach=3400
        ),
    ),
    Filing(
        text="等了一个半小时没有人招呼，叫号系统一直没动",
        contact_name="点评用户_青禾",
        channel="review_platform",
        source=PlatformReview(
            platform="大众点评", stars=2, account="青禾妈妈", address="https://www.dianping.com/review/9081demo"
        ),
    ),
    Filing(
        text="停车指引不清楚，绕了两圈才找到入口",
        contact_name="马晓东",
        contact_phone="13905467721",
        channel="phone",
        source=PhoneCall(),
    ),
    Filing(
        text="院门口停车的指引牌看不清楚，绕了两圈找不到入口，另外洗手间没有洗手液",
        contact_name="马晓东",
        contact_phone="13905467721",
        channel="in_person",
        source=InPerson(place="前台"),
    ),
    Filing(
        text="打电话问报告三次都没有人接，请尽快回电",
        contact_name="贺佳",
        contact_phone="13905467733",
        channel="phone",
        source=PhoneCall(),
    ),
    Filing(
        text="问化验报告的电话三次都没有人接",
        contact_name="贺佳",
        contact_phone="13905467733",
        channel="phone",
        source=PhoneCall(),
    ),
)


class Clock(Protocol):
    """The clock of the seed."""

    back: timedelta


async def seed_complaint_sources(workplace: Workplace, clock: Clock, tenant_id: UUID, director: Actor) -> None:
    """File them once; the last two become one, and a part of the fourth a case of its own."""
    filed: list[Filed] = []
    for number, filing in enumerate((*FILED[:2], await _notice(workplace, tenant_id), *FILED[2:])):
        clock.back = timedelta(minutes=50 - 6 * number)
        async with workplace.unit(tenant_id, actor=director) as uow:
            filed.append(await file_complaint(uow, filing=await _placed(uow, filing), key=f"demo-source:{number}"))
        if filed[-1].replayed:
            clock.back = timedelta(0)
            return
    clock.back = timedelta(minutes=5)
    async with workplace.unit(tenant_id, actor=director) as uow:
        await receive_mail(uow, letter=read_mail(LETTER.encode()))
    async with workplace.unit(tenant_id, actor=director) as uow:
        await merge_complaints(
            uow, survivor_id=filed[5].complaint_id, loser_id=filed[6].complaint_id, reason="同一位客户为同一件事又来电"
        )
    async with workplace.unit(tenant_id, actor=director) as uow:
        await split_complaint(uow, complaint_id=filed[4].complaint_id, text="洗手间没有洗手液", key="demo-source:split")
    clock.back = timedelta(0)


async def _notice(workplace: Workplace, tenant_id: UUID) -> Filing:
    async with workplace.reading(tenant_id) as reader:
        today = reader.today
    return Filing(
        text="消费者反映该院疫苗价格与公示不一致，请核实并书面答复",
        channel="regulator",
        source=RegulatorNotice(
            authority="东营市市场监督管理局",
            case_number="东市监诉〔2026〕0317号",
            received_on=today,
            deadline=today + timedelta(days=12),
        ),
    )


async def _placed(uow: UnitOfWork, filing: Filing) -> Filing:
    return msgspec.structs.replace(filing, branch_id=(await list_branches(uow))[0].branch_id)
