"""A program is changed in a draft, published with its effect shown, and never changed after that."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from core.errors import InvalidInput, NotFound
from core.loyalty.actions import record_purchase
from core.programs.actions import publish, roll_back, withdraw_version
from core.programs.choosing import IN_FORCE_TASK
from core.programs.drafts import (
    discard_draft,
    start_draft,
    toggle_rule,
)
from core.programs.queries import (
    get_draft,
    get_effect,
    get_ladder,
    get_live,
    get_program,
    get_version,
    get_version_id,
    get_version_number,
    list_names,
    list_versions,
)
from core.programs.refusals import (
    EffectNotSeen,
    LowersTiers,
    NoDraft,
    NoProgram,
    NothingToPublish,
    VersionBegun,
    VersionPlanned,
)
from core.programs.rules.digests import digest
from tests.programs import (
    add_member,
    draft_silver,
    facts_of,
    go_back,
    open_clinic,
    publish_draft,
    publish_silver,
    silver,
    try_out,
)
from tests.workplaces import MovableClock, TestTenant

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


async def test_without_a_version_the_plugins_program_is_in_force(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        program = await get_program(uow)
        assert program is not None
        assert program.id == "petclinic.members"
        assert await get_version_number(uow) == 0
        assert await get_version_id(uow) == digest(program)
        assert await list_versions(uow) == []
        assert await get_draft(uow) is None


async def test_a_tenant_without_a_loyalty_plugin_has_no_program_to_change(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        assert await get_program(uow) is None
        assert await get_version_id(uow) == ""
        with pytest.raises(NoProgram):
            await start_draft(uow)


async def test_a_published_draft_is_in_force_from_the_next_unit_on(clinic: TestTenant) -> None:
    version = await publish_silver(clinic, 600)
    assert (version.number, version.state, version.author_name) == (1, "in-force", "director")
    async with clinic.unit() as uow:
        assert silver(await get_ladder(uow)) == 600
        assert await get_version_number(uow) == 1
        assert await get_version_id(uow) == version.digest
        assert await list_names(uow) == {version.digest: 1}
        assert await get_draft(uow) is None
        _, program, effect = await get_version(uow, 1)
        assert silver(program.ladder) == 600
        assert effect["digest"] == version.digest


async def test_before_the_first_version_began_the_plugins_rules_hold(clinic: TestTenant, clock: MovableClock) -> None:
    await publish_silver(clinic, 600)
    before = clock() - timedelta(seconds=1)
    async with clinic.unit() as uow:
        assert silver(await get_ladder(uow, before)) == 500
        assert await get_version_number(uow, before) == 0


async def test_an_entry_of_the_ledger_names_the_version_it_was_made_under(clinic: TestTenant) -> None:
    version = await publish_silver(clinic, 600)
    async with clinic.unit() as uow:
        member = await add_member(uow)
        await record_purchase(uow, customer_id=member, fen=55_000, key="b1", occurred_at=uow.now)
        names = await uow.session.scalars(text("SELECT DISTINCT rule_version FROM ledger_entry"))
        assert list(names) == [version.digest]


async def test_a_version_begins_at_the_first_instant_of_its_local_day(clinic: TestTenant, clock: MovableClock) -> None:
    """2026-11-30 in Shanghai begins at 16:00 UTC of the 29th."""
    version = await publish_silver(clinic, 800, effective_from=date(2026, 11, 30))
    assert version.effective_from == datetime(2026, 11, 29, 16, tzinfo=UTC)
    assert version.state == "planned"
    clock.instant = datetime(2026, 11, 30, tzinfo=SHANGHAI) - timedelta(microseconds=1)
    async with clinic.unit() as uow:
        assert silver(await get_ladder(uow)) == 500
    clock.instant = datetime(2026, 11, 30, tzinfo=SHANGHAI)
    async with clinic.unit() as uow:
        assert silver(await get_ladder(uow)) == 800
        assert [one.state for one in await list_versions(uow)] == ["in-force"]
        due = await uow.session.scalar(text("SELECT run_at FROM outbox WHERE task = :task"), {"task": IN_FORCE_TASK})
        assert due == version.effective_from


@pytest.mark.parametrize(
    ("day", "code"), [(date(2026, 11, 22), "in-the-past"), (date(2028, 1, 1), "too-far")], ids=["past", "far"]
)
async def test_a_version_never_begins_in_the_past_or_years_ahead(clinic: TestTenant, day: date, code: str) -> None:
    async with clinic.unit() as uow:
        await draft_silver(uow, 600)
        with pytest.raises(InvalidInput) as refused:
            await publish_draft(uow, effective_from=day)
    assert [(one.path, one.code) for one in refused.value.problems] == [("effective_from", code)]


async def test_today_means_now_and_an_evening_in_utc_is_already_tomorrow(
    clinic: TestTenant, clock: MovableClock
) -> None:
    clock.instant = datetime(2026, 11, 23, 17, tzinfo=UTC)  # 24 November, 01:00 in Shanghai
    version = await publish_silver(clinic, 600, effective_from=date(2026, 11, 24))
    assert version.effective_from == clock()


async def test_while_a_version_is_planned_no_other_is_published_until_it_is_withdrawn(clinic: TestTenant) -> None:
    await publish_silver(clinic, 600, effective_from=date(2026, 12, 1))
    async with clinic.unit() as uow:
        await draft_silver(uow, 700)
        with pytest.raises(VersionPlanned) as refused:
            await publish_draft(uow)
        assert refused.value.params["number"] == 1
        await withdraw_version(uow, number=1)
        assert (await publish_draft(uow)).number == 2
        assert [one.state for one in await list_versions(uow)] == ["in-force", "withdrawn"]


async def test_a_version_that_has_begun_cannot_be_withdrawn(clinic: TestTenant) -> None:
    await publish_silver(clinic, 600)
    async with clinic.unit() as uow:
        with pytest.raises(VersionBegun):
            await withdraw_version(uow, number=1)
        with pytest.raises(NotFound):
            await withdraw_version(uow, number=9)


async def test_nothing_is_published_without_its_effect(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        revision = await draft_silver(uow, 600)
        with pytest.raises(EffectNotSeen) as refused:
            await publish(uow, revision=revision, effect_digest="", facts=await facts_of(uow))
        assert refused.value.params["why"] == "missing"


async def test_the_effect_of_other_rules_or_other_figures_does_not_count(
    clinic: TestTenant, clock: MovableClock
) -> None:
    async with clinic.unit() as uow:
        await draft_silver(uow, 600)
        draft = await get_draft(uow)
        assert draft is not None
        seen = await try_out(uow, draft.program)
        with pytest.raises(EffectNotSeen) as refused:
            await publish(uow, revision=draft.revision, effect_digest="fff", facts=await facts_of(uow))
        assert refused.value.params["why"] == "changed"
        changed = await draft_silver(uow, 610)
        with pytest.raises(EffectNotSeen) as refused:
            await publish(uow, revision=changed, effect_digest=seen, facts=await facts_of(uow))
        assert refused.value.params["why"] == "missing"
        again = await draft_silver(uow, 600)
    clock.advance(days=8)
    async with clinic.unit() as uow:
        with pytest.raises(EffectNotSeen) as refused:
            await publish(uow, revision=again, effect_digest=seen, facts=await facts_of(uow))
        assert refused.value.params["why"] == "old"


async def test_lowering_members_says_how_many_and_asks(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        for number in range(3):
            member = await add_member(uow, f"会员{number}")
            await record_purchase(uow, customer_id=member, fen=55_000, key=f"b{number}", occurred_at=uow.now)
        await draft_silver(uow, 600, downgrade="now")
        with pytest.raises(LowersTiers) as refused:
            await publish_draft(uow)
        assert refused.value.params["count"] == 3
        assert (await publish_draft(uow, accept_lowering=True)).number == 1


async def test_what_is_in_force_already_is_not_published_again(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        draft = await start_draft(uow)
        with pytest.raises(NothingToPublish):
            await publish(uow, revision=draft.revision, effect_digest="", facts=await facts_of(uow))


async def test_errors_of_the_checks_stand_in_the_way_by_rule_and_field(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        draft = await start_draft(uow)
        off = await toggle_rule(uow, rule_id="coupon_50", live=False, revision=draft.revision)
        with pytest.raises(InvalidInput) as refused:
            await publish(uow, revision=off.revision, effect_digest="", facts=await facts_of(uow))
    assert ("rules[referral_both_50].referrer[0].template", "template-off") in {
        (one.path, one.code) for one in refused.value.problems
    }


async def test_published_rules_cannot_be_changed_by_the_application(clinic: TestTenant) -> None:
    await publish_silver(clinic, 600)
    for statement in ("UPDATE program_version SET body = '{}'", "DELETE FROM program_version"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with clinic.unit() as uow, uow.attempt():
                await uow.session.execute(text(statement))


async def test_going_back_publishes_the_old_rules_as_a_new_version(clinic: TestTenant) -> None:
    await publish_silver(clinic, 600)
    await publish_silver(clinic, 700)
    async with clinic.unit() as uow:
        _, old, _ = await get_version(uow, 1)
        revision = await draft_silver(uow, 900)
        version = await go_back(uow, 1, old)
        assert (version.number, version.restored_from, version.digest) == (3, 1, digest(old))
        draft = await get_draft(uow)
        assert draft is not None
        assert draft.revision == revision
    async with clinic.unit() as uow:
        assert silver(await get_ladder(uow)) == 600


async def test_going_back_to_the_plugins_own_rules_is_version_0(clinic: TestTenant) -> None:
    await publish_silver(clinic, 600)
    async with clinic.unit() as uow:
        declared = await get_program(uow, datetime(2020, 1, 1, tzinfo=UTC))
        assert declared is not None
        assert (await go_back(uow, 0, declared)).restored_from == 0
        with pytest.raises(NotFound):
            await roll_back(uow, version=7, effect_digest="", facts=await facts_of(uow))


async def test_another_tenant_sees_neither_draft_nor_version_nor_effect(
    clinic: TestTenant, tenant_b: TestTenant
) -> None:
    await open_clinic(tenant_b)
    version = await publish_silver(clinic, 600)
    async with clinic.unit() as uow:
        revision = await draft_silver(uow, 700)
    async with tenant_b.unit() as uow:
        assert await get_draft(uow) is None
        assert await list_versions(uow) == []
        assert await get_effect(uow, digest=version.digest) is None
        assert silver(await get_ladder(uow)) == 500
        with pytest.raises(NotFound):
            await get_version(uow, 1)
        with pytest.raises(NoDraft):
            await discard_draft(uow, revision=revision)
        live = await get_live(uow)
        assert live is not None
        assert (live.number, live.highest) == (0, 0)
