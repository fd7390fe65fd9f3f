"""Several people change one draft: the second is told, and where the tenant wants it another one approves."""

from zoneinfo import ZoneInfo

import msgspec
import pytest

from core.errors import Forbidden, InvalidInput, NotFound
from core.hooks.records.loyalty.offers import CouponTemplate
from core.hooks.records.loyalty.points import LedgerPolicy
from core.programs.actions import approve, publish, reject, request_approval, roll_back, withdraw_version
from core.programs.choosing import set_second_approver
from core.programs.drafts import (
    discard_draft,
    remove_rule,
    save_draft,
    set_frame,
    start_draft,
    toggle_rule,
    upsert_rule,
)
from core.programs.queries import (
    get_draft,
    get_ladder,
)
from core.programs.refusals import (
    DraftChanged,
    NeedsApprover,
    NoDraft,
    NotPending,
    SamePerson,
)
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

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


async def test_the_second_of_two_editors_is_told_and_nothing_is_lost(clinic: TestTenant) -> None:
    async with clinic.unit("tenant_admin") as uow:
        opened = await start_draft(uow)
        await save_draft(uow, program=silver_from(opened.program, 600), revision=opened.revision)
    async with clinic.unit("director") as uow:
        with pytest.raises(DraftChanged) as refused:
            await save_draft(uow, program=silver_from(opened.program, 900), revision=opened.revision)
        assert refused.value.params["by"] == "tenant_admin"
        draft = await get_draft(uow)
        assert draft is not None
        assert silver(draft.program.ladder) == 600
        with pytest.raises(DraftChanged):
            await discard_draft(uow, revision=opened.revision)
        with pytest.raises(DraftChanged):
            await start_draft(uow, version=0)


async def test_rules_are_put_in_changed_switched_off_and_taken_out(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        first = await upsert_rule(
            uow, rule=CouponTemplate(label="新年券", amount_fen=1_000, valid_days=30), revision=0, after="coupon_50"
        )
        ids = [rule.id for rule in first.program.rules]
        assert ids.index("coupon_template") == ids.index("coupon_50") + 1
        same = CouponTemplate(id="coupon_template", label="新年券", amount_fen=2_000, valid_days=30)
        second = await upsert_rule(uow, rule=same, revision=first.revision)
        assert second.program.find("coupon_template") == same
        off = await toggle_rule(uow, rule_id="coupon_template", live=False, revision=second.revision)
        assert [rule.id for rule in off.program.rules] == ids
        named = await set_frame(uow, revision=off.revision, label="安康会员", ledger=LedgerPolicy(reversal="deficit"))
        assert (named.program.label, named.program.ledger.reversal) == ("安康会员", "deficit")
        gone = await remove_rule(uow, rule_id="coupon_template", revision=named.revision)
        assert gone.program.find("coupon_template") is None
        with pytest.raises(NotFound):
            await remove_rule(uow, rule_id="coupon_template", revision=gone.revision)
        assert (await save_draft(uow, program=gone.program, revision=gone.revision)).revision == gone.revision


async def test_a_second_live_ladder_and_another_program_are_refused(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        draft = await start_draft(uow)
        assert draft.program.ladder is not None
        with pytest.raises(InvalidInput) as refused:
            await upsert_rule(
                uow, rule=msgspec.structs.replace(draft.program.ladder, id="other"), revision=draft.revision
            )
        assert refused.value.problems[0].code == "two-ladders"
        other = msgspec.structs.replace(draft.program, id="petclinic.other")
        with pytest.raises(InvalidInput) as refused:
            await save_draft(uow, program=other, revision=draft.revision)
        assert refused.value.problems[0].code == "other-program"


async def test_discarding_leaves_what_is_in_force(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        revision = await draft_silver(uow, 600)
        await discard_draft(uow, revision=revision)
        assert await get_draft(uow) is None
        with pytest.raises(NoDraft):
            await discard_draft(uow, revision=revision)
        with pytest.raises(NoDraft):
            await discard_draft(uow, revision=0)
        assert silver(await get_ladder(uow)) == 500


async def test_only_who_manages_loyalty_changes_it(clinic: TestTenant) -> None:
    async with clinic.unit("front_desk") as uow:
        with pytest.raises(Forbidden):
            await start_draft(uow)
        with pytest.raises(Forbidden):
            await withdraw_version(uow, number=1)


async def _asked(clinic: TestTenant) -> tuple[int, str]:
    """The administrator asks for approval of a changed draft."""
    async with clinic.unit("tenant_admin") as uow:
        await set_second_approver(uow, wanted=True)
        await draft_silver(uow, 600)
        draft = await get_draft(uow)
        assert draft is not None
        seen = await try_out(uow, draft.program)
        facts = await facts_of(uow)
        with pytest.raises(NeedsApprover):
            await publish(uow, revision=draft.revision, effect_digest=seen, facts=facts)
        with pytest.raises(NotPending):
            await approve(uow, revision=draft.revision, effect_digest=seen, facts=facts)
        asked = await request_approval(
            uow, revision=draft.revision, effect_digest=seen, facts=facts, note="银卡门槛调整"
        )
        return asked.revision, seen


async def test_with_a_second_approver_another_person_publishes(clinic: TestTenant) -> None:
    revision, seen = await _asked(clinic)
    async with clinic.unit("tenant_admin") as uow:
        with pytest.raises(SamePerson):
            await approve(uow, revision=revision, effect_digest=seen, facts=await facts_of(uow))
    async with clinic.unit("front_desk") as uow:
        with pytest.raises(Forbidden):
            await approve(uow, revision=revision, effect_digest=seen, facts=await facts_of(uow))
    async with clinic.unit("team_leader") as uow:
        version = await approve(uow, revision=revision, effect_digest=seen, facts=await facts_of(uow))
    assert (version.author_name, version.approver_name, version.note) == ("tenant_admin", "team_leader", "银卡门槛调整")


async def test_a_rejected_draft_comes_back_with_a_word_and_a_change_ends_the_asking(clinic: TestTenant) -> None:
    revision, _ = await _asked(clinic)
    async with clinic.unit("team_leader") as uow:
        with pytest.raises(InvalidInput):
            await reject(uow, revision=revision, answer=" ")
        await reject(uow, revision=revision, answer="先和店长商量")
    async with clinic.unit("tenant_admin") as uow:
        draft = await get_draft(uow)
        assert draft is not None
        assert (draft.state, draft.answer, draft.answered_by_name) == ("rejected", "先和店长商量", "team_leader")
        changed = await draft_silver(uow, 650)
        again = await get_draft(uow)
        assert again is not None
        assert (again.state, again.revision) == ("draft", changed)


async def test_going_back_needs_the_second_person_too(clinic: TestTenant) -> None:
    await publish_silver(clinic, 600)
    async with clinic.unit() as uow:
        await set_second_approver(uow, wanted=True)
        with pytest.raises(NeedsApprover):
            await roll_back(uow, version=0, effect_digest="", facts=await facts_of(uow))
