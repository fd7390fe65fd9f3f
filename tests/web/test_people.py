"""Adding people, giving roles, and the duty roster."""

from collections.abc import Awaitable, Callable

from tenants.duty import list_shifts
from tenants.roster import Roster
from tenants.staff import list_people
from tests.webapp import Browser
from tests.workplaces import PASSWORD, MovableClock, TestTenant

Client = Callable[..., Awaitable[Browser]]


async def test_an_administrator_adds_a_person_who_then_signs_in(
    client: Client, browser: Callable[[], Browser], tenant_a: TestTenant
) -> None:
    admin = await client("tenant_admin")
    root = f"/t/{tenant_a.slug}/staff"
    assert "Add a person" in (await admin.get(f"{root}/new")).text
    form = {
        "full_name": "李护士",
        "login": "138 1234 6871",
        "password": PASSWORD,
        "branch_id": "",
        "roles": ["front_desk"],
    }
    answer = await admin.send_form(root, form)
    assert answer.status_code == 303, answer.text
    page = await admin.get(root)
    assert "李护士" in page.text
    assert "+8613812346871" in page.text
    assert "The person was added" in page.text

    other = browser()
    logins = tenant_a.logins | {"new": "13812346871"}
    renamed = TestTenant(tenant_a.signed_up, logins, tenant_a.staff, tenant_a.workplace)
    assert (await other.sign_in(renamed, "new")).status_code == 303


async def test_a_person_that_does_not_fit_comes_back_with_what_was_typed(client: Client, tenant_a: TestTenant) -> None:
    admin = await client("tenant_admin")
    answer = await admin.send_form(
        f"/t/{tenant_a.slug}/staff", {"full_name": "王五", "login": "nonsense", "password": "short"}
    )
    assert answer.status_code == 422
    assert "王五" in answer.text
    assert "Give a mobile number or a mail address" in answer.text
    assert "At least 10 characters" in answer.text


async def test_a_login_is_given_once_per_tenant(client: Client, tenant_a: TestTenant) -> None:
    admin = await client("tenant_admin")
    form = {"full_name": "Twin", "login": tenant_a.logins["doctor"].upper(), "password": PASSWORD}
    answer = await admin.send_form(f"/t/{tenant_a.slug}/staff", form)
    assert answer.status_code == 409
    assert "Somebody already signs in with this" in answer.text


async def test_the_last_who_may_give_roles_keeps_the_role(client: Client, tenant_a: TestTenant) -> None:
    admin = await client("tenant_admin")
    root = f"/t/{tenant_a.slug}/staff"
    director, me = tenant_a.staff["director"].id, tenant_a.staff["tenant_admin"].id
    assert (await admin.send_form(f"{root}/{director}/roles", {"roles": "doctor"})).status_code == 303
    refused = await admin.send_form(f"{root}/{me}/roles", {"roles": "doctor"})
    assert refused.status_code == 409
    assert "Somebody must be able to give roles" in refused.text
    assert (await admin.send_form(f"{root}/{me}/state", {"state": "left"})).status_code == 409


async def test_who_is_on_duty_is_told_first_then_everybody_with_the_role(
    client: Client, tenant_a: TestTenant, clock: MovableClock
) -> None:
    async with tenant_a.unit() as uow:
        holders = await Roster().find_on_duty(uow, role="team_leader", branch_id=None, at=uow.now)
    assert holders == (tenant_a.staff["team_leader"].id,)

    admin = await client("tenant_admin")
    root = f"/t/{tenant_a.slug}/roster"
    # 10:00 in Shanghai is the test's start.
    shift = {
        "staff_id": str(tenant_a.staff["doctor"].id),
        "role": "team_leader",
        "branch_id": str(tenant_a.signed_up.branch_id),
        "starts_at": "2026-11-23T09:00",
        "ends_at": "2026-11-23T12:00",
    }
    assert (await admin.send_form(f"{root}/shifts", shift)).status_code == 303
    assert "On duty now" in (await admin.get(f"/t/{tenant_a.slug}")).text
    async with tenant_a.unit() as uow:
        here = tenant_a.signed_up.branch_id
        on_duty = await Roster().find_on_duty(uow, role="team_leader", branch_id=here, at=uow.now)
        assert on_duty == (tenant_a.staff["doctor"].id,)
        elsewhere = await Roster().find_on_duty(uow, role="team_leader", branch_id=None, at=uow.now)
        assert elsewhere == (tenant_a.staff["team_leader"].id,)
        (planned,) = await list_shifts(uow)
    assert (await admin.send_form(f"{root}/shifts/{planned.shift_id}/cancel")).status_code == 303
    clock.advance(minutes=1)
    async with tenant_a.unit() as uow:
        assert await list_shifts(uow) == []


async def test_a_shift_that_ends_before_it_starts_is_refused(client: Client, tenant_a: TestTenant) -> None:
    admin = await client("tenant_admin")
    shift = {
        "staff_id": str(tenant_a.staff["doctor"].id),
        "role": "doctor",
        "starts_at": "2026-11-23T12:00",
        "ends_at": "2026-11-23T09:00",
    }
    answer = await admin.send_form(f"/t/{tenant_a.slug}/roster/shifts", shift)
    assert answer.status_code == 422
    assert "The end must come after the start" in answer.text


async def test_a_person_page_shows_the_person(client: Client, tenant_a: TestTenant) -> None:
    admin = await client("tenant_admin")
    page = await admin.get(f"/t/{tenant_a.slug}/staff/{tenant_a.staff['doctor'].id}")
    assert page.status_code == 200
    assert tenant_a.logins["doctor"] in page.text
    async with tenant_a.unit() as uow:
        assert len(await list_people(uow)) == len(tenant_a.staff)
