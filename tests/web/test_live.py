"""Live pages: one transaction per change whatever the number of viewers, and nothing for who lost the right to see it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
from jinja2 import Environment
from litestar import Litestar, get
from litestar.response import Stream as StreamResponse
from sqlalchemy import delete, event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from core.bus import Bus, Message
from core.clock import Clock
from core.settings import Settings
from tenants.models import StaffRole
from tenants.passwords import Passwords
from tenants.work import Workplace
from tests.web.streams import open_stream
from tests.webapp import Browser
from tests.workplaces import TestTenant
from web import live
from web.app import create_app
from web.i18n import gettext
from web.live import Live, stream
from web.request import WebRequest
from web.security import requires

Client = Callable[..., Awaitable[Browser]]


async def render_trial(part: Live, changes: Sequence[dict[str, Any]] | None) -> str:
    people = await part.reader.session.scalar(text("SELECT count(*) FROM staff"))
    seen = "everything" if changes is None else ",".join(str(change["n"]) for change in changes)
    return f"{gettext('Search')} {part.reader.scope.slug} {people} {seen}"


@get("/t/{slug:str}/trial/live", guards=[requires("complaints.read")])
async def follow(request: WebRequest) -> StreamResponse:
    return stream(request, ["trial"], render_trial, permission="complaints.read")


@pytest.fixture
async def app(
    settings: Settings, workplace: Workplace, passwords: Passwords, clock: Clock, templates: Environment
) -> AsyncIterator[Litestar]:
    made = create_app(
        settings, clock=clock, workplace=workplace, passwords=passwords, templates=templates, extra_routes=[follow]
    )
    async with made.lifespan():
        yield made


@pytest.fixture
async def path(tenant_a: TestTenant, bus: Bus) -> str:
    return await path_now(tenant_a, bus)


async def path_now(tenant: TestTenant, bus: Bus) -> str:
    """The address that a page which is made now carries."""
    return f"/t/{tenant.slug}/trial/live?seen={await bus.mark(tenant.id, ['trial'])}"


async def say(bus: Bus, tenant_id: UUID, *numbers: int) -> None:
    await bus.send([Message(tenant_id=tenant_id, topic="trial", data={"n": n}) for n in numbers], wake=False)


async def test_a_change_is_seen_in_the_viewers_language(
    app: Litestar, client: Client, bus: Bus, tenant_a: TestTenant, path: str
) -> None:
    doctor, nurse = await client("doctor"), await client("head_nurse")
    nurse.cookies.set("anxin-locale", "zh_CN")
    async with open_stream(app, doctor, path) as one, open_stream(app, nurse, path) as two:
        assert one.headers["content-type"].startswith("text/event-stream")
        await asyncio.sleep(0.1)
        await say(bus, tenant_a.id, 7)
        english, chinese = await one.next(), await two.next()
        assert "data: Search ankang 10 7" in english
        assert english.startswith("id: ")
        assert "data: 搜索 ankang 10 7" in chinese


async def test_a_burst_becomes_one_message_and_viewers_share_its_cost(
    app: Litestar, client: Client, bus: Bus, engine: AsyncEngine, tenant_a: TestTenant, path: str
) -> None:
    doctor = await client("doctor")
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    async with AsyncExitStack() as stack:
        viewers = [await stack.enter_async_context(open_stream(app, doctor, path)) for _ in range(20)]
        await asyncio.sleep(0.1)
        event.listen(engine.sync_engine, "before_cursor_execute", note)
        try:
            await say(bus, tenant_a.id, *range(50))
            for viewer in viewers:
                assert ",".join(str(n) for n in range(50)) in await viewer.next()
        finally:
            event.remove(engine.sync_engine, "before_cursor_execute", note)
    assert len([one for one in statements if "count(*) FROM staff" in one]) == 1


async def test_s57_nobody_hears_another_tenant(
    app: Litestar, client: Client, bus: Bus, tenant_a: TestTenant, tenant_b: TestTenant, path: str
) -> None:
    doctor = await client("doctor")
    async with open_stream(app, doctor, path) as viewer:
        await asyncio.sleep(0.1)
        await say(bus, tenant_b.id, 1)
        await say(bus, tenant_a.id, 2)
        assert "ankang 10 2" in await viewer.next()
        await asyncio.sleep(0.1)
        assert viewer.is_quiet()
    foreign = await client("doctor", tenant_b)
    async with open_stream(app, foreign, path) as nobody:
        await asyncio.wait_for(nobody.ended.wait(), 10)
        assert nobody.status in {303, 401}


async def test_who_signed_out_gets_nothing_more(
    app: Litestar, client: Client, bus: Bus, tenant_a: TestTenant, path: str
) -> None:
    doctor = await client("doctor")
    async with open_stream(app, doctor, path) as viewer:
        await asyncio.sleep(0.1)
        await doctor.send_form(f"/t/{tenant_a.slug}/sign-out")
        await say(bus, tenant_a.id, 1)
        await asyncio.wait_for(viewer.ended.wait(), 10)
        assert viewer.is_quiet()


async def test_who_lost_the_right_gets_nothing_more(
    app: Litestar, client: Client, bus: Bus, tenant_a: TestTenant, path: str
) -> None:
    doctor = await client("doctor")
    async with open_stream(app, doctor, path) as viewer:
        await asyncio.sleep(0.1)
        async with tenant_a.unit() as uow:
            await uow.session.execute(delete(StaffRole).where(StaffRole.role == "doctor"))
        await say(bus, tenant_a.id, 1)
        await asyncio.wait_for(viewer.ended.wait(), 10)
        assert viewer.is_quiet()


async def test_a_page_that_comes_back_gets_all_of_it(
    app: Litestar, client: Client, tenant_a: TestTenant, path: str
) -> None:
    doctor = await client("doctor")
    async with open_stream(app, doctor, path, {"last-event-id": "0193"}) as viewer:
        assert "ankang 10 everything" in await viewer.next()


async def test_what_is_said_between_a_page_and_its_stream_is_not_lost(
    app: Litestar, client: Client, bus: Bus, tenant_a: TestTenant, tenant_b: TestTenant, path: str
) -> None:
    doctor = await client("doctor")
    await say(bus, tenant_b.id, 1)
    async with open_stream(app, doctor, path) as viewer:
        await asyncio.sleep(0.1)
        assert viewer.is_quiet(), "nothing was said to this tenant since the page was made"
    await say(bus, tenant_a.id, 1)
    async with open_stream(app, doctor, path) as viewer:
        assert "ankang 10 everything" in await viewer.next()


async def test_a_quiet_stream_says_that_it_lives_and_ends_with_the_server(
    app: Litestar, client: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PING_SECONDS", 0.05)
    doctor = await client("doctor")
    async with open_stream(app, doctor, path) as viewer:
        assert await viewer.next() == ": ping\n\n"
        app.state.runtime.live.close_streams()
        await asyncio.wait_for(viewer.ended.wait(), 10)


async def test_a_page_that_goes_away_leaves_nothing_behind(app: Litestar, client: Client, bus: Bus, path: str) -> None:
    doctor = await client("doctor")
    async with open_stream(app, doctor, path):
        await asyncio.sleep(0.1)
        assert len(await bus.client.pubsub_channels("anxin:*:trial")) == 1
    await asyncio.sleep(0.2)
    assert await bus.client.pubsub_channels("anxin:*:trial") == []
    assert app.state["anxin_live_rooms"] == {}
