"""Pages of no tenant: landing, language, theme, files, health."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from core.bus import Bus
from tests.webapp import Browser
from tests.workplaces import TestTenant
from web.static_files import StaticFiles

Client = Callable[..., Awaitable[Browser]]
NewBrowser = Callable[[], Browser]


@pytest.mark.parametrize("typed", ["ankang", " Ankang ", "https://anxin.test/t/ankang", "/t/ankang/"])
async def test_the_landing_page_leads_to_ones_organisation(
    browser: NewBrowser, tenant_a: TestTenant, typed: str
) -> None:
    visitor = browser()
    assert "Choose your organisation" in (await visitor.get("/")).text
    answer = await visitor.get("/sign-in", params={"organisation": typed})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/t/{tenant_a.slug}/sign-in"


async def test_an_unknown_organisation_is_said_at_the_field(browser: NewBrowser, tenant_a: TestTenant) -> None:
    answer = await browser().get("/sign-in", params={"organisation": "nobody"})
    assert answer.status_code == 404
    assert "No organisation has this address" in answer.text
    assert 'value="nobody"' in answer.text


async def test_a_visitor_chooses_language_and_theme(browser: NewBrowser) -> None:
    visitor = browser()
    visitor.cookies.clear()
    assert '<html lang="en"' in (await visitor.get("/")).text, "the browser's own language"
    answer = await visitor.post("/preferences/language", data={"locale": "zh_CN", "next": "/sign-in?organisation=x"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?organisation=x"
    await visitor.post("/preferences/theme", data={"theme": "dark", "next": "/"})
    page = await visitor.get("/")
    assert '<html lang="zh-CN" data-theme="dark"' in page.text


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "evil", ""])
async def test_the_switches_lead_nowhere_else(browser: NewBrowser, target: str) -> None:
    for name, value in (("language", {"locale": "en"}), ("theme", {"theme": "light"})):
        answer = await browser().post(f"/preferences/{name}", data=value | {"next": target})
        assert answer.headers["location"] == "/"


async def test_a_language_or_theme_that_we_do_not_have_is_not_kept(browser: NewBrowser) -> None:
    visitor = browser()
    for name, value in (("language", {"locale": "xx"}), ("theme", {"theme": "pink"})):
        assert "set-cookie" not in (await visitor.post(f"/preferences/{name}", data=value)).headers


async def test_ones_own_language_follows_to_every_device(
    client: Client, tenant_a: TestTenant, browser: NewBrowser
) -> None:
    person = await client("doctor")
    path = f"/t/{tenant_a.slug}"
    assert (await person.send_form(f"{path}/account/language", {"locale": "zh_CN", "next": path})).status_code == 303
    assert '<html lang="zh-CN"' in (await person.get(path)).text
    other = browser()
    await other.sign_in(tenant_a, "doctor")
    assert '<html lang="zh-CN"' in (await other.get(path)).text


async def test_health_names_the_part_that_is_away(browser: NewBrowser, app: Litestar) -> None:
    answer = await browser().get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "database": "ok", "valkey": "ok"})
    workplace = app.state.runtime.workplace
    bus, workplace.bus = workplace.bus, Bus("redis://127.0.0.1:1/0")
    try:
        answer = await browser().get("/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        assert answer.json()["valkey"] == "away"
    finally:
        await workplace.bus.aclose()
        workplace.bus = bus


def test_files_are_sent_compressed_where_that_is_taken(tmp_path: Path) -> None:
    for name, body in (
        ("app-1.js", b"plain"),
        ("app-1.js.br", b"br"),
        ("app-1.js.gz", b"gz"),
        ("mark.svg", b"<svg/>"),
        ("manifest.json", b"{}"),
        (".built-from", b"x"),
    ):
        (tmp_path / name).write_bytes(body)
    files = StaticFiles(tmp_path)
    found = [files.find("app-1.js", accepted) for accepted in ("gzip, deflate, br", "gzip;q=0.5", "identity", "")]
    assert [(file.body, file.encoding) for file in found if file] == [
        (b"br", "br"),
        (b"gz", "gzip"),
        (b"plain", ""),
        (b"plain", ""),
    ]
    svg = files.find("mark.svg", "br")
    assert svg is not None
    assert (svg.media_type, svg.encoding) == ("image/svg+xml", "")
    for hidden in ("manifest.json", ".built-from", "app-1.js.br", "../secrets", "none.js"):
        assert files.find(hidden, "br") is None


async def test_built_files_are_kept_for_ever_and_others_are_not_found(app: Litestar, browser: NewBrowser) -> None:
    visitor = browser()
    known = sorted(app.state.runtime.static_files._paths)
    for name in [name for name in known if name.endswith((".js", ".css"))][:2]:
        answer: httpx.Response = await visitor.get(f"/static/{name}", headers={"accept-encoding": "br"})
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["vary"] == "Accept-Encoding"
    for path in ("/static/none.js", "/static/..%2fapp.py", "/static/manifest.json", "/static/a/b"):
        assert (await visitor.get(path)).status_code == 404
