"""Fixtures of the web: the application on the test's workplace, and browsers that are signed in as a role."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from http.cookies import SimpleCookie

import httpx
import pytest
from jinja2 import Environment
from litestar import Litestar
from litestar.datastructures import State

from core.bus import Bus
from core.clock import Clock, now
from core.db import Database
from core.hooks.host import PluginHost
from core.settings import Settings
from tenants.passwords import Passwords
from tenants.work import Workplace
from tests.workplaces import PASSWORD, TestTenant
from web.app import create_app, create_templates
from web.live_hub import LiveHub
from web.page import LOCALE_COOKIE
from web.render import StaticManifest

BASE_URL = "https://anxin.test"
SECRET_KEY = "a-secret-of-the-tests-that-is-long-enough"
HTML = {"accept": "text/html", "accept-language": "en", "origin": BASE_URL}
_TOKEN = re.compile(r'name="_csrf" value="([^"]*)"')


class AnyManifest(StaticManifest):
    """Names every file by itself, so that server tests need no built front end."""

    def __init__(self) -> None:
        super().__init__({})

    def url(self, name: str) -> str:
        return f"/static/{name}"


class Browser(httpx.AsyncClient):
    """A client that keeps cookies, speaks HTML, and puts the page's token into its forms."""

    csrf: str = ""

    async def sign_in(self, tenant: TestTenant, role: str = "director", password: str = PASSWORD) -> httpx.Response:
        """Fill the sign-in form in, and remember the token of the page that follows."""
        path = f"/t/{tenant.slug}/sign-in"
        form = await self.get(path)
        data = {"_csrf": token_of(form), "login": tenant.logins[role], "password": password, "next": ""}
        answer = await self.post(path, data=data)
        if answer.status_code == 303:
            self.csrf = token_of(await self.get(f"/t/{tenant.slug}"))
        return answer

    async def send_form(self, path: str, data: dict[str, object] | None = None, **more: object) -> httpx.Response:
        """POST a form with the session's token."""
        return await self.post(path, data={"_csrf": self.csrf} | (data or {}), **more)  # type: ignore[arg-type]


def token_of(page: httpx.Response) -> str:
    """Return the token in a page's first form."""
    found = _TOKEN.search(page.text)
    return found[1] if found else ""


def cookie_flags(answer: httpx.Response, name: str) -> dict[str, object]:
    """Return the attributes that an answer sets a cookie with."""
    jar = SimpleCookie()
    for header in answer.headers.get_list("set-cookie"):
        jar.load(header)
    return {key: value for key, value in jar[name].items() if value != ""}


@pytest.fixture(scope="session")
def settings(postgres: object, valkey: str) -> Settings:
    return Settings(
        database_url=str(getattr(postgres, "app")),  # noqa: B009 - the fixture's type is the embedded server's
        worker_database_url=str(getattr(postgres, "worker")),  # noqa: B009 - same
        redis_url=valkey,
        secret_key=SECRET_KEY,
        public_url=BASE_URL,
    )


@pytest.fixture(scope="session")
def templates() -> Environment:
    """Compiled once; every file of the front end goes by its own name."""
    return create_templates(AnyManifest())


@pytest.fixture(scope="session")
def made_app(settings: Settings, templates: Environment, bus: Bus) -> Litestar:
    """The routes, registered once per run; `app` gives it the test's own workplace and clock."""
    nowhere = Workplace(Database(settings.database_url, pool_size=1), bus, PluginHost.load(), now)
    return create_app(settings, workplace=nowhere, templates=templates)


@pytest.fixture
async def app(made_app: Litestar, workplace: Workplace, passwords: Passwords, clock: Clock) -> AsyncIterator[Litestar]:
    before = made_app.state
    live = LiveHub(workplace.bus)
    runtime = replace(before.runtime, workplace=workplace, passwords=passwords, clock=clock, live=live)
    made_app.state = State({"runtime": runtime})
    try:
        yield made_app
    finally:
        await live.aclose()
        made_app.state = before


@pytest.fixture
async def browser(app: Litestar) -> AsyncIterator[Callable[[], Browser]]:
    """Make browsers that nobody is signed in with."""
    made: list[Browser] = []

    def make() -> Browser:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type] # Litestar's own ASGI types
        made.append(Browser(transport=transport, base_url=BASE_URL, headers=HTML, cookies={LOCALE_COOKIE: "en"}))
        return made[-1]

    yield make
    for one in made:
        await one.aclose()


@pytest.fixture
async def client(browser: Callable[[], Browser], tenant_a: TestTenant) -> Callable[..., Awaitable[Browser]]:
    """`await client("front_desk")` is a browser signed in at tenant A; `await client(None)` is nobody's."""

    async def make(role: str | None = "director", tenant: TestTenant = tenant_a) -> Browser:
        made = browser()
        if role is not None:
            answer = await made.sign_in(tenant, role)
            assert answer.status_code == 303, answer.text
        return made

    return make
