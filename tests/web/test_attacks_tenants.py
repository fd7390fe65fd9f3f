"""S01, S04, S05, S06, S47, S48: nobody reaches another tenant or another role's work, on any route there is."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest
from litestar import Litestar

from tenants.roles import ROLES
from tests.web.conftest import World
from tests.web.factories import BODIES, FACTORIES
from tests.web.walk import SAFE, call, fingerprint, normal, staff_cases, walk
from tests.webapp import Browser, token_of

Client = Callable[..., Awaitable[Browser]]
# What a request may leave behind in its own tenant without having done anything.
TRACES = ("staff_session", "sign_in_attempt")


async def test_s01_an_id_of_another_tenant_answers_like_an_id_of_nobody(
    app: Litestar, client: Client, world: World
) -> None:
    attacker = await client("director")
    before = await fingerprint(world.b)
    home = {"slug": world.a.slug}
    found, tried = [], 0
    for case in walk(app):
        if not case.is_staff or not case.ids or case.is_stream:
            continue
        body = dict(BODIES.get(case.name, {}))
        of_b = await call(attacker, case, home | {name: world.rows[name] for name in case.ids}, data=body)
        of_nobody = await call(attacker, case, home | {name: uuid4() for name in case.ids}, data=body)
        if (of_b.status_code, of_nobody.status_code) != (404, 404):
            found.append(f"{case.name} answered {of_b.status_code} for B's id and {of_nobody.status_code} for nobody's")
        elif normal(of_b) != normal(of_nobody):
            found.append(f"{case.name} tells B's id from nobody's")
        tried += 1
    assert not found, "\n".join([*found, "(422: give a body that passes every other check, in tests/web/factories.py)"])
    assert tried > 3
    assert await fingerprint(world.b) == before


async def test_s02_one_foreign_id_among_ones_own_opens_nothing(app: Litestar, client: Client, world: World) -> None:
    attacker = await client("director")
    before = await fingerprint(world.b)
    for case in walk(app):
        if case.is_staff and len(case.ids) > 1 and not case.is_stream:
            own = {name: await FACTORIES[name](world.a) for name in case.ids}
            for foreign in case.ids:
                values = {"slug": world.a.slug} | own | {foreign: world.rows[foreign]}
                answer = await call(attacker, case, values, data=dict(BODIES.get(case.name, {})))
                assert answer.status_code == 404, f"{case.name} with B's {foreign}"
    assert await fingerprint(world.b) == before


async def test_s01_the_same_for_programs(app: Litestar, client: Client, world: World) -> None:
    attacker = await client("director")
    for case in walk(app):
        if case.is_staff and case.ids and case.method == "GET" and not case.is_stream:
            path = case.path({"slug": world.a.slug} | world.rows)
            answer = await attacker.get(path, headers={"accept": "application/json"})
            assert answer.status_code == 404, case.name
            assert answer.headers["content-type"] == "application/problem+json"
            problem = answer.json()
            assert set(problem) == {"type", "title", "status", "next_step", "reference"}


async def test_s04_a_tenant_named_anywhere_else_than_in_the_path_changes_nothing(
    app: Litestar, client: Client, world: World
) -> None:
    attacker = await client("director")
    attacker.cookies.set("tenant_id", str(world.b.id))
    before = await fingerprint(world.b)
    # Pages first: what a form leaves behind (a toast) would stand on the next page only.
    for case in sorted(staff_cases(app), key=lambda case: case.method):
        if case.ids:
            continue
        path = case.path({"slug": world.a.slug})
        if case.method == "GET":
            claimed = [await _claim(attacker, path, claim) for claim in (world.b.id, uuid4())]
            assert claimed[0] == claimed[1], case.name
            assert "博澜" not in claimed[0], case.name
        else:
            body = dict(BODIES.get(case.name, {})) | {"tenant_id": str(world.b.id), "slug": world.b.slug}
            answer = await attacker.send_form(path, body, headers={"x-tenant-id": str(world.b.id)})
            assert "博澜" not in answer.text, case.name
    assert await fingerprint(world.b) == before


async def _claim(browser: Browser, path: str, tenant_id: UUID) -> str:
    headers = {"x-tenant-id": str(tenant_id), "x-anxin-tenant": str(tenant_id)}
    return normal(await browser.get(path, params={"tenant_id": str(tenant_id)}, headers=headers))


async def test_s05_a_session_is_worth_nothing_at_another_tenants_address(
    app: Litestar, client: Client, world: World
) -> None:
    attacker = await client("director")
    before = await fingerprint(world.b)
    for case in staff_cases(app):
        answer = await call(attacker, case, {"slug": world.b.slug} | world.rows, data=dict(BODIES.get(case.name, {})))
        if case.method == "GET" and not case.template.endswith(".json"):
            assert answer.status_code == 303, case.name
            assert answer.headers["location"].startswith(f"/t/{world.b.slug}/sign-in?next="), case.name
        else:
            assert answer.status_code == 401, case.name
    assert await fingerprint(world.b) == before


async def test_s05_a_host_that_is_not_ours_is_not_believed(client: Client, world: World) -> None:
    attacker = await client("director")
    page = await attacker.get(f"/t/{world.a.slug}", headers={"host": "evil.example"})
    assert "evil.example" not in page.text
    anonymous = await client(None)
    gone = await anonymous.get(f"/t/{world.a.slug}", headers={"host": "evil.example"})
    assert gone.headers["location"].startswith("/t/")


async def test_s06_an_old_tab_of_the_tenant_before_does_nothing(client: Client, world: World) -> None:
    browser = await client("director")
    old_token, old_path = browser.csrf, f"/t/{world.a.slug}/staff"
    await browser.sign_in(world.b, "director")
    before_a, before_b = await fingerprint(world.a, but=TRACES), await fingerprint(world.b, but=TRACES)
    form = {"full_name": "Nobody", "login": "nobody@example.com", "password": "long-enough-password"}
    assert (await browser.post(old_path, data=form | {"_csrf": old_token})).status_code == 401
    assert (await browser.post(old_path, data=form | {"_csrf": browser.csrf})).status_code == 401
    assert (await browser.post(f"/t/{world.b.slug}/staff", data=form | {"_csrf": old_token})).status_code == 403
    assert await fingerprint(world.a, but=TRACES) == before_a
    assert await fingerprint(world.b, but=TRACES) == before_b


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_s47_each_role_opens_what_its_permissions_say_and_nothing_else(
    app: Litestar, client: Client, world: World, role: str
) -> None:
    browser = await client(role)
    held = ROLES[role].permissions
    for case in staff_cases(app):
        assert case.access is not None
        values = {"slug": world.a.slug} | {name: uuid4() for name in case.ids}
        answer = await call(browser, case, values)
        allowed = case.access.permission is None or case.access.permission in held
        assert (answer.status_code == 403) == (not allowed), f"{role}: {case.name} answered {answer.status_code}"
        assert answer.status_code < 500, f"{role}: {case.name} answered {answer.status_code}"
        assert answer.status_code != 401, f"{role}: {case.name} ended the session"


async def test_s48_fields_that_no_form_has_are_refused_and_write_nothing(
    app: Litestar, client: Client, world: World
) -> None:
    attacker = await client("director")
    home = {"slug": world.a.slug}
    surplus = {"is_admin": "1", "created_at": "2000-01-01", "staff_id_": str(uuid4()), "plugin_epoch": "99"}
    path = f"/t/{world.a.slug}/staff/{world.a.staff['doctor'].id}/roles"
    before = await fingerprint(world.a)
    for name, value in surplus.items():
        answer = await attacker.send_form(path, {"roles": "doctor", name: value})
        assert answer.status_code == 422, answer.text
    for case in staff_cases(app):
        if case.method not in SAFE and not case.ids:
            answer = await attacker.send_form(case.path(home), dict(BODIES.get(case.name, {})) | surplus)
            assert answer.status_code in {303, 404, 409, 410, 422}, f"{case.name} answered {answer.status_code}"
    after = await fingerprint(world.a)
    for table in ("staff", "staff_role", "branch", "tenant_address"):
        assert after[table] == before[table], table


async def test_an_unknown_tenant_answers_like_an_unknown_page(client: Client, world: World) -> None:
    nobody = await client(None)
    unknown = await nobody.get("/t/nobody-has-this/staff")
    assert unknown.status_code == 404
    page = await nobody.get("/no/such/page")
    assert page.status_code == 404
    strip = str.maketrans("", "", "\n ")
    assert normal(unknown).replace("/t/nobody-has-this/staff", "P").translate(strip) == normal(page).replace(
        "/no/such/page", "P"
    ).translate(strip)
    assert token_of(unknown) == ""
