"""Shift patterns on the real database: versions, absences, swaps, and whom an escalation reaches by them."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from core.complaints.actions.filing import file_complaint
from core.complaints.cases.escalation import fire_clock
from core.complaints.queries.cases import get_complaint
from core.complaints.rules.filing import Filing
from core.errors import InvalidInput, NotFound
from core.uow import UnitOfWork
from tenants.duty import plan_shift
from tenants.plugin_settings import enable_plugin
from tenants.roster import Roster
from tenants.shifts.actions import (
    CannotStandIn,
    NotOnShift,
    RosterMoved,
    add_pattern,
    change_pattern,
    end_pattern,
    record_absence,
    record_swap,
    undo_change,
    undo_pattern,
)
from tenants.shifts.queries import get_pattern, get_plan, list_changes, list_swaps
from tenants.shifts.rules.checks import PatternDraft
from tenants.shifts.swapping import SwapAsked, SwapSettled, accept_swap, ask_swap, decline_swap, withdraw_swap
from tenants.staff import set_state
from tests.workplaces import MovableClock, TestTenant

MONDAY = date(2026, 11, 23)
ROLE = "senior_doctor"


def draft_of(tenant: TestTenant, *roles: str) -> PatternDraft:
    """Nine to eighteen each day, weekly turns of these people."""
    teams = tuple((_id(tenant, role),) for role in roles)
    return PatternDraft(
        name="白班",
        role=ROLE,
        branch_id=tenant.signed_up.branch_id,
        weekdays=tuple(range(7)),
        starts=9 * 60,
        ends=18 * 60,
        holidays="same",
        teams=teams,
        turn_days=7,
        anchor=MONDAY,
        effective_from=MONDAY,
    )


def _id(tenant: TestTenant, role: str) -> UUID:
    found = tenant.staff[role].id
    assert found is not None
    return found


async def _on_duty(uow: UnitOfWork, tenant: TestTenant, **after: float) -> tuple[UUID, ...]:
    return await Roster().find_on_duty(
        uow, role=ROLE, branch_id=tenant.signed_up.branch_id, at=uow.now + timedelta(**after)
    )


async def test_a_pattern_says_who_is_on_duty_and_its_gap_is_nobodys(tenant_a: TestTenant) -> None:
    doctor, senior = _id(tenant_a, "doctor"), _id(tenant_a, "senior_doctor")
    async with tenant_a.unit() as uow:
        assert await _on_duty(uow, tenant_a) == (senior,)
        await add_pattern(uow, draft=draft_of(tenant_a, "doctor", "senior_doctor"))
        assert await _on_duty(uow, tenant_a) == (doctor,)
        assert await _on_duty(uow, tenant_a, days=7) == (senior,)
        assert await _on_duty(uow, tenant_a, hours=9) == ()
        elsewhere = await Roster().find_on_duty(uow, role=ROLE, branch_id=None, at=uow.now + timedelta(hours=9))
        assert elsewhere == (senior,)


async def test_one_read_answers_for_many_roles_and_names_who_must_know_in_the_end(tenant_a: TestTenant) -> None:
    here = tenant_a.signed_up.branch_id
    async with tenant_a.unit() as uow:
        await add_pattern(uow, draft=draft_of(tenant_a, "doctor"))
        duties = await Roster().read_duties(uow, roles=(ROLE, "head_nurse"), at=uow.now + timedelta(hours=12))
        assert duties.find(role=ROLE, branch_id=here) == ()
        assert duties.find(role="head_nurse", branch_id=here) == (_id(tenant_a, "head_nurse"),)
        assert duties.last_resort() == ("director", (_id(tenant_a, "director"),))
        await set_state(uow, staff_id=_id(tenant_a, "director"), state="left")
        duties = await Roster().read_duties(uow, roles=(ROLE,), at=uow.now)
        assert duties.last_resort() == ("tenant_admin", (_id(tenant_a, "tenant_admin"),))


async def test_who_has_left_is_on_no_shift_and_the_turns_of_others_stay(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        await add_pattern(uow, draft=draft_of(tenant_a, "doctor", "head_nurse"))
        await set_state(uow, staff_id=_id(tenant_a, "doctor"), state="left")
        assert await _on_duty(uow, tenant_a) == ()
        assert await _on_duty(uow, tenant_a, days=7) == (_id(tenant_a, "head_nurse"),)


async def test_a_version_holds_from_its_day_and_can_be_taken_back(tenant_a: TestTenant) -> None:
    doctor, nurse = _id(tenant_a, "doctor"), _id(tenant_a, "head_nurse")
    async with tenant_a.unit() as uow:
        made = await add_pattern(uow, draft=draft_of(tenant_a, "doctor"))
        later = replace(draft_of(tenant_a, "head_nurse"), effective_from=MONDAY + timedelta(days=1), role="director")
        assert await change_pattern(uow, pattern_id=made, draft=later, based_on=1) == 2
        assert await _on_duty(uow, tenant_a) == (doctor,)
        assert await _on_duty(uow, tenant_a, days=1) == (nurse,)
        with pytest.raises(RosterMoved):
            await change_pattern(uow, pattern_id=made, draft=later, based_on=1)
        assert await undo_pattern(uow, pattern_id=made, based_on=2) == 3
        assert await _on_duty(uow, tenant_a, days=1) == (doctor,)
        assert [line.pattern.number for line in await get_pattern(uow, pattern_id=made)] == [3, 2, 1]


async def test_a_pattern_that_has_ended_leaves_the_role_to_all_who_hold_it(tenant_a: TestTenant) -> None:
    senior = _id(tenant_a, "senior_doctor")
    async with tenant_a.unit() as uow:
        made = await add_pattern(uow, draft=draft_of(tenant_a, "doctor"))
        with pytest.raises(InvalidInput):
            await end_pattern(uow, pattern_id=made, from_day=MONDAY - timedelta(days=1), based_on=1)
        await end_pattern(uow, pattern_id=made, from_day=MONDAY + timedelta(days=1), based_on=1)
        assert await _on_duty(uow, tenant_a) == (_id(tenant_a, "doctor"),)
        assert await _on_duty(uow, tenant_a, days=1) == (senior,)
        second = await add_pattern(uow, draft=replace(draft_of(tenant_a, "doctor"), starts=0, ends=0))
        await undo_pattern(uow, pattern_id=second, based_on=1)
        assert await _on_duty(uow, tenant_a, days=1) == (senior,)


async def test_a_draft_that_names_what_is_not_here_is_refused(tenant_a: TestTenant, tenant_b: TestTenant) -> None:
    wrong = replace(draft_of(tenant_b, "doctor"), weekdays=())
    async with tenant_a.unit() as uow:
        with pytest.raises(InvalidInput) as refused:
            await add_pattern(uow, draft=wrong)
        assert {one.path: one.code for one in refused.value.problems} == {
            "branch_id": "unknown-branch",
            "weekdays": "required",
            "team_1": "unknown-person",
        }


async def test_an_absence_leaves_a_gap_until_it_is_taken_back(tenant_a: TestTenant) -> None:
    doctor = _id(tenant_a, "doctor")
    async with tenant_a.unit() as uow:
        made = await add_pattern(uow, draft=draft_of(tenant_a, "doctor"))
        gone = await record_absence(uow, staff_id=doctor, first=MONDAY, last=MONDAY, pattern_id=made, words="培训")
        assert await _on_duty(uow, tenant_a) == ()
        assert await _on_duty(uow, tenant_a, days=1) == (doctor,)
        assert [line.words for line in await list_changes(uow, first=uow.today)] == ["培训"]
        await undo_change(uow, change_id=gone)
        assert await _on_duty(uow, tenant_a) == (doctor,)
        with pytest.raises(NotFound):
            await undo_change(uow, change_id=gone)
        with pytest.raises(InvalidInput):
            await record_absence(uow, staff_id=made, first=MONDAY, last=MONDAY - timedelta(days=1))


async def test_a_leader_gives_a_shift_to_another_who_may(tenant_a: TestTenant) -> None:
    doctor, senior = _id(tenant_a, "doctor"), _id(tenant_a, "senior_doctor")
    async with tenant_a.unit() as uow:
        made = await add_pattern(uow, draft=draft_of(tenant_a, "doctor"))
        swap = {"pattern_id": made, "on": MONDAY, "staff_id": doctor}
        await record_swap(uow, **swap, stand_in_id=senior)  # type: ignore[arg-type] # the same words each time
        assert await _on_duty(uow, tenant_a) == (senior,)
        with pytest.raises(NotOnShift):
            await record_swap(uow, **swap, stand_in_id=senior)  # type: ignore[arg-type] # as above
        nurse, early = _id(tenant_a, "head_nurse"), MONDAY - timedelta(days=1)
        with pytest.raises(CannotStandIn):
            await record_swap(uow, pattern_id=made, on=MONDAY, staff_id=senior, stand_in_id=nurse)
        with pytest.raises(InvalidInput):
            await record_swap(uow, pattern_id=made, on=early, staff_id=doctor, stand_in_id=senior)
        with pytest.raises(NotFound):
            await record_swap(uow, pattern_id=doctor, on=MONDAY, staff_id=doctor, stand_in_id=senior)


async def test_a_colleague_accepts_a_swap_and_the_roster_follows(tenant_a: TestTenant) -> None:
    senior = _id(tenant_a, "senior_doctor")
    async with tenant_a.unit() as uow:
        made = await add_pattern(uow, draft=draft_of(tenant_a, "doctor"))
    async with tenant_a.unit("doctor") as uow:
        asked = await ask_swap(uow, pattern_id=made, on=MONDAY, words="家里有事")
        with pytest.raises(SwapAsked):
            await ask_swap(uow, pattern_id=made, on=MONDAY)
        with pytest.raises(CannotStandIn):
            await accept_swap(uow, request_id=asked)
    async with tenant_a.unit("head_nurse") as uow:
        with pytest.raises(CannotStandIn):
            await accept_swap(uow, request_id=asked)
        with pytest.raises(NotOnShift):
            await ask_swap(uow, pattern_id=made, on=MONDAY)
    async with tenant_a.unit("senior_doctor") as uow:
        await accept_swap(uow, request_id=asked)
        assert await _on_duty(uow, tenant_a) == (senior,)
        with pytest.raises(SwapSettled):
            await accept_swap(uow, request_id=asked)
        (line,) = await list_swaps(uow, first=MONDAY)
        assert (line.state, line.answered_by) == ("accepted", senior)


async def test_a_swap_is_declined_by_who_was_asked_and_withdrawn_by_who_asks(tenant_a: TestTenant) -> None:
    senior, nurse = _id(tenant_a, "senior_doctor"), _id(tenant_a, "head_nurse")
    async with tenant_a.unit() as uow:
        made = await add_pattern(uow, draft=draft_of(tenant_a, "doctor"))
    async with tenant_a.unit("doctor") as uow:
        with pytest.raises(CannotStandIn):
            await ask_swap(uow, pattern_id=made, on=MONDAY, colleague_id=nurse)
        asked = await ask_swap(uow, pattern_id=made, on=MONDAY, colleague_id=senior)
    async with tenant_a.unit("head_nurse") as uow:
        with pytest.raises(CannotStandIn):
            await decline_swap(uow, request_id=asked)
    async with tenant_a.unit("senior_doctor") as uow:
        await decline_swap(uow, request_id=asked)
    async with tenant_a.unit("doctor") as uow:
        again = await ask_swap(uow, pattern_id=made, on=MONDAY)
        await withdraw_swap(uow, request_id=again)
        assert {line.state for line in await list_swaps(uow, first=MONDAY)} == {"declined", "withdrawn"}


async def test_a_single_shift_and_a_pattern_are_one_roster(tenant_a: TestTenant, clock: MovableClock) -> None:
    doctor, nurse = _id(tenant_a, "doctor"), _id(tenant_a, "head_nurse")
    async with tenant_a.unit() as uow:
        await add_pattern(uow, draft=draft_of(tenant_a, "doctor"))
        span = {"starts_at": uow.now, "ends_at": uow.now + timedelta(hours=12)}
        await plan_shift(uow, staff_id=nurse, role=ROLE, branch_id=None, **span)
        assert set(await _on_duty(uow, tenant_a)) == {doctor, nurse}
        assert await _on_duty(uow, tenant_a, hours=9) == (nurse,)
        plan = await get_plan(uow, first=MONDAY, last=MONDAY)
        assert len(plan.spans(ROLE, tenant_a.signed_up.branch_id, MONDAY, MONDAY)) == 2
    clock.advance(days=1)
    async with tenant_a.unit() as uow:
        assert await _on_duty(uow, tenant_a) == (doctor,)


async def test_a_roster_with_nobody_passes_on_to_the_next_role_and_the_case_says_so(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
        nobody = replace(draft_of(tenant_a, "doctor"), role="team_leader", starts=20 * 60, ends=21 * 60)
        await add_pattern(uow, draft=nobody)
        await add_pattern(uow, draft=replace(nobody, role="director"))
    async with tenant_a.unit("front_desk") as uow:
        filing = Filing(
            text="手术中宠物死亡", contact_name="周文博", contact_phone="13878106871", branch_id=nobody.branch_id
        )
        case = (await file_complaint(uow, filing=filing)).complaint_id
    async with tenant_a.unit() as uow:
        await fire_clock(uow, complaint_id=case, milestone_id="leader_on_site", cycle=1, roster=Roster())
        told = [
            event.data for event in (await get_complaint(uow, complaint_id=case)).history if event.kind == "escalated"
        ]
        assert told
        assert {each["role"] for each in told} == {"director"}
        assert all("instead_of" in each for each in told)


async def test_a_pattern_of_another_tenant_is_not_there(tenant_a: TestTenant, tenant_b: TestTenant) -> None:
    async with tenant_b.unit() as uow:
        made = await add_pattern(uow, draft=draft_of(tenant_b, "doctor"))
    async with tenant_a.unit() as uow:
        with pytest.raises(NotFound):
            await get_pattern(uow, pattern_id=made)
        with pytest.raises(NotFound):
            await undo_pattern(uow, pattern_id=made, based_on=1)
        assert (await get_plan(uow, first=MONDAY, last=MONDAY)).patterns == {}
