"""S37 to S43: sessions cannot be planted, kept, forged, guessed or told apart."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from argon2 import Type, extract_parameters
from litestar import Litestar
from sqlalchemy import select

from tenants.models import StaffSession
from tenants.passwords import Passwords, SignInBusy
from tenants.sessions import ABSOLUTE, IDLE, hash_token
from tenants.staff import TRIES_PER_ADDRESS, TRIES_PER_LOGIN, WINDOW
from tests.web.conftest import World
from tests.web.walk import SAFE, fingerprint, normal, staff_cases, walk
from tests.webapp import BASE_URL, Browser, cookie_flags, token_of
from tests.workplaces import PASSWORD, MovableClock, TestTenant
from web.security import PRE_SESSION_COOKIE, SESSION_COOKIE

Client = Callable[..., Awaitable[Browser]]
NewBrowser = Callable[[], Browser]


@pytest.fixture
def home(tenant_a: TestTenant) -> str:
    return f"/t/{tenant_a.slug}"


async def test_s37_a_planted_session_is_not_taken_over(browser: NewBrowser, tenant_a: TestTenant, home: str) -> None:
    victim = browser()
    planted = "planted-by-somebody-else"
    victim.cookies.set(SESSION_COOKIE, planted, domain="anxin.test", path="/")
    assert (await victim.get(home)).status_code == 303
    await victim.sign_in(tenant_a)
    assert victim.cookies[SESSION_COOKIE] != planted
    assert (await victim.get(home)).status_code == 200
    attacker = browser()
    attacker.cookies.set(SESSION_COOKIE, planted, domain="anxin.test", path="/")
    assert (await attacker.get(home)).status_code == 303


async def test_s37_signing_in_again_gives_a_new_token_and_ends_the_old_one(
    client: Client, tenant_a: TestTenant
) -> None:
    person = await client("doctor")
    old = person.cookies[SESSION_COOKIE]
    async with tenant_a.unit() as uow:
        hashes = set(await uow.session.scalars(select(StaffSession.token_hash)))
        assert hash_token(old) in hashes
        assert old not in hashes, "the token itself must never be kept"
    await person.get(f"/t/{tenant_a.slug}/sign-in")
    again = await client(None)
    again.cookies.set(SESSION_COOKIE, old, domain="anxin.test", path="/")
    page = await again.get(f"/t/{tenant_a.slug}/sign-in")
    assert page.status_code == 303, "somebody who is signed in has no form to fill in"
    again.cookies.delete(SESSION_COOKIE)
    form = await again.get(f"/t/{tenant_a.slug}/sign-in")
    again.cookies.set(SESSION_COOKIE, old, domain="anxin.test", path="/")
    data = {"_csrf": token_of(form), "login": tenant_a.logins["doctor"], "password": PASSWORD}
    answer = await again.post(f"/t/{tenant_a.slug}/sign-in", data=data)
    assert answer.status_code == 303
    assert (await person.get(f"/t/{tenant_a.slug}")).status_code == 303, "the old token was replaced"


async def test_s38_signing_out_ends_the_session_for_good(client: Client, browser: NewBrowser, home: str) -> None:
    person = await client("doctor")
    token = person.cookies[SESSION_COOKIE]
    answer = await person.send_form(f"{home}/sign-out")
    assert answer.status_code == 303
    assert cookie_flags(answer, SESSION_COOKIE)["max-age"] == "0"
    thief = browser()
    thief.cookies.set(SESSION_COOKIE, token, domain="anxin.test", path="/")
    assert (await thief.get(home)).status_code == 303


async def test_s38_a_new_password_ends_every_other_session(client: Client, home: str) -> None:
    here, elsewhere = await client("doctor"), await client("doctor")
    answer = await here.send_form(
        f"{home}/account/password", {"current_password": PASSWORD, "new_password": "another-long-sentence"}
    )
    assert answer.status_code == 303, answer.text
    assert (await here.get(home)).status_code == 200
    assert (await elsewhere.get(home)).status_code == 303


async def test_s38_a_wrong_current_password_changes_nothing(client: Client, home: str) -> None:
    here, elsewhere = await client("doctor"), await client("doctor")
    answer = await here.send_form(
        f"{home}/account/password", {"current_password": "not-it", "new_password": "another-long-sentence"}
    )
    assert answer.status_code == 422
    assert "This is not your current password" in answer.text
    assert (await elsewhere.get(home)).status_code == 200


@pytest.mark.parametrize(
    ("action", "form"),
    [("roles", {"roles": "front_desk"}), ("state", {"state": "left"}), ("password", {"password": "set-by-the-admin"})],
)
async def test_s38_a_change_of_rights_ends_the_persons_sessions(
    client: Client, tenant_a: TestTenant, home: str, action: str, form: dict[str, object]
) -> None:
    admin, person = await client("tenant_admin"), await client("doctor")
    answer = await admin.send_form(f"{home}/staff/{tenant_a.staff['doctor'].id}/{action}", form)
    assert answer.status_code == 303, answer.text
    assert (await person.get(home)).status_code == 303


async def test_s38_somebody_who_left_cannot_sign_in(client: Client, browser: NewBrowser, tenant_a: TestTenant) -> None:
    admin = await client("tenant_admin")
    await admin.send_form(f"/t/{tenant_a.slug}/staff/{tenant_a.staff['doctor'].id}/state", {"state": "left"})
    assert (await browser().sign_in(tenant_a, "doctor")).status_code == 422


async def test_s38_one_may_sign_out_everywhere_else(client: Client, home: str) -> None:
    here, elsewhere = await client("doctor"), await client("doctor")
    assert (await here.send_form(f"{home}/account/sessions/end")).status_code == 303
    assert (await here.get(home)).status_code == 200
    assert (await elsewhere.get(home)).status_code == 303


async def test_s39_a_session_ends_after_three_idle_hours(client: Client, clock: MovableClock, home: str) -> None:
    person = await client("doctor")
    clock.advance(IDLE - timedelta(minutes=1))
    assert (await person.get(home)).status_code == 200
    clock.advance(IDLE - timedelta(minutes=1))
    assert (await person.get(home)).status_code == 200, "using it keeps it open"
    clock.advance(IDLE + timedelta(minutes=1))
    gone = await person.get(f"{home}/account?tab=1")
    assert gone.status_code == 303
    assert gone.headers["location"] == f"{home}/sign-in?next=%2Ft%2Fankang%2Faccount%3Ftab%3D1"


async def test_s39_a_session_ends_after_twelve_hours_of_use(client: Client, clock: MovableClock, home: str) -> None:
    person = await client("doctor")
    for _ in range(11):
        clock.advance(hours=1)
        assert (await person.get(home)).status_code == 200
    clock.advance(ABSOLUTE - timedelta(hours=11))
    assert (await person.get(home)).status_code == 303


async def test_s40_cookies_are_out_of_reach_of_scripts_and_of_other_sites(
    browser: NewBrowser, tenant_a: TestTenant
) -> None:
    visitor = browser()
    form = await visitor.get(f"/t/{tenant_a.slug}/sign-in")
    signed_in = await visitor.sign_in(tenant_a)
    for answer, name in ((form, PRE_SESSION_COOKIE), (signed_in, SESSION_COOKIE)):
        flags = cookie_flags(answer, name)
        assert flags["path"] == "/"
        assert flags["secure"] is True
        assert flags["httponly"] is True
        assert flags["samesite"] == "lax"
        assert "domain" not in flags
        assert name.startswith("__Host-")
    assert "max-age" not in cookie_flags(signed_in, SESSION_COOKIE), "the browser forgets it when it is closed"


async def test_s41_every_write_needs_the_sessions_own_token(app: Litestar, client: Client, world: World) -> None:
    person, other = await client("director"), await client("doctor")
    before = await fingerprint(world.a)
    forged = [{}, {"_csrf": ""}, {"_csrf": "0" * 64}, {"_csrf": other.csrf}, {"_csrf": [person.csrf, person.csrf]}]
    tried = 0
    for case in walk(app):
        if case.is_staff and case.method not in SAFE:
            path = case.path({"slug": world.a.slug} | world.rows)
            for fields in forged:
                answer = await person.post(path, data=fields)
                assert answer.status_code == 403, f"{case.name} with {fields}"
            as_json = await person.post(path, json={}, headers={"x-csrf-token": other.csrf})
            assert as_json.status_code == 403, case.name
            tried += 1
    assert tried > 5
    assert await fingerprint(world.a) == before


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "", "sec-fetch-site": "cross-site"}],
)
async def test_s41_a_form_of_another_site_is_refused_even_with_the_token(
    client: Client, home: str, headers: dict[str, str]
) -> None:
    person = await client("tenant_admin")
    answer = await person.send_form(f"{home}/account/sessions/end", headers=headers)
    assert answer.status_code == 403


async def test_s41_a_form_without_origin_is_judged_by_sec_fetch_site(client: Client, home: str) -> None:
    person = await client("tenant_admin")
    del person.headers["origin"]
    form = {"_csrf": person.csrf}
    path = f"{home}/account/sessions/end"
    assert (await person.post(path, data=form, headers={"sec-fetch-site": "cross-site"})).status_code == 403
    assert (await person.post(path, data=form, headers={"sec-fetch-site": "same-origin"})).status_code == 303


async def test_s41_the_header_is_as_good_as_the_field(client: Client, home: str) -> None:
    person = await client("tenant_admin")
    answer = await person.post(f"{home}/account/sessions/end", headers={"x-csrf-token": person.csrf})
    assert answer.status_code == 303


async def test_s41_reading_a_page_writes_nothing(app: Litestar, client: Client, world: World) -> None:
    person = await client("director")
    before = await fingerprint(world.b), await fingerprint(world.a)
    for case in staff_cases(app):
        if case.method in SAFE:
            answer = await person.get(case.path({"slug": world.a.slug} | world.rows))
            assert answer.status_code in {200, 404}, f"{case.name} answered {answer.status_code}"
    assert (await fingerprint(world.b), await fingerprint(world.a)) == before


async def test_s41_signing_somebody_in_as_the_attacker_is_refused(
    browser: NewBrowser, tenant_a: TestTenant, home: str
) -> None:
    attacker, victim = browser(), browser()
    stolen = token_of(await attacker.get(f"{home}/sign-in"))
    own = {"login": tenant_a.logins["doctor"], "password": PASSWORD}
    assert (await victim.post(f"{home}/sign-in", data=own | {"_csrf": stolen})).status_code == 403
    await victim.get(f"{home}/sign-in")
    assert (await victim.post(f"{home}/sign-in", data=own | {"_csrf": stolen})).status_code == 403
    assert (await victim.post(f"{home}/sign-in", data=own)).status_code == 403
    assert SESSION_COOKIE not in victim.cookies


class CountingPasswords(Passwords):
    """The real thing, and how often it worked."""

    worked = 0

    def _check(self, password_hash: str, password: str) -> bool:
        self.worked += 1
        return super()._check(password_hash, password)


@pytest.fixture
def passwords() -> CountingPasswords:
    return CountingPasswords(memory_kib=8, rounds=1)


async def _try(browser: Browser, home: str, login: str, password: str = "wrong-password") -> httpx.Response:
    form = await browser.get(f"{home}/sign-in")
    return await browser.post(
        f"{home}/sign-in", data={"_csrf": token_of(form), "login": login, "password": password, "next": ""}
    )


async def test_s42_unknown_and_wrong_get_the_same_answer_after_the_same_work(
    browser: NewBrowser, tenant_a: TestTenant, home: str, passwords: CountingPasswords
) -> None:
    known, unknown = tenant_a.logins["doctor"], "nobodys@ankang.example"
    bodies, work = [], []
    for login in (known, unknown, "not a login at all"):
        before = passwords.worked
        answer = await _try(browser(), home, login)
        assert answer.status_code == 422
        assert SESSION_COOKIE not in answer.cookies
        bodies.append(normal(answer).replace(login, "LOGIN"))
        work.append(passwords.worked - before)
    assert len(set(bodies)) == 1
    assert work == [1, 1, 1]


async def test_s42_the_dummy_hash_costs_what_a_real_one_does() -> None:
    desk = Passwords()
    real = extract_parameters(await desk.hash("correct-horse-battery"))
    assert extract_parameters(desk._dummy) == real
    assert (real.type, real.memory_cost, real.time_cost) == (Type.ID, 19 * 1024, 2)
    assert not await desk.verify(None, "correct-horse-battery")


async def test_passwords_are_checked_a_few_at_a_time_and_a_flood_is_turned_away() -> None:
    desk = Passwords(memory_kib=8, rounds=1)
    kept = await desk.hash("correct-horse-battery")
    answers = await asyncio.gather(*(desk.verify(kept, "wrong") for _ in range(200)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, SignInBusy)]
    assert 0 < len(refused) < 200
    assert all(answer is False for answer in answers if answer not in refused)
    assert await desk.verify(kept, "correct-horse-battery")


async def test_s43_guessing_one_login_is_slowed_down_and_then_forgotten(
    browser: NewBrowser, tenant_a: TestTenant, home: str, clock: MovableClock, passwords: CountingPasswords
) -> None:
    login = tenant_a.logins["doctor"]
    for _ in range(TRIES_PER_LOGIN):
        assert (await _try(browser(), home, login)).status_code == 422
    worked = passwords.worked
    refused = await _try(browser(), home, login, PASSWORD)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) <= WINDOW.total_seconds()
    assert "Wait 15 min" in refused.text
    assert passwords.worked == worked, "a refused try costs us nothing"
    assert (await _try(browser(), home, tenant_a.logins["director"], PASSWORD)).status_code == 303
    clock.advance(WINDOW)
    assert (await _try(browser(), home, login, PASSWORD)).status_code == 303


async def test_s43_an_unknown_login_is_slowed_down_alike(browser: NewBrowser, home: str) -> None:
    answers = [(await _try(browser(), home, "nobody@ankang.example")).status_code for _ in range(TRIES_PER_LOGIN + 1)]
    assert answers == [422] * TRIES_PER_LOGIN + [429]


async def test_s43_guessing_many_logins_from_one_address_is_slowed_down(
    browser: NewBrowser, tenant_a: TestTenant, home: str
) -> None:
    visitor = browser()
    for number in range(TRIES_PER_ADDRESS):
        assert (await _try(visitor, home, f"guess{number}@ankang.example")).status_code == 422
    assert (await _try(visitor, home, tenant_a.logins["director"], PASSWORD)).status_code == 429


async def test_signing_in_leads_to_the_page_that_was_asked_for_and_nowhere_else(
    browser: NewBrowser, tenant_a: TestTenant, home: str
) -> None:
    for wanted, lands in (
        (f"{home}/account?tab=1", f"{home}/account?tab=1"),
        ("https://evil.example/", home),
        ("//evil.example/", home),
        (f"{home}/..//evil.example", home),
        (f"{home}\\@evil.example", home),
        (f"{home}\r\nset-cookie: a=b", home),
        ("/t/bolan/account", home),
        ("", home),
    ):
        visitor = browser()
        form = await visitor.get(f"{home}/sign-in")
        data = {"_csrf": token_of(form), "login": tenant_a.logins["doctor"], "password": PASSWORD, "next": wanted}
        answer = await visitor.post(f"{home}/sign-in", data=data)
        assert answer.headers["location"] == lands, wanted


async def test_the_sign_in_page_says_when_it_cannot_work(app: Litestar, tenant_a: TestTenant, home: str) -> None:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]  # Litestar's own ASGI types
    for base, works in (
        ("http://192.168.1.7:8000", False),
        ("http://localhost:8000", True),
        ("http://127.0.0.1:8000", True),
        (BASE_URL, True),
    ):
        async with Browser(transport=transport, base_url=base, headers={"accept": "text/html"}) as visitor:
            page = await visitor.get(f"{home}/sign-in")
            assert ('id="no-https"' not in page.text) == works, base
