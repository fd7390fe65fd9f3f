"""The nightly look: one open case per household, whom it leaves in peace, how cases end, and offers once per episode."""

from datetime import date, timedelta
from uuid import UUID
from zlib import crc32

import pytest
from sqlalchemy import insert, select, text, update

from core.churn.actions.cases import (
    CaseClosed,
    CaseOpen,
    add_note,
    close_case,
    give_case,
    log_call,
    open_by_hand,
    plan_visit,
)
from core.churn.actions.sweep import Swept, sweep
from core.churn.actions.winbacks import HeldOut, NothingToOffer, give_winback
from core.churn.models import ChurnCase, ChurnSignal, ChurnWatch, Winback
from core.churn.queries.cases import (
    CaseFilter,
    count_cases,
    find_open_case,
    find_winback,
    list_cases,
    list_signs,
    list_steps,
)
from core.churn.queries.lifts import get_lift
from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from core.contacts.actions import record_consent
from core.customers.actions import add_customer, add_subject, join_household
from core.customers.models import Customer
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.db import table_of
from core.errors import InvalidInput, NotFound
from core.loyalty.actions import record_purchase
from core.profiles.models import CustomerPreference
from tenants.churn_team import TEAM
from tenants.plugin_settings import enable_plugin
from tests.workplaces import MovableClock, TestTenant

_W, _K, _G, _B = (table_of(one) for one in (ChurnWatch, ChurnCase, ChurnSignal, Winback))


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


async def customer(tenant: TestTenant, name: str = "王小美") -> UUID:
    phone = f"+86138{crc32(name.encode()) % 10**8:08d}"  # one each: who shares a phone is one household
    async with tenant.unit() as uow:
        return await add_customer(
            uow, draft=CustomerDraft(full_name=name, phones=(phone,)), branch_id=tenant.signed_up.branch_id
        )


async def came(tenant: TestTenant, customer_id: UUID, *days_ago: int) -> None:
    async with tenant.unit() as uow:
        for days in days_ago:
            at = uow.now - timedelta(days=days)
            await record_purchase(uow, customer_id=customer_id, fen=100_00, key=f"{customer_id}:{days}", occurred_at=at)


async def night(tenant: TestTenant) -> Swept:
    async with tenant.workplace.unit(tenant.id) as uow:
        return await sweep(uow, team=TEAM)


async def test_three_months_without_spending_open_one_case_with_owner_and_time(clinic: TestTenant) -> None:
    gone, here = await customer(clinic), await customer(clinic, "李在")
    await came(clinic, gone, 100)
    await came(clinic, here, 60)
    assert (await night(clinic)).opened == 1
    assert (await night(clinic)) == Swept()
    async with clinic.unit() as uow:
        found = await find_open_case(uow, gone)
        assert found is not None
        assert await find_open_case(uow, here) is None
        assert (found.signal, found.state, found.owner_name) == ("no_spend", "open", "director")
        assert found.due_at - found.opened_at == timedelta(days=3)
        assert [one.signal for one in await list_signs(uow, found.case_id)] == ["no_spend"]
        assert await count_cases(uow) == {"open": 1, "late": 0, "mine": 1}


async def test_the_day_is_the_calendar_months_day_and_not_the_ninetieth(
    clinic: TestTenant, clock: MovableClock
) -> None:
    gone = await customer(clinic)
    async with clinic.unit() as uow:  # 31 August in Shanghai, although it is still the 30th in UTC
        at = uow.now.replace(month=8, day=30, hour=16, minute=30)
        await record_purchase(uow, customer_id=gone, fen=1, key="a", occurred_at=at)
    clock.advance(days=6)  # 29 November
    assert (await night(clinic)).opened == 0
    clock.advance(days=1)  # 30 November: 31 August and three months, clamped
    assert (await night(clinic)).opened == 1


async def test_who_comes_seldom_is_missed_after_twice_their_own_gap(clinic: TestTenant, clock: MovableClock) -> None:
    seldom = await customer(clinic)
    await came(clinic, seldom, 340, 220, 100)  # every 120 days
    assert (await night(clinic)).opened == 0
    clock.advance(days=139)
    assert (await night(clinic)).opened == 0
    clock.advance(days=1)
    assert (await night(clinic)).opened == 1


async def test_a_household_has_one_case_and_anybodys_visit_counts(clinic: TestTenant) -> None:
    one, other, third = await customer(clinic), await customer(clinic, "王大明"), await customer(clinic, "王老三")
    async with clinic.unit() as uow:
        await join_household(uow, customer_id=one, other_id=other)
        await join_household(uow, customer_id=one, other_id=third)
    await came(clinic, one, 200)
    await came(clinic, other, 120)
    assert (await night(clinic)).opened == 1
    async with clinic.unit() as uow:
        found = await find_open_case(uow, third)
        assert found is not None
        assert found.customer_id == other, "who came last is called"
        with pytest.raises(CaseOpen):
            await open_by_hand(uow, customer_id=one, words="在点评上说要换医院", team=TEAM)
    await came(clinic, third, 0)
    assert (await night(clinic)).closed == 1
    async with clinic.unit() as uow:
        closed = await list_cases(uow, which=CaseFilter(which="closed"))
        assert [row.outcome for row in closed] == ["came_back"]


async def test_a_second_absence_is_a_second_episode(clinic: TestTenant, clock: MovableClock) -> None:
    gone = await customer(clinic)
    await came(clinic, gone, 100)
    assert (await night(clinic)).opened == 1
    async with clinic.unit() as uow:
        found = await find_open_case(uow, gone)
        assert found is not None
        await close_case(uow, case_id=found.case_id, outcome="not_reached")
    clock.advance(days=200)
    assert (await night(clinic)).opened == 0, "the same absence is told once"
    await came(clinic, gone, 0)
    await night(clinic)
    clock.advance(days=100)
    assert (await night(clinic)).opened == 1


@pytest.mark.parametrize("why", ["complaint", "deceased", "refuses", "moved"])
async def test_who_is_to_be_left_in_peace_gets_no_case(clinic: TestTenant, clock: MovableClock, why: str) -> None:
    gone = await customer(clinic)
    await came(clinic, gone, 100)
    async with clinic.unit() as uow:
        if why == "complaint":
            await file_complaint(uow, filing=Filing(text="等了两个小时", contact_phone="13800138000", customer_id=gone))
        elif why == "deceased":
            draft = SubjectDraft(kind="petclinic.pet", name="豆豆", deceased_on=date(2026, 9, 1))
            await add_subject(uow, customer_id=gone, draft=draft)
        elif why == "refuses":
            await record_consent(
                uow, customer_id=gone, purpose="service", channel="all", decision="withdrawn", source="desk"
            )
        else:
            case_id = await open_by_hand(uow, customer_id=gone, words="搬家了", team=TEAM)
            await close_case(uow, case_id=case_id, outcome="moved")
    done = await night(clinic)
    assert (done.opened, done.silent) == (0, 1)
    assert (await night(clinic)).silent == 0, "not looked at every night"
    clock.advance(days=7)
    assert (await night(clinic)).silent == (0 if why == "moved" else 1)


async def test_a_planned_visit_that_did_not_happen_is_a_signal_and_one_that_did_is_none(
    clinic: TestTenant, clock: MovableClock
) -> None:
    missed, kept = await customer(clinic), await customer(clinic, "李守时")
    await came(clinic, missed, 10)
    await came(clinic, kept, 10)
    async with clinic.unit() as uow:
        day = date(2026, 11, 30)
        await plan_visit(uow, customer_id=missed, planned_on=day, reason="疫苗第三针")
        await plan_visit(uow, customer_id=kept, planned_on=day)
        with pytest.raises(InvalidInput):
            await plan_visit(uow, customer_id=kept, planned_on=date(2026, 1, 1))
    clock.advance(days=7)
    await came(clinic, kept, 0)
    clock.advance(days=13)
    assert (await night(clinic)).opened == 0
    clock.advance(days=1)
    assert (await night(clinic)).opened == 1
    async with clinic.unit() as uow:
        found = await find_open_case(uow, missed)
        assert found is not None
        assert found.signal == "planned_date"
        await plan_visit(uow, customer_id=kept, planned_on=None)


async def test_whoever_loses_their_named_clinician_is_called_by_somebody_else(clinic: TestTenant) -> None:
    theirs = await customer(clinic)
    doctor = clinic.staff["doctor"].id
    async with clinic.unit() as uow:
        await uow.session.execute(
            insert(table_of(CustomerPreference)).values(
                tenant_id=uow.tenant_id, customer_id=theirs, clinician_id=doctor, changed_at=uow.now
            )
        )
        await uow.session.execute(
            text("UPDATE staff SET state = 'left' WHERE tenant_id = :t AND staff_id = :s"),
            {"t": uow.tenant_id, "s": doctor},
        )
    assert (await night(clinic)).opened == 1
    async with clinic.unit() as uow:
        found = await find_open_case(uow, theirs)
        assert found is not None
        assert (found.signal, found.owner_name) == ("staff_left", "director")
        await close_case(uow, case_id=found.case_id, outcome="promised", words="改由李医生负责")
    assert (await night(clinic)).opened == 0, "the same departure is told once"


async def test_calls_notes_and_owners_are_written_down_and_a_closed_case_takes_none(
    clinic: TestTenant, clock: MovableClock
) -> None:
    gone = await customer(clinic)
    async with clinic.unit() as uow:
        case_id = await open_by_hand(uow, customer_id=gone, words="说要去别家看看", team=TEAM)
        with pytest.raises(InvalidInput):
            await log_call(uow, case_id=case_id, reached=True, words=" ")
        await log_call(uow, case_id=case_id, reached=False, words="", again_on=date(2026, 12, 1))
        with pytest.raises(InvalidInput):
            await log_call(uow, case_id=case_id, reached=False, words="", again_on=date(2026, 1, 1))
        await add_note(uow, case_id=case_id, words="下班后再打")
        await give_case(uow, case_id=case_id, owner_id=clinic.staff["doctor"].id or gone, team=TEAM)
        with pytest.raises(NotFound):
            await give_case(uow, case_id=case_id, owner_id=gone, team=TEAM)
        found = await find_open_case(uow, gone)
        assert found is not None
        assert (found.due_at - uow.now).days == 9
        with pytest.raises(InvalidInput):
            await close_case(uow, case_id=case_id, outcome="other")
        with pytest.raises(InvalidInput):
            await close_case(uow, case_id=case_id, outcome="merged")
        await close_case(uow, case_id=case_id, outcome="price", words="觉得洗澡贵")
        kinds = [step.kind for step in await list_steps(uow, case_id)]
        assert kinds == ["closed", "owner", "note", "call", "note", "opened"]
        with pytest.raises(CaseClosed):
            await add_note(uow, case_id=case_id, words="再见")
    clock.advance(days=30)
    async with clinic.unit() as uow:
        assert (await count_cases(uow))["open"] == 0


async def _drawn(clinic: TestTenant, customer_id: UUID, arm: str) -> UUID:
    async with clinic.unit() as uow:
        found = await find_open_case(uow, customer_id)
        assert found is not None
        await uow.session.execute(
            update(_B).where(_B.c.tenant_id == uow.tenant_id, _B.c.case_id == found.case_id).values(arm=arm)
        )
        return found.case_id


async def test_an_offer_is_given_once_per_episode_and_never_to_the_comparison_group(
    clinic: TestTenant, clock: MovableClock
) -> None:
    offered, held = await customer(clinic), await customer(clinic, "李对照")
    await came(clinic, offered, 100)
    await came(clinic, held, 100)
    assert (await night(clinic)).opened == 2
    one, other = await _drawn(clinic, offered, "offer"), await _drawn(clinic, held, "hold_out")
    async with clinic.unit("front_desk") as uow:
        with pytest.raises(InvalidInput):
            await give_winback(uow, case_id=one, choice=99)
        await give_winback(uow, case_id=one, choice=0)
        with pytest.raises(NothingToOffer):
            await give_winback(uow, case_id=one, choice=0)
        with pytest.raises(HeldOut):
            await give_winback(uow, case_id=other, choice=0)
        row = await find_winback(uow, one)
        assert row is not None
        assert row.given_by_name == "front_desk"
    clock.advance(days=20)
    await came(clinic, offered, 0)
    clock.advance(days=60)
    await came(clinic, held, 0)  # too late to count
    async with clinic.unit() as uow:
        report = await get_lift(uow, since=uow.now - timedelta(days=365))
        whole = report.whole
        assert (whole.offered.households, whole.offered.returned, whole.offered.fen) == (1, 1, 100_00)
        assert (whole.held_out.households, whole.held_out.returned) == (1, 0)
        assert (whole.points, report.running, report.given) == (100.0, 0, 1)


async def test_cases_follow_a_household_and_two_become_one(clinic: TestTenant) -> None:
    one, other = await customer(clinic), await customer(clinic, "王大明")
    await came(clinic, one, 100)
    await came(clinic, other, 110)
    assert (await night(clinic)).opened == 2
    async with clinic.unit() as uow:
        await join_household(uow, customer_id=one, other_id=other)
    assert (await night(clinic)).closed == 1
    async with clinic.unit() as uow:
        assert (await count_cases(uow))["open"] == 1


async def test_a_chain_that_imports_its_past_gets_a_list_it_can_work_through(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        for number in range(5):
            made = await add_customer(uow, draft=CustomerDraft(full_name=f"老客{number}"))
            await uow.session.execute(
                update(table_of(Customer))
                .where(Customer.tenant_id == uow.tenant_id, Customer.customer_id == made)
                .values(last_visit_on=date(2020 + number, 1, 1))
            )
        from_rule = select(_W.c.household).where(_W.c.tenant_id == uow.tenant_id)
        assert not list(await uow.session.scalars(from_rule))
    assert (await night(clinic)).opened == 5
    async with clinic.unit() as uow:
        days = [row.last_on for row in await list_cases(uow, which=CaseFilter())]
        assert days == sorted(days, key=lambda day: day or date.min, reverse=True), "who left last is called first"


async def test_one_chain_never_sees_or_sweeps_the_other(clinic: TestTenant, tenant_b: TestTenant) -> None:
    gone = await customer(clinic)
    await came(clinic, gone, 100)
    await night(tenant_b)
    assert (await night(clinic)).opened == 1
    async with clinic.unit() as uow:
        found = await find_open_case(uow, gone)
        assert found is not None
    async with tenant_b.unit() as uow:
        assert await find_open_case(uow, gone) is None
        assert not await list_cases(uow, which=CaseFilter())
        with pytest.raises(NotFound):
            await add_note(uow, case_id=found.case_id, words="别家的")
        assert not list(await uow.session.scalars(select(_G.c.signal_id)))
