"""A trial over stored cases: the live rules change nothing, a shorter promise loses cases, and no other tenant sees it."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from core.complaint_reports.queries.risks import get_risks
from core.complaint_reports.risks import count_risks
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import complete_step
from core.complaints.rules.filing import Filing
from core.errors import NotFound
from core.hooks.records.complaints import Policy, Severity
from core.policies.queries import get_policies
from core.policy_trials.actions import RUN_TASK, continue_trial, start_trial, stop_trial
from core.policy_trials.drafts import get_candidate
from core.policy_trials.queries import MoveCursor, get_trial, list_moves, list_trials
from core.policy_trials.rules.candidates import Candidate, candidate_of
from tests.workplaces import MovableClock, TestTenant

SLIGHT = Filing(text="结账时未解释费用明细", contact_name="李晓梅", contact_phone="13878106872")


async def _past(tenant: TestTenant, clock: MovableClock, minutes: tuple[int, ...]) -> list[UUID]:
    """One case a day; its first contact came so many minutes after it, core's own promise being 30."""
    cases = []
    for wait in minutes:
        async with tenant.unit() as uow:
            cases.append((await file_complaint(uow, filing=SLIGHT)).complaint_id)
        clock.advance(minutes=wait)
        async with tenant.unit() as uow:
            await complete_step(uow, complaint_id=cases[-1], milestone_id="ack_contact", facts={})
        clock.advance(minutes=24 * 60 - wait)
    return cases


async def _candidate(tenant: TestTenant, minutes: int, *, everything: bool = False) -> Candidate:
    async with tenant.workplace.reading(tenant.id) as reader:
        live = await get_policies(reader)
    draft: dict[Severity, Policy] = dict(live)
    contact = msgspec.structs.replace(live["L1"].milestones[0], minutes=minutes)
    draft["L1"] = msgspec.structs.replace(live["L1"], milestones=(contact, *live["L1"].milestones[1:]))
    return candidate_of(live, draft, everything=everything)


async def test_the_live_rules_give_the_past_back(tenant_b: TestTenant, clock: MovableClock) -> None:
    await _past(tenant_b, clock, (10, 25, 40))
    for everything in (False, True):
        async with tenant_b.unit() as uow:
            trial_id = await start_trial(
                uow, candidate=await _candidate(tenant_b, 30, everything=everything), label="x"
            )
            trial = await get_trial(uow, trial_id=trial_id)
            assert await list_moves(uow, trial_id=trial_id) == []
        assert trial.record.state == "done"
        for sums in trial.sums.promises.values():
            assert sums.before == sums.after
            assert (sums.lost, sums.saved, sums.moved, sums.gone) == (0, 0, 0, 0)
    contact = trial.sums.promises["L1 ack_contact"]
    assert (contact.before.met, contact.before.late) == (2, 1)


async def test_a_shorter_promise_lists_the_cases_it_loses(tenant_b: TestTenant, clock: MovableClock) -> None:
    cases = await _past(tenant_b, clock, (10, 25, 40))
    async with tenant_b.unit() as uow:
        trial_id = await start_trial(uow, candidate=await _candidate(tenant_b, 20), label="20 分钟")
        trial = await get_trial(uow, trial_id=trial_id)
        (move,) = await list_moves(uow, trial_id=trial_id, is_lost=True)
        assert await list_moves(uow, trial_id=trial_id, is_lost=False) == []
        cursor = MoveCursor(move.complaint_id, move.milestone, move.cycle)
        assert await list_moves(uow, trial_id=trial_id, after=cursor) == []
    assert move.complaint_id == cases[1]
    assert move.due_before is not None
    assert move.due_after == move.due_before - timedelta(minutes=10)
    contact = trial.sums.promises["L1 ack_contact"]
    assert (contact.before.percent, contact.after.percent, contact.lost) == (66.7, 33.3, 1)


async def test_a_longer_promise_saves_what_was_broken(tenant_b: TestTenant, clock: MovableClock) -> None:
    await _past(tenant_b, clock, (10, 40))
    async with tenant_b.unit() as uow:
        trial_id = await start_trial(uow, candidate=await _candidate(tenant_b, 60), label="x")
        (move,) = await list_moves(uow, trial_id=trial_id)
    assert not move.is_lost


async def test_a_long_past_goes_to_the_worker_in_pieces(tenant_b: TestTenant, clock: MovableClock) -> None:
    await _past(tenant_b, clock, (10, 25, 40))
    async with tenant_b.unit() as uow:
        at_once = await start_trial(uow, candidate=await _candidate(tenant_b, 20), label="x")
        trial_id = await start_trial(uow, candidate=await _candidate(tenant_b, 20), label="x", at_once=0)
        assert (await get_trial(uow, trial_id=trial_id)).record.state == "running"
    rounds = 0
    while True:
        async with tenant_b.unit() as uow:
            rounds += 1
            if not await continue_trial(uow, trial_id=trial_id, piece=2):
                break
    assert rounds == 2
    async with tenant_b.unit() as uow:
        assert not await continue_trial(uow, trial_id=trial_id)
        one, two = await get_trial(uow, trial_id=at_once), await get_trial(uow, trial_id=trial_id)
        assert one.sums == two.sums
        assert two.record.cases_done == two.record.cases_total == 3
        assert {record.trial_id for record in await list_trials(uow)} == {at_once, trial_id}
    assert RUN_TASK == "policy_trials.run"


async def test_a_stopped_trial_keeps_what_it_found_and_goes_no_further(
    tenant_b: TestTenant, tenant_a: TestTenant, clock: MovableClock
) -> None:
    await _past(tenant_b, clock, (10, 25, 40))
    async with tenant_b.unit() as uow:
        trial_id = await start_trial(uow, candidate=await _candidate(tenant_b, 20), label="x", at_once=0)
    async with tenant_b.unit() as uow:
        assert await continue_trial(uow, trial_id=trial_id, piece=1)
    async with tenant_b.unit() as uow:
        assert await stop_trial(uow, trial_id=trial_id)
    async with tenant_b.unit() as uow:
        assert not await continue_trial(uow, trial_id=trial_id, piece=1)
        assert not await stop_trial(uow, trial_id=trial_id)
        found = await get_trial(uow, trial_id=trial_id)
        assert (found.record.state, found.record.cases_done, found.record.cases_total) == ("stopped", 1, 3)
        assert found.sums.clocks > 0
    async with tenant_a.unit() as uow:
        with pytest.raises(NotFound):
            await stop_trial(uow, trial_id=trial_id)


async def test_without_drafts_the_candidate_is_the_live_one(tenant_b: TestTenant) -> None:
    async with tenant_b.unit() as uow:
        assert await get_candidate(uow) == Candidate()


async def test_another_tenant_finds_no_trial(tenant_a: TestTenant, tenant_b: TestTenant, clock: MovableClock) -> None:
    await _past(tenant_b, clock, (10,))
    async with tenant_b.unit() as uow:
        trial_id = await start_trial(uow, candidate=Candidate(), label="x")
    async with tenant_a.unit() as uow:
        assert await list_trials(uow) == []
        assert await list_moves(uow, trial_id=trial_id) == []
        assert not await continue_trial(uow, trial_id=trial_id)
        with pytest.raises(NotFound):
            await get_trial(uow, trial_id=trial_id)


async def test_an_open_promise_shows_its_risk_with_how_many_are_alike(
    tenant_b: TestTenant, clock: MovableClock
) -> None:
    # 24 in ten minutes, 8 too late: after 15 minutes only the late ones are alike, and they are too few.
    await _past(tenant_b, clock, (10,) * 24 + (45,) * 8)
    async with tenant_b.unit() as uow:
        assert await count_risks(uow) > 30
        open_one = (await file_complaint(uow, filing=SLIGHT)).complaint_id
        place = (open_one, "ack_contact")
        risks = await get_risks(uow, [place, (open_one, "no-such-step")])
        assert (risks[place].percent, risks[place].n, risks[place].alike) == (25, 32, "level")
        assert await get_risks(uow, []) == {}
    clock.advance(minutes=15)
    async with tenant_b.unit() as uow:
        assert place not in await get_risks(uow, [place])


async def test_the_risk_of_another_tenants_case_is_not_told(
    tenant_a: TestTenant, tenant_b: TestTenant, clock: MovableClock
) -> None:
    await _past(tenant_b, clock, (10,) * 25)
    async with tenant_b.unit() as uow:
        await count_risks(uow)
        place = ((await file_complaint(uow, filing=SLIGHT)).complaint_id, "ack_contact")
        assert place in await get_risks(uow, [place])
    async with tenant_a.unit() as uow:
        await count_risks(uow)
        assert await get_risks(uow, [place]) == {}
