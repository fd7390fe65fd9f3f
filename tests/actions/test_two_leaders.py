"""Two leaders at the very same moment, each on a connection of their own: one wins, the other is told, nothing is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from core.casework.actions import CaseMoved, hold_unchanged
from core.complaints.actions.classifying import LevelMoved, confirm_level
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import (
    StepClosed,
    archive_case,
    claim_case,
    complete_step,
    judge_level,
    pause_step,
)
from core.complaints.queries.cases import ComplaintDetail, get_complaint
from core.errors import AnxinError
from core.hooks.records.complaints import Severity
from core.uow import UnitOfWork
from tenants.plugin_settings import enable_plugin
from tenants.shifts.actions import RosterMoved, add_pattern, change_pattern
from tenants.shifts.queries import get_pattern
from tenants.shifts.swapping import SwapSettled, accept_swap, ask_swap
from tests.actions.test_rosters import draft_of
from tests.reports import SERIOUS
from tests.workplaces import TestTenant

LEADERS = ("director", "team_leader")
ROUNDS = 5
"""Who comes first is the database's to say: each pair is tried so many times."""
Deed = Callable[[UnitOfWork], Awaitable[Any]]
STEP = "joint_verification_start"


@pytest.fixture
async def clinic(busy_tenant: TestTenant) -> TestTenant:
    async with busy_tenant.unit() as uow:
        await enable_plugin(uow, host=busy_tenant.workplace.host, plugin_id="petclinic")
    return busy_tenant


async def _file(clinic: TestTenant) -> UUID:
    async with clinic.unit("front_desk") as uow:
        return (await file_complaint(uow, filing=SERIOUS)).complaint_id


async def _detail(clinic: TestTenant, complaint_id: UUID) -> ComplaintDetail:
    async with clinic.workplace.reading(clinic.id) as reader:
        return await get_complaint(reader, complaint_id=complaint_id)


async def _seen(clinic: TestTenant, complaint_id: UUID) -> int:
    """The last event that a page opened now shows."""
    return max(row.seq for row in (await _detail(clinic, complaint_id)).history)


async def _at_once(clinic: TestTenant, *deeds: Deed) -> list[AnxinError | None]:
    """Let each leader do one thing, both at once; anything but an answer of ours fails the test."""

    async def run(role: str, deed: Deed) -> AnxinError | None:
        try:
            async with clinic.unit(role) as uow:
                await deed(uow)
        except AnxinError as error:
            return error
        return None

    return list(await asyncio.gather(*(run(role, deed) for role, deed in zip(LEADERS, deeds, strict=True))))


def _kinds(detail: ComplaintDetail, kind: str) -> list[dict[str, Any]]:
    return [event.data for event in detail.history if event.kind == kind]


def _judge(complaint_id: UUID, severity: Severity, seen: int) -> Deed:
    """Change the level as the page does: only when the case is as it was seen."""

    async def judge(uow: UnitOfWork) -> None:
        await hold_unchanged(uow, complaint_id, seen=seen)
        await judge_level(uow, complaint_id=complaint_id, severity=severity, reason=f"核查后定为{severity}")

    return judge


def _confirm(complaint_id: UUID) -> Deed:
    return lambda u: confirm_level(u, complaint_id=complaint_id, seen="L2")


def _pause(complaint_id: UUID) -> Deed:
    meeting = {"milestone_id": "face_to_face_meeting", "note": "客户出差"}
    return lambda u: pause_step(u, complaint_id=complaint_id, reason="customer", **meeting)


def _complete(complaint_id: UUID, looked_at: str) -> Deed:
    facts = {"looked_at": [looked_at]}
    return lambda u: complete_step(u, complaint_id=complaint_id, milestone_id=STEP, facts=facts)


async def test_both_confirm_the_level_and_it_is_confirmed_once(clinic: TestTenant) -> None:
    for _ in range(ROUNDS):
        case = await _file(clinic)
        told = await _at_once(clinic, _confirm(case), _confirm(case))
        assert told == [None, None]
        detail = await _detail(clinic, case)
        assert len(_kinds(detail, "confirmed")) == 1
        (by,) = [event.actor_name for event in detail.history if event.kind == "confirmed"]
        assert detail.level_confirmed_by == clinic.staff[by].id


async def test_both_complete_the_same_step_and_one_fact_is_kept(clinic: TestTenant) -> None:
    for _ in range(ROUNDS):
        case = await _file(clinic)
        told = await _at_once(clinic, _complete(case, "records"), _complete(case, "video"))
        assert sorted(type(one).__name__ for one in told) == ["NoneType", "StepClosed"]
        (done,) = _kinds(await _detail(clinic, case), "completed")
        assert done["facts"]["looked_at"] == [("records", "video")[told.index(None)]]


async def test_one_raises_while_the_other_lowers_and_exactly_one_level_stands(clinic: TestTenant) -> None:
    for _ in range(ROUNDS):
        case = await _file(clinic)
        seen = await _seen(clinic, case)
        told = await _at_once(clinic, _judge(case, "L3", seen), _judge(case, "L1", seen))
        assert sorted(type(one).__name__ for one in told) == ["CaseMoved", "NoneType"]
        (moved,) = [one for one in told if isinstance(one, CaseMoved)]
        assert len(moved.changes) == 1
        detail = await _detail(clinic, case)
        winner = ("L3", "L1")[told.index(None)]
        assert detail.severity == winner
        assert [each["severity"] for each in _kinds(detail, "judged")] == [winner]
        running = {clock.milestone for clock in detail.clocks if clock.status == "running"}
        assert running == {one.id for one in detail.policy.milestones if one.timed and one.counts_from == "receipt"}


async def test_one_confirms_what_the_other_raises_and_no_level_is_confirmed_that_was_not_seen(
    clinic: TestTenant,
) -> None:
    for _ in range(ROUNDS):
        case = await _file(clinic)
        seen = await _seen(clinic, case)
        told = await _at_once(clinic, _confirm(case), _judge(case, "L3", seen))
        detail = await _detail(clinic, case)
        if told[0] is None:
            assert isinstance(told[1], CaseMoved)
            assert (detail.severity, detail.level_confirmed_by) == ("L2", clinic.staff["director"].id)
        else:
            assert isinstance(told[0], LevelMoved)
            assert told[1] is None
            assert (detail.severity, detail.level_confirmed_by) == ("L3", clinic.staff["team_leader"].id)


async def test_one_pauses_while_the_other_raises_and_both_stand_or_one_is_told(clinic: TestTenant) -> None:
    for _ in range(ROUNDS):
        case = await _file(clinic)
        seen = await _seen(clinic, case)
        told = await _at_once(clinic, _pause(case), _judge(case, "L3", seen))
        detail = await _detail(clinic, case)
        assert told.count(None) == 1
        assert len(_kinds(detail, "paused")) + len(_kinds(detail, "judged")) == 1


async def test_both_take_the_case_over_and_the_last_has_it_with_both_on_record(clinic: TestTenant) -> None:
    case = await _file(clinic)
    told = await _at_once(clinic, *[lambda u: claim_case(u, complaint_id=case)] * 2)
    assert told == [None, None]
    detail = await _detail(clinic, case)
    claims = [event.actor_name for event in detail.history if event.kind == "claimed"]
    assert sorted(claims) == sorted(LEADERS)
    assert detail.assignee_id == clinic.staff[claims[-1]].id


async def test_both_archive_what_is_not_done_and_each_is_told_so(clinic: TestTenant) -> None:
    case = await _file(clinic)
    told = await _at_once(clinic, *[lambda u: archive_case(u, complaint_id=case)] * 2)
    assert [type(one) for one in told] == [StepClosed, StepClosed]


async def test_both_change_a_shift_pattern_and_the_second_is_told(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        pattern = await add_pattern(uow, draft=draft_of(clinic, "doctor"))

    def change(name: str) -> Deed:
        draft = replace(draft_of(clinic, "doctor"), name=name, effective_from=date(2026, 11, 24))
        return lambda u: change_pattern(u, pattern_id=pattern, draft=draft, based_on=1)

    told = await _at_once(clinic, change("早班"), change("晚班"))
    assert [type(one) for one in told if one is not None] == [RosterMoved]
    async with clinic.workplace.reading(clinic.id) as reader:
        lines = await get_pattern(reader, pattern_id=pattern)
    assert [line.pattern.hours.name for line in lines] == [("早班", "晚班")[told.index(None)], "白班"]


async def test_two_colleagues_accept_one_swap_and_one_of_them_has_the_shift(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        teams = draft_of(clinic, "doctor", "director", "team_leader")
        pattern = await add_pattern(uow, draft=teams)
    async with clinic.unit("doctor") as uow:
        asked = await ask_swap(uow, pattern_id=pattern, on=date(2026, 11, 23))
    told = await _at_once(clinic, *[lambda u: accept_swap(u, request_id=asked)] * 2)
    assert [type(one) for one in told if one is not None] == [SwapSettled]
