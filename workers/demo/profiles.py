"""Profiles of the demo chains: tags, own fields, wishes, permissions, an own page, and requests about data."""

from typing import Final
from uuid import UUID

from core.contacts.actions import add_contact, record_consent
from core.customers.actions import add_customer
from core.customers.queries import get_customer, list_customers
from core.customers.rules.profile import CustomerDraft
from core.privacy.actions import ask, create_link, start_erasure
from core.privacy.rules import CONFIRM_WORDS
from core.profiles.actions import add_tag, set_preference, tag_customer
from core.profiles.fields import define_field, set_own_values
from core.profiles.queries import Preference, find_tags
from core.scope import Actor
from core.uow import UnitOfWork
from tenants.work import Workplace

TAGS: Final = (("老客户", "green"), ("怕狗", "amber"), ("繁育者", "violet"), ("需轻声沟通", "blue"))
GOODBYE: Final = CustomerDraft(full_name="已搬离的客户", phones=("+8613900000007",))
SPACE: Final = (("yard", {"zh-CN": "有院子", "en": "With a yard"}), ("flat", {"zh-CN": "公寓", "en": "Flat"}))


async def seed_profiles(workplace: Workplace, tenant_id: UUID, director: Actor) -> None:
    """Write the profiles once; a tenant that has a tag keeps what it has."""
    async with workplace.unit(tenant_id, actor=director) as uow:
        if await find_tags(uow, "", limit=1):
            return
        for name, colour in TAGS:
            await add_tag(uow, name=name, colour=colour)
        home = await define_field(
            uow,
            entity_type="customer",
            label={"zh-CN": "居住环境", "en": "Home"},
            kind="choice",
            options=SPACE,
            key="x_home",
        )
        await define_field(
            uow,
            entity_type="customer",
            label={"zh-CN": "推荐人", "en": "Recommended by"},
            kind="text",
            key="x_recommended_by",
        )
        people = [row.customer_id for row in await list_customers(uow, limit=4)]
        for number, customer_id in enumerate(people):
            await _fill(uow, customer_id, number, home)
        await _ask(uow, people)


async def _fill(uow: UnitOfWork, customer_id: UUID, number: int, home: str) -> None:
    await tag_customer(uow, customer_id=customer_id, name=TAGS[number % len(TAGS)][0])
    typed = {"children_at_home": "是" if number % 2 else "否", "spending": ("quality", "balanced")[number % 2]}
    typed[home] = ("yard", "flat")[number % 2]
    await set_own_values(uow, entity_type="customer", entity_id=customer_id, typed=typed)
    channel, moment = (("wechat", "evening"), ("phone", "morning"))[number % 2]
    await set_preference(
        uow, customer_id=customer_id, preference=Preference(channel=channel, contact_time=moment, locale="zh-CN")
    )
    if number == 0:
        await add_contact(uow, customer_id=customer_id, kind="wechat", value="doudou_mama", label="豆豆妈妈")
        await record_consent(uow, customer_id=customer_id, purpose="marketing", decision="granted", source="desk")
    if number == 1:
        await record_consent(uow, customer_id=customer_id, purpose="survey", decision="withdrawn", source="desk")


async def _ask(uow: UnitOfWork, people: list[UUID]) -> None:
    """An own page, a correction that waits, and an erasure that the worker does as soon as it runs."""
    with_phone = [one for one in people if (await get_customer(uow, one)).phones]
    for customer_id in with_phone[:1]:
        await create_link(uow, customer_id=customer_id, days=30)
        text = "请把豆豆的生日改成 2021 年 5 月 4 日。"
        await ask(uow, customer_id=customer_id, kind="correction", source="customer_page", text=text)
    gone = await add_customer(uow, draft=GOODBYE, allow_duplicate=True)
    request_id = await ask(uow, customer_id=gone, kind="erasure", source="staff", text="已搬离东营，请删除我的资料。")
    await start_erasure(uow, request_id=request_id, confirm=CONFIRM_WORDS[0])
