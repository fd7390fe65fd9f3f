"""The reports of complaints say what the cases say: kept promises, times, once-solved, cost, mix, hours, and never another tenant's."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, update

from core.complaint_reports.queries.mix import get_hours, get_mix
from core.complaint_reports.queries.outcomes import list_outcomes, sum_outcomes
from core.complaint_reports.queries.pace import get_cycle, get_first_response
from core.complaint_reports.queries.promises import list_kept
from core.complaint_reports.rules.figures import CaseFilter, Part, kept_by, pareto
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import complete_step, reopen_case
from core.complaints.models import Complaint
from core.complaints.rules.filing import Filing
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.db import new_id, table_of
from core.remedies.models import Remedy
from core.reports.rules.spans import span_back
from core.uow import Reader
from tests.workplaces import MovableClock, TestTenant

_C, _R = table_of(Complaint), table_of(Remedy)
SLIGHT = Filing(text="结账时未解释费用明细", contact_name="李晓梅", contact_phone="13878106872", category="fees")


def _wanted(reader: Reader, months: int = 3, **more: object) -> CaseFilter:
    span = span_back(reader.today, months, reader.scope.timezone)
    return CaseFilter(span=span, **more)  # type: ignore[arg-type] # the tests' own words


async def _case(
    tenant: TestTenant, clock: MovableClock, contact: int | None = 10, solution: int | None = 60, **more: object
) -> UUID:
    """A case whose contact and solution came so many minutes after it; the clock is put back to the receipt."""
    filing = Filing(text="结账时未解释费用明细", contact_phone="13878106872", category="fees", **more)  # type: ignore[arg-type] # the tests' own words
    begun = clock.instant
    async with tenant.unit() as uow:
        complaint_id = (await file_complaint(uow, filing=filing)).complaint_id
    for step, minutes in (("ack_contact", contact), ("propose_solution", solution)):
        if minutes is not None:
            clock.instant = begun + timedelta(minutes=minutes)
            async with tenant.unit() as uow:
                await complete_step(uow, complaint_id=complaint_id, milestone_id=step, facts={})
    clock.instant = begun
    return complaint_id


async def test_promises_are_kept_broken_or_still_waiting(tenant_b: TestTenant, clock: MovableClock) -> None:
    branch = tenant_b.signed_up.branch_id
    await _case(tenant_b, clock, 10, 60, branch_id=branch)
    await _case(tenant_b, clock, 45, 60)
    await _case(tenant_b, clock, None, None)
    clock.advance(minutes=31)  # no worker looks, and the third contact is broken all the same
    async with tenant_b.unit() as uow:
        rows = await list_kept(uow, _wanted(uow))
        ours = await list_kept(uow, _wanted(uow, branch_id=branch))
        none = await list_kept(uow, _wanted(uow, severity="L3"))
    by = {one.key: one for one in kept_by(rows, "promise")}
    assert by["L1", "ack_contact"].part == Part(1, 3)
    assert by["L1", "propose_solution"].part == Part(2, 2)
    assert by["L1", "propose_solution"].waiting == 1
    assert {one.key: one.part for one in kept_by(rows, "branch_id")} == {None: Part(1, 3), branch: Part(2, 2)}
    assert kept_by(rows, "month")[0].key == 2
    assert sum(row.met for row in ours) == 2
    assert none == []


async def test_response_and_cycle_say_how_many_they_rest_on(tenant_b: TestTenant, clock: MovableClock) -> None:
    for minutes in (10, 20, 30):
        await _case(tenant_b, clock, minutes, minutes * 6)
    await _case(tenant_b, clock, None, None)
    clock.advance(days=1)
    async with tenant_b.unit() as uow:
        first = await get_first_response(uow, _wanted(uow))
        cycle = await get_cycle(uow, _wanted(uow))
        empty = await get_cycle(uow, _wanted(uow, severity="L2"))
    assert (first.cases, first.whole.n, first.whole.median) == (4, 3, 1200)
    assert first.whole.p90 == pytest.approx(28 * 60)
    assert (cycle.cases, cycle.whole.n, cycle.whole.median, cycle.whole.mean) == (3, 3, 7200, 7200)
    assert cycle.by_level["L1"] == cycle.whole == cycle.by_month[-1]
    assert cycle.by_month[0].n == 0
    assert (empty.cases, empty.whole.median) == (0, None)


async def test_solved_at_once_asks_only_cases_whose_month_is_over(tenant_b: TestTenant, clock: MovableClock) -> None:
    async with tenant_b.unit() as uow:
        ids = [await add_customer(uow, draft=CustomerDraft(full_name=name)) for name in ("甲", "乙", "丙", "丁")]
    for customer_id in ids[:3]:
        await _case(tenant_b, clock, customer_id=customer_id)
    again = await _case(tenant_b, clock, customer_id=ids[3])
    clock.advance(days=2)
    async with tenant_b.unit() as uow:
        await reopen_case(uow, complaint_id=again, reason="问题又出现")
    await _case(tenant_b, clock, None, None, customer_id=ids[0])  # the same customer, the same category
    async with tenant_b.unit() as uow:
        young = sum_outcomes(await list_outcomes(uow, _wanted(uow)))
    assert young.once == Part(0, 0)
    assert young.reopened == Part(1, 4)
    clock.advance(days=31)
    async with tenant_b.unit() as uow:
        assert sum_outcomes(await list_outcomes(uow, _wanted(uow))).once == Part(2, 4)


async def test_cost_is_what_was_given(tenant_b: TestTenant, clock: MovableClock) -> None:
    one, two = await _case(tenant_b, clock), await _case(tenant_b, clock)
    async with tenant_b.unit() as uow:
        row: dict[str, object] = {name: "" for name, column in _R.c.items() if not column.nullable}
        row |= {name: uow.now for name in row if name.endswith("_at")}
        row |= {"tenant_id": uow.tenant_id, "kind": "gift", "label": "宠物用品礼包", "terms": {}}
        for state, fen, case in (("given", 80_00, one), ("offered", 500_00, two), ("given", 20_00, one)):
            more = {
                "remedy_id": new_id(),
                "key": f"{state}{fen}",
                "state": state,
                "cost_fen": fen,
                "complaint_id": case,
            }
            await uow.session.execute(insert(_R).values(row | more))
        found = sum_outcomes(await list_outcomes(uow, _wanted(uow)))
    assert (found.cost_fen, found.paid, found.fen_per_case) == (100_00, Part(1, 2), 50_00)


async def test_the_mix_counts_levels_channels_categories_causes_and_hours(
    tenant_b: TestTenant, clock: MovableClock
) -> None:
    await _case(tenant_b, clock, None, None, channel="phone")
    second = await _case(tenant_b, clock, None, None, channel="regulator")
    merged = await _case(tenant_b, clock, None, None)
    async with tenant_b.unit() as uow:
        await uow.session.execute(update(_C).where(_C.c.complaint_id == second).values(cause="fees.unclear"))
        await uow.session.execute(
            update(_C).where(_C.c.complaint_id == merged).values(state="merged", merged_into=second)
        )
        mix = await get_mix(uow, _wanted(uow))
        hours = await get_hours(uow, _wanted(uow))
    assert (mix.cases, mix.levels) == (2, {"L1": 2})
    assert mix.channels == {"phone": 1, "regulator": 1}
    assert mix.causes == {"": 1, "fees.unclear": 1}
    assert mix.by_month == (0, 0, 2)
    assert hours[0][10] == 2  # Monday 10:00 in Shanghai
    assert sum(map(sum, hours)) == 2


async def test_no_report_counts_another_tenants_cases(
    tenant_a: TestTenant, tenant_b: TestTenant, clock: MovableClock
) -> None:
    await _case(tenant_b, clock)
    async with tenant_a.unit() as uow:
        wanted = _wanted(uow)
        assert await list_kept(uow, wanted) == []
        assert (await get_first_response(uow, wanted)).cases == 0
        assert await list_outcomes(uow, wanted) == []
        assert (await get_mix(uow, wanted)).cases == 0


def test_a_pareto_runs_up_to_a_hundred_and_adds_the_rest_up() -> None:
    found = pareto({"a": 5, "b": 3, "c": 1, "d": 1}, most=2)
    assert [(one.key, one.n, one.upto) for one in found] == [("a", 5, 50.0), ("b", 3, 80.0), ("", 2, 100.0)]
    assert pareto({}) == []


def test_a_share_of_nothing_is_no_percentage() -> None:
    assert Part(0, 0).percent is None
    assert Part(1, 3).percent == 33.3
    assert Part(1, 3).few
    assert not Part(1, 20).few
