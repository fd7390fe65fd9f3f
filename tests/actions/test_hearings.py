"""A hearing has two or three experts from outside, each behind a link of their own, and minutes that all sign."""

from datetime import timedelta

import pytest

from core.complaints.queries.cases import get_complaint
from core.errors import InvalidInput, NotFound
from core.evidence.queries import list_custody, list_evidence
from core.hearings.actions import (
    HearingClosed,
    SignedAlready,
    finish_minutes,
    invite_expert,
    is_known,
    look_as_expert,
    open_link,
    release,
    renew_word,
    revoke_expert,
    sign_minutes,
)
from core.hearings.queries import HearingLinkGone, get_hearing, get_invited, get_member
from tests.evidence import SHARES, held, planned, secured
from tests.reports import open_clinic
from tests.workplaces import MovableClock, TestTenant


@pytest.fixture
async def hearing_clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


async def test_minutes_with_one_expert_are_not_finished(hearing_clinic: TestTenant) -> None:
    complaint_id = await secured(hearing_clinic)
    hearing_id, [expert, _], member = await planned(hearing_clinic, complaint_id)
    async with hearing_clinic.unit("team_leader") as uow:
        with pytest.raises(InvalidInput) as refused:
            await finish_minutes(
                uow,
                hearing_id=hearing_id,
                complaint_id=complaint_id,
                held_at=uow.now,
                attended=frozenset({expert.member_id, member}),
                minutes="记录",
                finding="认定",
                shares=SHARES,
            )
    assert [one.code for one in refused.value.problems] == ["too-few-experts"]


async def test_finished_minutes_complete_the_hearing_and_are_closed(hearing_clinic: TestTenant) -> None:
    complaint_id = await secured(hearing_clinic)
    hearing_id, _, _ = await held(hearing_clinic, complaint_id)
    async with hearing_clinic.unit("team_leader") as uow:
        assert "internal_hearing" in (await get_complaint(uow, complaint_id=complaint_id)).done
        with pytest.raises(HearingClosed):
            await invite_expert(uow, hearing_id=hearing_id, complaint_id=complaint_id, full_name="李", standing="院")


async def test_a_fourth_expert_is_one_too_many(hearing_clinic: TestTenant) -> None:
    complaint_id = await secured(hearing_clinic)
    hearing_id, _, _ = await planned(hearing_clinic, complaint_id, experts=3)
    async with hearing_clinic.unit("team_leader") as uow:
        with pytest.raises(InvalidInput):
            await invite_expert(uow, hearing_id=hearing_id, complaint_id=complaint_id, full_name="李", standing="院")


async def test_an_experts_link_is_bound_to_the_device_that_knew_the_word(
    hearing_clinic: TestTenant, clock: MovableClock
) -> None:
    complaint_id = await secured(hearing_clinic)
    hearing_id, [expert, other], _ = await planned(hearing_clinic, complaint_id)
    async with hearing_clinic.unit() as uow:
        assert await open_link(uow, code=expert.code, word=other.word) is None
    clock.advance(timedelta(seconds=5))
    async with hearing_clinic.unit() as uow:
        token = await open_link(uow, code=expert.code, word=expert.word.upper())
        assert token is not None
    clock.advance(timedelta(seconds=5))
    async with hearing_clinic.unit() as uow:
        assert await open_link(uow, code=expert.code, word=expert.word) is None, "the word is good once"
        member = await get_invited(uow, expert.code)
        assert is_known(member, token)
        assert not is_known(member, "another browser")
        fresh = await renew_word(uow, hearing_id=hearing_id, complaint_id=complaint_id, member_id=expert.member_id)
        assert not is_known(await get_invited(uow, expert.code), token), "the device before is let go"
    clock.advance(timedelta(seconds=5))
    async with hearing_clinic.unit() as uow:
        assert await open_link(uow, code=fresh.code, word=fresh.word)
        await revoke_expert(uow, hearing_id=hearing_id, complaint_id=complaint_id, member_id=expert.member_id)
        with pytest.raises(HearingLinkGone):
            await get_invited(uow, expert.code)
    clock.advance(timedelta(days=15))
    async with hearing_clinic.unit() as uow:
        with pytest.raises(HearingLinkGone):
            await get_invited(uow, other.code)


async def test_five_wrong_words_lock_the_link_also_for_the_right_one(
    hearing_clinic: TestTenant, clock: MovableClock
) -> None:
    complaint_id = await secured(hearing_clinic)
    _, [expert, _], _ = await planned(hearing_clinic, complaint_id)
    for word in ["falsch"] * 5 + [expert.word]:
        clock.advance(timedelta(seconds=5))
        async with hearing_clinic.unit() as uow:
            assert await open_link(uow, code=expert.code, word=word) is None


async def test_an_expert_sees_only_what_was_released_and_each_look_is_logged(hearing_clinic: TestTenant) -> None:
    complaint_id = await secured(hearing_clinic)
    hearing_id, [expert, _], _ = await planned(hearing_clinic, complaint_id)
    async with hearing_clinic.unit("team_leader") as uow:
        first, second = (await list_evidence(uow, complaint_id))[:2]
        await release(uow, hearing_id=hearing_id, complaint_id=complaint_id, evidence_id=first.evidence_id)
        member = await get_invited(uow, expert.code)
        await look_as_expert(uow, member=member, evidence_id=first.evidence_id)
        with pytest.raises(NotFound):
            await look_as_expert(uow, member=member, evidence_id=second.evidence_id)
        newest = (await list_custody(uow, complaint_id))[0]
    assert (newest.act, newest.by_name) == ("looked", "王教授0")


async def test_each_who_came_signs_the_sealed_minutes_once_or_dissents_with_reasons(
    hearing_clinic: TestTenant,
) -> None:
    complaint_id = await secured(hearing_clinic)
    hearing_id, [expert, _], staff = await held(hearing_clinic, complaint_id)
    async with hearing_clinic.unit() as uow:
        member = await get_member(uow, expert.member_id, hearing_id=hearing_id)
        with pytest.raises(InvalidInput):
            await sign_minutes(uow, member=member, stance="dissents", name="王")
        await sign_minutes(uow, member=member, stance="dissents", words="样本不足", name="王教授0")
        with pytest.raises(SignedAlready):
            await sign_minutes(uow, member=member, stance="agrees", name="王教授0")
        one = await get_member(uow, staff, hearing_id=hearing_id)
        await sign_minutes(uow, member=one, stance="agrees", name=one.full_name)
        signed = await get_member(uow, expert.member_id, hearing_id=hearing_id)
        assert signed.signed_seal == (await get_hearing(uow, hearing_id)).seal
