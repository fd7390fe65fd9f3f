"""Which program is in force when several plugins offer one, when its plugin changes, and when two publish at once."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import msgspec
import pytest

from core.errors import Forbidden, NotFound
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.programs.actions import publish
from core.programs.choosing import pick_program, set_second_approver
from core.programs.drafts import save_draft, start_draft
from core.programs.news import get_news
from core.programs.queries import get_draft, get_ladder, get_program, list_offered, list_versions
from core.programs.refusals import DraftChanged, EffectNotSeen, NeedsApprover, NoDraft
from core.uow import UnitOfWork
from tenants.plugin_settings import disable_plugin, enable_plugin, get_settings_page, save_plugin_settings
from tenants.work import Workplace
from tests.plugins.test_form_extensions import with_host
from tests.programs import (
    draft_silver,
    facts_of,
    open_clinic,
    publish_silver,
    silver,
    silver_from,
    try_out,
)
from tests.workplaces import TestTenant

SHOP = Candidate("shop", "tests.actions.shop_club:plugin")
CLINIC = Candidate("petclinic", "plugins.petclinic:plugin")


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


async def _prefer_first_exam(clinic: TestTenant, uow: UnitOfWork) -> None:
    host = clinic.workplace.host
    page = await get_settings_page(uow, host, "petclinic")
    data = {"referral": "first_exam"}
    await save_plugin_settings(uow, host=host, plugin_id="petclinic", data=data, expected_version=page.version)


async def test_changed_settings_of_the_plugin_change_the_program_while_there_is_no_version(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        await _prefer_first_exam(clinic, uow)
    async with clinic.unit() as uow:
        program = await get_program(uow)
        assert program is not None
        assert {rule.id for rule in program.rules if rule.group == "referral" and rule.live} == {"referral_first_exam"}
        assert await get_news(uow) is None


async def test_with_a_version_the_plugins_newer_program_is_only_told(clinic: TestTenant) -> None:
    await publish_silver(clinic, 600)
    async with clinic.unit() as uow:
        assert await get_news(uow) is None
        await _prefer_first_exam(clinic, uow)
    async with clinic.unit() as uow:
        program, news = await get_program(uow), await get_news(uow)
        assert program is not None
        assert news is not None
        assert {rule.id for rule in program.rules if rule.group == "referral" and rule.live} == {"referral_both_50"}
        assert [(one.rule_id, one.fields[0].path) for one in news.changes] == [
            ("referral_both_50", "live"),
            ("referral_first_exam", "live"),
        ]
        assert silver(program.ladder) == 600


async def test_with_its_plugin_off_no_other_program_steps_in(clinic: TestTenant) -> None:
    await publish_silver(clinic, 600)
    async with clinic.unit() as uow:
        await disable_plugin(uow, plugin_id="petclinic")
    async with clinic.unit() as uow:
        assert await get_program(uow) is None
        await enable_plugin(uow, host=clinic.workplace.host, plugin_id="petclinic")
    async with clinic.unit() as uow:
        assert silver(await get_ladder(uow)) == 600


async def test_a_program_that_nobody_offers_cannot_be_picked(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        with pytest.raises(NotFound):
            await pick_program(uow, program_id="shop.club")
        await pick_program(uow, program_id="petclinic.members")
    async with clinic.unit("front_desk") as uow:
        with pytest.raises(Forbidden):
            await pick_program(uow, program_id="petclinic.members")
    async with clinic.unit() as uow:
        assert [one.id for one in list_offered(uow)] == ["petclinic.members"]


async def test_picking_another_program_needs_its_effect_shown_and_keeps_both_histories(tenant_a: TestTenant) -> None:
    tenant = await open_clinic(with_host(tenant_a, CLINIC, SHOP))
    async with tenant.unit() as uow:
        await enable_plugin(uow, host=tenant.workplace.host, plugin_id="shop")
    await publish_silver(tenant, 600)
    async with tenant.unit() as uow:
        club = next(one for one in list_offered(uow) if one.id == "shop.club")
        with pytest.raises(EffectNotSeen):
            await pick_program(uow, program_id="shop.club")
        seen = await try_out(uow, club)
        await set_second_approver(uow, wanted=True)
        with pytest.raises(NeedsApprover):
            await pick_program(uow, program_id="shop.club", effect_digest=seen)
        await set_second_approver(uow, wanted=False)
        await pick_program(uow, program_id="shop.club", effect_digest=seen)
    async with tenant.unit() as uow:
        ladder = await get_ladder(uow)
        assert ladder is not None
        assert [tier.code for tier in ladder.tiers] == ["club"]
        assert await list_versions(uow) == []
        assert [one.number for one in await list_versions(uow, program_id="petclinic.members")] == [1]


@pytest.fixture
async def committed(busy_tenant: TestTenant) -> TestTenant:
    return await open_clinic(busy_tenant)


async def test_of_two_who_publish_at_once_one_does_and_the_other_is_told(committed: TestTenant) -> None:
    for number in range(1, 4):
        async with committed.unit() as uow:
            revision = await draft_silver(uow, 500 + number)
            draft = await get_draft(uow)
            assert draft is not None
            seen = await try_out(uow, draft.program)

        async def once(role: str, revision: int = revision, seen: str = seen) -> int:
            async with committed.unit(role) as uow:
                facts = await facts_of(uow)
                return (await publish(uow, revision=revision, effect_digest=seen, facts=facts)).number

        done = await _both(once("director"), once("tenant_admin"))
        assert [one for one in done if not isinstance(one, BaseException)] == [number]
        assert [type(one) for one in done if isinstance(one, BaseException)] == [NoDraft]
    async with committed.unit() as uow:
        assert [one.number for one in await list_versions(uow)] == [3, 2, 1]


async def test_of_two_who_save_at_once_one_does_and_the_other_is_told(committed: TestTenant) -> None:
    async with committed.unit() as uow:
        opened = await start_draft(uow)

    async def save(role: str, yuan: int) -> int:
        async with committed.unit(role) as uow:
            program = silver_from(opened.program, yuan)
            return (await save_draft(uow, program=program, revision=opened.revision)).revision

    done = await _both(save("director", 600), save("tenant_admin", 700))
    assert [one for one in done if not isinstance(one, BaseException)] == [opened.revision + 1]
    assert [type(one) for one in done if isinstance(one, BaseException)] == [DraftChanged]


async def test_a_reader_in_another_process_sees_a_version_at_its_next_unit(committed: TestTenant) -> None:
    old = committed.workplace
    elsewhere = msgspec.structs.replace(
        committed, workplace=Workplace(old.database, old.bus, PluginHost.load(), old.clock)
    )
    async with elsewhere.unit() as uow:
        assert silver(await get_ladder(uow)) == 500
    await publish_silver(committed, 640)
    async with elsewhere.unit() as uow:
        assert silver(await get_ladder(uow)) == 640


async def _both(*work: Coroutine[Any, Any, int]) -> list[int | BaseException]:
    return await asyncio.gather(*work, return_exceptions=True)
