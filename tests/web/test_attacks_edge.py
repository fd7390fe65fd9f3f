"""S51 to S54, S67 and the answer's headers: what stands between the network and every handler."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import anyio
import asyncpg
import httpx
import msgspec
import pytest
from jinja2 import Environment
from litestar import Litestar, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from sqlalchemy import insert, select, text

from core.bus import Bus
from core.clock import Clock
from core.db import Database
from core.errors import Conflict, NoTenant
from core.hooks.host import PluginHost
from core.migrations.roles import driver_dsn
from core.settings import Settings
from core.tenancy.models import Branch
from core.uow import Reader, UnitOfWork
from tenants.passwords import Passwords
from tenants.work import Workplace
from tests.web.conftest import World
from tests.web.walk import SAFE, walk
from tests.webapp import BASE_URL, HTML, SECRET_KEY, Browser, token_of
from tests.workplaces import PASSWORD, TestTenant, open_tenant
from web.app import create_app
from web.request import WebRequest
from web.security import CONTENT_SECURITY_POLICY, OPEN, requires
from workers.embedded.postgres import Dsns

Client = Callable[..., Awaitable[Browser]]
SECRET = "what-only-we-know"


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body."""

    text: str
    tags: tuple[str, ...] = ()


@get("/t/{slug:str}/trial/boom", guards=[requires()])
async def boom() -> None:
    raise RuntimeError(f"{SECRET} SELECT password_hash FROM staff")


@get("/t/{slug:str}/trial/sql", guards=[requires()])
async def broken_sql(reader: NamedDependency[Reader]) -> None:
    await reader.session.execute(text("SELECT :secret FROM no_such_table"), {"secret": SECRET})


@get("/t/{slug:str}/trial/write", guards=[requires()])
async def writing_get(reader: NamedDependency[Reader]) -> None:
    await reader.session.execute(text("UPDATE branch SET name = 'written by a GET'"))


@post("/t/{slug:str}/trial/twice", guards=[requires()])
async def same_name_twice(uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    row = {"tenant_id": uow.tenant_id, "name": "总店", "address": SECRET, "emergency_phone": "", "created_at": uow.now}
    await uow.session.execute(insert(Branch).values(branch_id=uuid4(), **row))
    return Response(None, status_code=204)


@post("/t/{slug:str}/trial/half", guards=[requires()])
async def half_done(uow: NamedDependency[UnitOfWork]) -> None:
    await uow.session.execute(text("UPDATE branch SET name = 'half done'"))
    raise Conflict


@post("/t/{slug:str}/trial/commit", guards=[requires()])
async def commit_fails(uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    await uow.session.execute(text("UPDATE branch SET name = 'never kept'"))
    await uow.session.execute(text("INSERT INTO trial VALUES (1), (1)"))
    return Response({"done": True})


@post("/t/{slug:str}/trial/note", guards=[requires()])
async def take_note(data: JSONBody[Note]) -> Note:
    return data


@post("/trial/form", guards=[OPEN])
async def take_form(request: WebRequest) -> dict[str, object]:
    return dict(await request.open_form())


TRIALS = [boom, broken_sql, writing_get, same_name_twice, half_done, take_note, take_form]


@pytest.fixture
async def trial(
    settings: Settings, workplace: Workplace, passwords: Passwords, clock: Clock, templates: Environment
) -> AsyncIterator[Litestar]:
    made = create_app(
        settings, clock=clock, workplace=workplace, passwords=passwords, templates=templates, extra_routes=TRIALS
    )
    async with made.lifespan():
        yield made


@pytest.fixture
async def person(trial: Litestar, tenant_a: TestTenant) -> AsyncIterator[Browser]:
    transport = httpx.ASGITransport(app=trial, raise_app_exceptions=False)  # type: ignore[arg-type]  # Litestar's own ASGI types
    async with Browser(transport=transport, base_url=BASE_URL, headers=HTML) as browser:
        assert (await browser.sign_in(tenant_a)).status_code == 303
        yield browser


def assert_headers(answer: httpx.Response, name: str) -> None:
    headers = answer.headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY, name
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff", name
    assert headers["referrer-policy"] == "same-origin", name
    assert headers["cross-origin-opener-policy"] == "same-origin", name
    assert headers["x-request-id"], name
    assert "server" not in headers
    if headers["cache-control"] != "public, max-age=31536000, immutable":
        assert headers["cache-control"] == "no-store", name
        assert "Cookie" in headers["vary"], name


async def test_every_answer_carries_the_headers(app: Litestar, client: Client, world: World) -> None:
    person = await client("director")
    nobody = await client(None)
    for case in walk(app):
        if case.is_stream:
            continue
        for browser in (person, nobody):
            path = case.path({"slug": world.a.slug} | world.rows)
            answer = await (browser.get(path) if case.method in SAFE else browser.post(path))
            assert_headers(answer, f"{case.name} {answer.status_code}")
        other = "DELETE" if case.method in SAFE else "PUT"
        wrong = await person.request(other, case.path({"slug": world.a.slug}))
        assert wrong.status_code in {404, 405}, case.name
        assert_headers(wrong, f"{other} {case.template}")
    for path in ("/no/such/page", "/t/nobody/x", "/static/none.js", "/%ff"):
        assert_headers(await nobody.get(path), path)


async def test_s51_a_fault_tells_a_reference_and_nothing_else(
    person: Browser, tenant_a: TestTenant, caplog: pytest.LogCaptureFixture
) -> None:
    for trial in ("boom", "sql", "write"):
        with caplog.at_level(logging.INFO):
            answer = await person.get(f"/t/{tenant_a.slug}/trial/{trial}")
        assert answer.status_code == 500, trial
        for leak in (SECRET, "SELECT", "Traceback", "sqlalchemy", "asyncpg", "no_such_table", ".py"):
            assert leak not in answer.text, f"{trial} shows {leak}"
        reference = answer.headers["x-request-id"]
        assert reference in answer.text
        assert reference in caplog.text, "whoever calls with the reference must be found in the log"
    assert_headers(answer, "500")


async def test_s51_the_log_holds_no_password_and_no_token(
    person: Browser, tenant_a: TestTenant, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        form = await person.get(f"/t/{tenant_a.slug}/account?q=searched-for")
        await person.send_form(
            f"/t/{tenant_a.slug}/account/password", {"current_password": PASSWORD, "new_password": "brand-new-password"}
        )
        await person.get("/s/abcdefthisisasecretcode")
    for secret in (PASSWORD, "brand-new-password", token_of(form), person.cookies["__Host-anxin"], "thisisasecretcode"):
        assert secret not in "\n".join(
            record.getMessage()
            for record in caplog.records
            if not record.name.startswith(("httpx", "httpcore", "asyncio"))
        )


async def test_a_broken_constraint_is_a_conflict_without_its_values(person: Browser, tenant_a: TestTenant) -> None:
    path = f"/t/{tenant_a.slug}/trial/twice"
    answer = await person.send_form(path, headers={"accept": "application/json"})
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:anxin:problem:conflict"
    assert SECRET not in answer.text
    assert "branch" not in answer.text


async def test_what_raises_is_undone_and_a_get_only_reads(person: Browser, tenant_a: TestTenant) -> None:
    assert (await person.send_form(f"/t/{tenant_a.slug}/trial/half")).status_code == 409
    assert (await person.get(f"/t/{tenant_a.slug}/trial/write")).status_code == 500
    async with tenant_a.unit() as uow:
        assert list(await uow.session.scalars(select(Branch.name))) == ["总店"]


async def test_one_problem_is_a_page_a_part_or_json(person: Browser, tenant_a: TestTenant) -> None:
    path = f"/t/{tenant_a.slug}/staff/{uuid4()}"
    page = await person.get(path)
    part = await person.get(path, headers={"hx-request": "true", "hx-request-type": "partial"})
    data = await person.get(path, headers={"accept": "application/json"})
    assert [answer.status_code for answer in (page, part, data)] == [404] * 3
    assert page.text.startswith("<!DOCTYPE html>")
    assert "<html" not in part.text
    assert 'class="banner"' in part.text
    problem = data.json()
    assert problem["type"] == "urn:anxin:problem:not-found"
    for answer, reference in ((page, page), (part, part)):
        assert reference.headers["x-request-id"] in answer.text
    assert problem["reference"] == data.headers["x-request-id"]


async def test_an_htmx_part_of_somebody_signed_out_leads_to_the_sign_in_page(
    client: Client, tenant_a: TestTenant
) -> None:
    nobody = await client(None)
    answer = await nobody.get(f"/t/{tenant_a.slug}/staff", headers={"hx-request": "true"})
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"].startswith(f"/t/{tenant_a.slug}/sign-in?next=")


@pytest.mark.parametrize(
    "body",
    [
        b"login=a%00b",
        b"login=%ED%A0%80",
        b"login=%FF%FE",
        b"log%00in=a",
        "login=\u00e9".encode("latin-1"),
        b"&".join(b"f%d=1" % number for number in range(1200)),
    ],
)
async def test_s67_a_form_with_what_no_database_keeps_is_refused(person: Browser, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert (await person.post("/trial/form", content=body, headers=headers)).status_code == 422


async def test_s67_the_same_in_parts_with_files(person: Browser) -> None:
    refused = await person.post("/trial/form", data={"note": "a\x00b"}, files={"f": ("a.txt", b"\x00\x01")})
    assert refused.status_code == 422
    fine = await person.post("/trial/form", data={"note": "好"}, files={"other": (None, "text")})
    assert fine.json() == {"note": "好", "other": "text"}


@pytest.mark.parametrize(
    "path", ["/t/ankang%00", "/t/%ff", "/?organisation=a%00", "/?organisation=%ed%a0%80", "/%c0%af"]
)
async def test_s67_an_address_with_what_no_database_keeps_is_refused(person: Browser, path: str) -> None:
    answer = await person.get(path)
    assert answer.status_code == 422
    assert_headers(answer, path)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"text": "fine"}', 201),
        (b'{"text": "a\\u0000b"}', 422),
        (b'{"text": "x", "tags": ["a\\u0000"]}', 422),
        (b'{"text": "\\ud800"}', 400),
        (b'{"text": "x", "tenant_id": "1"}', 422),
        (b'{"text": 7}', 422),
        (b"{", 400),
        (b"", 422),
        (b"\xff\xfe", 400),
        (b'{"text": "' + b"x" * 300_000 + b'"}', 413),
    ],
)
async def test_s67_json_is_read_strictly(person: Browser, tenant_a: TestTenant, body: bytes, status: int) -> None:
    headers = {"content-type": "application/json", "accept": "application/json", "x-csrf-token": person.csrf}
    answer = await person.post(f"/t/{tenant_a.slug}/trial/note", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert answer.json()["next_step"]


async def test_a_body_is_limited_by_its_route_also_without_a_length(person: Browser, tenant_a: TestTenant) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b"a=" + b"x" * 1022 + b"&"

    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await person.post(f"/t/{tenant_a.slug}/sign-in", content=chunks(), headers=headers)
    assert answer.status_code == 413
    assert "That is too large" in answer.text or "too large" in answer.text


async def test_the_body_of_a_stranger_is_not_even_read(app: Litestar, client: Client, tenant_a: TestTenant) -> None:
    nobody = await client(None)
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(64):
            sent += 1
            yield b"a=" + b"x" * 1022 + b"&"

    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await nobody.post(f"/t/{tenant_a.slug}/staff", content=chunks(), headers=headers)
    assert answer.status_code == 401
    assert sent == 0


@pytest.fixture
async def pooled(
    new_database: Callable[[], Dsns], bus: Bus, plugin_host: PluginHost, clock: Clock, templates: Environment
) -> AsyncIterator[tuple[Litestar, TestTenant, TestTenant]]:
    """The app on a pool of one connection, with committed data: what one request leaves, the next would find."""
    dsns = new_database()
    owner = await asyncpg.connect(driver_dsn(dsns.migrator))
    await owner.execute(
        "SET ROLE anxin_owner; CREATE TABLE trial (id int UNIQUE DEFERRABLE INITIALLY DEFERRED); "
        "GRANT INSERT ON trial TO anxin_app"
    )
    await owner.close()
    database = Database(dsns.app, pool_size=1)
    database.engine.sync_engine.pool._max_overflow = 0  # type: ignore[attr-defined]  # the test is about one connection
    workplace = Workplace(database, bus, plugin_host, clock)
    desk = Passwords(memory_kib=8, rounds=1)
    a = await open_tenant(workplace, desk, "ankang", "安康宠物医院")
    b = await open_tenant(workplace, desk, "bolan", "博澜动物诊所")
    settings = Settings(dsns.app, dsns.worker, "unused", SECRET_KEY, public_url=BASE_URL)
    made = create_app(
        settings,
        clock=clock,
        workplace=workplace,
        passwords=desk,
        templates=templates,
        extra_routes=[*TRIALS, commit_fails],
    )
    async with made.lifespan():
        yield made, a, b
    await database.dispose()


async def test_s52_and_s53_tenants_that_share_one_connection_never_meet(
    pooled: tuple[Litestar, TestTenant, TestTenant],
) -> None:
    app, *tenants = pooled
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]  # Litestar's own ASGI types
    browsers = []
    for tenant in tenants:
        browser = Browser(transport=transport, base_url=BASE_URL, headers=HTML)
        assert (await browser.sign_in(tenant)).status_code == 303
        browsers.append(browser)

    async def visit(number: int) -> None:
        own, foreign = tenants[number], tenants[1 - number]
        for trial in ("staff", "trial/boom", "staff", "trial/sql", "account", "no-such-page", "staff"):
            page = await browsers[number].get(f"/t/{own.slug}/{trial}")
            assert foreign.slug not in page.text
            if trial == "staff":
                assert page.status_code == 200
                assert f"director@{own.slug}.example" in page.text

    async with anyio.create_task_group() as group:
        for number in (0, 1, 0, 1, 0, 1):
            group.start_soon(visit, number)
    for browser in browsers:
        await browser.aclose()


async def test_s54_raw_sql_sees_its_own_tenant_only_and_nothing_without_one(
    pooled: tuple[Litestar, TestTenant, TestTenant],
) -> None:
    _, a, b = pooled
    database = a.workplace.database
    async with database.session(a.id, read_only=True) as session:
        rows = (await session.execute(text("SELECT DISTINCT tenant_id FROM staff"))).all()
        assert [row[0] for row in rows] == [a.id]
        of_b = await session.scalar(text("SELECT count(*) FROM staff WHERE tenant_id = :b"), {"b": b.id})
        assert of_b == 0
    async with database.platform() as session:
        assert await session.scalar(text("SELECT count(*) FROM staff")) == 0, (
            "the setting must not outlive its transaction"
        )
    session = database.engine.sync_engine
    assert session.pool.checkedout() == 0  # type: ignore[attr-defined]  # a queue pool
    with pytest.raises(NoTenant):
        async with database.session(None) as unbound:  # type: ignore[arg-type]  # what must not happen
            await unbound.execute(text("SELECT 1"))


async def test_a_commit_that_fails_is_an_error_and_not_a_success(
    pooled: tuple[Litestar, TestTenant, TestTenant],
) -> None:
    app, a, _ = pooled
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]  # Litestar's own ASGI types
    async with Browser(transport=transport, base_url=BASE_URL, headers=HTML) as browser:
        await browser.sign_in(a)
        answer = await browser.send_form(f"/t/{a.slug}/trial/commit")
        assert answer.status_code == 409
        assert "done" not in answer.text
    async with a.unit() as uow:
        assert list(await uow.session.scalars(select(Branch.name))) == ["总店"]
