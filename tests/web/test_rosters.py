"""The pages of the roster: the week with its gaps, shifts and their history, changes of single days, swaps, answers."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from core.complaints.actions.filing import file_complaint
from core.complaints.cases.escalation import fire_clock
from core.complaints.queries.answers import list_awaited
from core.complaints.rules.filing import Filing
from tenants.plugin_settings import enable_plugin
from tenants.roster import Roster
from tenants.shifts.covering import list_gaps
from tenants.shifts.swapping import ask_swap
from tests.web.factories_rosters import MONDAY, make_pattern, make_swap
from tests.webapp import Browser
from tests.workplaces import MovableClock, TestTenant

Client = Callable[..., Awaitable[Browser]]
GRAVE = Filing(text="手术中宠物死亡", contact_name="周文博", contact_phone="13878106871")


async def _open(tenant: TestTenant) -> str:
    async with tenant.unit() as uow:
        await enable_plugin(uow, host=tenant.workplace.host, plugin_id="petclinic")
    return f"/t/{tenant.slug}/roster"


def _form(tenant: TestTenant, **values: object) -> dict[str, object]:
    return {
        "name": "白班",
        "role": "team_leader",
        "branch_id": str(tenant.signed_up.branch_id),
        "weekdays": ["0", "1", "2", "3", "4", "5"],
        "starts": "08:00",
        "ends": "20:00",
        "holidays": "same",
        "turn_days": "7",
        "effective_from": "2026-11-23",
        "team_1": [str(tenant.staff["team_leader"].id)],
        **values,
    }


async def test_a_shift_with_gaps_is_warned_of_on_the_week_the_board_and_the_start_page(
    client: Client, tenant_a: TestTenant
) -> None:
    root = await _open(tenant_a)
    leader = await client("team_leader")
    assert "No shifts yet" in (await leader.get(root)).text
    made = await leader.send_form(f"{root}/patterns", _form(tenant_a))
    assert made.status_code == 303, made.text
    week = await leader.get(root)
    assert "hours without anybody" in week.text
    assert "20:00–24:00" in week.text
    assert "Complaint team leader" in (await leader.get(f"{root}/gaps")).text
    assert "Gaps in the roster" in (await leader.get(f"/t/{tenant_a.slug}")).text
    assert f"{root}/gaps" in (await leader.get(f"/t/{tenant_a.slug}/complaints")).text
    sheet = await leader.get(f"{root}/week.csv")
    assert "NOBODY" in sheet.text
    assert "2026-11-29" in sheet.text
    next_week = await leader.get(f"{root}?week=2026-12-02&branch={tenant_a.signed_up.branch_id}")
    assert "30 Nov 2026" in next_week.text
    assert (await leader.get(f"{root}?week=nonsense")).status_code == 404


async def test_a_policy_whose_chain_names_an_uncovered_role_says_so_before_it_is_published(
    client: Client, tenant_a: TestTenant
) -> None:
    root = await _open(tenant_a)
    director = await client()
    page = f"/t/{tenant_a.slug}/complaint-rules/publish"
    assert "nobody answers for at some hours" not in (await director.get(page)).text
    assert (await director.send_form(f"{root}/patterns", _form(tenant_a))).status_code == 303
    assert "nobody answers for at some hours" in (await director.get(page)).text


async def test_a_shift_is_changed_from_a_day_on_ended_and_taken_back(client: Client, tenant_a: TestTenant) -> None:
    root = await _open(tenant_a)
    leader = await client("team_leader")
    made = await leader.send_form(f"{root}/patterns", _form(tenant_a))
    here = made.headers["location"]
    form = _form(tenant_a, ends="22:00", effective_from="2026-11-25", number="1")
    assert (await leader.send_form(here, form)).status_code == 303
    late = await leader.send_form(here, form)
    assert late.status_code == 409
    assert "put your change on top of it" in late.text
    assert (await leader.send_form(f"{here}/undo", {"number": "2"})).status_code == 303
    wrong = await leader.send_form(f"{here}/end", {"number": "3", "from_day": "2026-11-01"})
    assert wrong.status_code == 422
    assert (await leader.send_form(f"{here}/end", {"number": "3", "from_day": "2026-11-24"})).status_code == 303
    assert "This shift has ended" in (await leader.get(here)).text


async def test_a_shift_that_does_not_fit_comes_back_with_what_was_typed(client: Client, tenant_a: TestTenant) -> None:
    root = await _open(tenant_a)
    leader = await client("team_leader")
    assert (await leader.get(f"{root}/patterns/new")).status_code == 200
    form = _form(tenant_a, weekdays=[], team_1=[], team_2=[str(tenant_a.staff["doctor"].id)])
    refused = await leader.send_form(f"{root}/patterns", form)
    assert refused.status_code == 422
    assert "A team in between has nobody" in refused.text
    assert 'value="白班"' in refused.text
    early = await leader.send_form(f"{root}/patterns", _form(tenant_a, effective_from="2026-11-01"))
    assert "Not before today" in early.text
    assert (await leader.send_form(f"{root}/patterns", _form(tenant_a, starts="x"))).status_code == 422


async def test_absences_and_swaps_stand_on_the_week_and_are_taken_back(client: Client, tenant_a: TestTenant) -> None:
    root = await _open(tenant_a)
    pattern = await make_pattern(tenant_a)
    leader = await client("team_leader")
    director, senior = (str(tenant_a.staff[role].id) for role in ("director", "senior_doctor"))
    away: dict[str, object] = {"staff_id": director, "first_on": "2026-11-24", "words": "外出学习"}
    assert (await leader.send_form(f"{root}/absences", away)).status_code == 303
    assert (await leader.send_form(f"{root}/absences", {"staff_id": director})).status_code == 422
    swap: dict[str, object] = {
        "pattern_id": str(pattern),
        "on": "2026-11-25",
        "staff_id": director,
        "stand_in_id": senior,
    }
    assert (await leader.send_form(f"{root}/swaps", swap)).status_code == 303
    again = await leader.send_form(f"{root}/swaps", swap)
    assert again.status_code == 409
    assert "does not have that shift" in again.text
    assert (await leader.send_form(f"{root}/swaps", {**swap, "on": ""})).status_code == 422
    page = await leader.get(root)
    assert "外出学习" in page.text
    assert "senior_doctor instead of director" in page.text
    change = page.text.split("/changes/")[1].split("/undo")[0]
    assert (await leader.send_form(f"{root}/changes/{change}/undo")).status_code == 303
    assert (await leader.send_form(f"{root}/changes/{change}/undo")).status_code == 404


async def test_a_colleague_takes_a_shift_and_both_see_it(client: Client, tenant_a: TestTenant) -> None:
    await _open(tenant_a)
    swap = await make_swap(tenant_a)
    mine = f"/t/{tenant_a.slug}/my-shifts"
    asks, takes, other = await client(), await client("senior_doctor"), await client("head_nurse")
    assert "swap asked" in (await asks.get(mine)).text
    assert "Colleagues ask you" in (await takes.get(mine)).text
    assert "Colleagues ask you" not in (await other.get(mine)).text
    assert (await other.send_form(f"{mine}/swaps/{swap}/accept")).status_code == 409
    assert (await takes.send_form(f"{mine}/swaps/{swap}/decline")).status_code == 409
    assert (await takes.send_form(f"{mine}/swaps/{swap}/accept")).status_code == 303
    assert (await asks.send_form(f"{mine}/swaps/{swap}/withdraw")).status_code == 409
    assert "taken by senior_doctor" in (await asks.get(mine)).text
    assert "08:00" in (await takes.get(mine)).text


async def test_who_is_asked_alone_for_a_swap_finds_it_in_the_inbox(client: Client, tenant_a: TestTenant) -> None:
    await _open(tenant_a)
    pattern, asked = await make_pattern(tenant_a), tenant_a.staff["senior_doctor"].id
    async with tenant_a.unit() as uow:
        swap = await ask_swap(uow, pattern_id=pattern, on=MONDAY, colleague_id=asked)
    takes, other = await client("senior_doctor"), await client("head_nurse")
    inbox = f"/t/{tenant_a.slug}/inbox"
    assert 'id="swaps"' in (await takes.get(inbox)).text
    assert 'id="swaps"' not in (await other.get(inbox)).text
    assert (await takes.send_form(f"/t/{tenant_a.slug}/my-shifts/swaps/{swap}/decline")).status_code == 303
    assert 'id="swaps"' not in (await takes.get(inbox)).text


async def test_a_step_that_asks_for_an_answer_is_taken_once_and_goes_no_further(
    client: Client, tenant_a: TestTenant, clock: MovableClock
) -> None:
    await _open(tenant_a)
    case = await _escalate(tenant_a, clock)
    async with tenant_a.unit() as uow:
        waiting = [line for line in await list_awaited(uow) if line.acknowledged_at is None]
    assert waiting
    line = waiting[0]
    assert line.asked is not None
    assert line.asked.moves_on_at is not None
    notice, person = line.people[0].notice_id, line.people[0]
    role = next(code for code, actor in tenant_a.staff.items() if actor.id == person.staff_id)
    browser = await client(role)
    page = f"/t/{tenant_a.slug}/inbox/answers"
    assert f"/inbox/answers/{notice}/take" in (await browser.get(page)).text
    assert (await browser.send_form(f"{page}/{notice}/take")).status_code == 303
    assert "Answered in the last seven days" in (await browser.get(page)).text
    shown = await browser.get(f"/t/{tenant_a.slug}/complaints/{case}")
    assert "Who was told" in shown.text
    assert "said that they have it" in shown.text
    clock.advance(hours=1)
    await _fire(tenant_a)
    async with tenant_a.unit() as uow:
        stages = await uow.session.execute(
            text("SELECT stage FROM told_stage WHERE complaint_id = :c AND milestone = :m"),
            {"c": case, "m": line.milestone},
        )
        assert f"{line.stage} unacknowledged" not in [row.stage for row in stages]
    other = await client("doctor")
    assert (await other.send_form(f"{page}/{notice}/take")).status_code == 404


async def _escalate(tenant: TestTenant, clock: MovableClock) -> UUID:
    async with tenant.unit() as uow:
        case = (await file_complaint(uow, filing=GRAVE)).complaint_id
    clock.advance(minutes=1)
    await _fire(tenant)
    return case


async def _fire(tenant: TestTenant) -> None:
    async with tenant.unit() as uow:
        rows = await uow.session.execute(
            text("SELECT payload FROM outbox WHERE task = 'complaints.clock' AND state = 'pending' AND run_at <= :n"),
            {"n": uow.now},
        )
        for payload in [row.payload for row in rows]:
            place = {"milestone_id": payload["milestone"], "cycle": payload["cycle"], "roster": Roster()}
            await fire_clock(uow, complaint_id=UUID(payload["complaint_id"]), **place)


async def test_gaps_look_seven_days_ahead_and_forget_the_hours_that_are_over(
    client: Client, tenant_a: TestTenant, clock: MovableClock
) -> None:
    root = await _open(tenant_a)
    leader = await client("team_leader")
    assert (await leader.send_form(f"{root}/patterns", _form(tenant_a))).status_code == 303
    async with tenant_a.unit() as uow:
        (found,) = await list_gaps(uow)
        assert found.gaps[0][0] == uow.now + timedelta(hours=10)
        assert found.gaps[-1][1] <= uow.now + timedelta(days=7)
    assert "On duty now" in (await leader.get(f"/t/{tenant_a.slug}")).text


async def test_who_may_not_plan_sees_the_week_without_its_forms(client: Client, tenant_a: TestTenant) -> None:
    root = await _open(tenant_a)
    desk = await client("front_desk")
    page = await desk.get(root)
    assert page.status_code == 200
    assert "Plan a single shift" not in page.text
    assert (await desk.get(f"{root}/patterns/new")).status_code == 403
    assert (await desk.send_form(f"{root}/absences", {})).status_code == 403
