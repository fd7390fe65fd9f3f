"""A form that is not finished: saved, found again by who began it and by nobody else, and never overwritten unasked."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from core.forms.actions import create_link, revoke_link
from core.forms.queries import LinkFacts, list_submissions
from tenants.plugin_settings import enable_plugin
from tests.web.forms import form_fields
from tests.webapp import Browser, cookie_flags
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]
New = Callable[[], Browser]
COOKIE = "__Secure-anxin-draft"


async def made(tenant: TestTenant, **more: Any) -> LinkFacts:
    async with tenant.unit() as uow:
        await enable_plugin(uow, host=tenant.workplace.host, plugin_id="petclinic")
    async with tenant.unit() as uow:
        return await create_link(uow, form_id="petclinic.intake", **more)


@pytest.fixture
async def poster(tenant_a: TestTenant) -> str:
    return f"/q/{(await made(tenant_a)).code}"


@pytest.fixture
async def personal(tenant_a: TestTenant) -> str:
    return f"/q/{(await made(tenant_a, max_uses=1)).code}"


async def filled(browser: Browser, path: str, **answers: str) -> dict[str, Any]:
    """Open the page and type something into it."""
    return form_fields((await browser.get(path)).text, "intake") | answers


async def press(browser: Browser, path: str, fields: dict[str, Any], button: str, value: str = "1") -> httpx.Response:
    return await browser.post(path, data=fields | {button: value})


async def test_a_poster_keeps_nothing_until_somebody_asks_for_it(browser: New, poster: str) -> None:
    visitor = browser()
    page = await visitor.get(poster)
    assert "set-cookie" not in page.headers
    assert "data-draft-url" not in page.text, "a script saves by itself only after the visitor has asked for it"


async def test_what_was_saved_is_gone_on_with_and_then_sent(browser: New, poster: str) -> None:
    visitor = browser()
    saved = await press(visitor, poster, await filled(visitor, poster, chief_complaint="昨晚起吐"), "_save")
    assert (saved.status_code, saved.headers["location"]) == (303, f"{poster}/draft")
    flags = cookie_flags(saved, COOKIE)
    assert (flags["path"], flags["httponly"], flags["secure"], flags["samesite"]) == (poster, True, True, "lax")
    page = await visitor.get(f"{poster}/draft")
    assert "<svg" in page.text
    assert "昨晚起吐" not in page.text
    assert "昨晚起吐" in (await visitor.get(f"{poster}?draft=on")).text
    assert 'data-draft-url="' in (await visitor.get(f"{poster}?draft=on")).text


async def test_the_next_person_at_the_tablet_sees_no_answers(browser: New, poster: str) -> None:
    tablet = browser()
    await press(tablet, poster, await filled(tablet, poster, chief_complaint="昨晚起吐"), "_save")
    page = await tablet.get(poster)
    assert "昨晚起吐" not in page.text
    assert "This form was begun on this device" in page.text
    anew = await tablet.post(poster, data={"_anew": "1"})
    assert (anew.status_code, anew.headers["location"]) == (303, poster)
    page = await tablet.get(poster)
    assert "This form was begun on this device" not in page.text
    assert "昨晚起吐" not in (await tablet.get(f"{poster}?draft=on")).text


async def test_who_begins_anew_without_looking_does_not_overwrite_the_draft(browser: New, poster: str) -> None:
    tablet = browser()
    first = await filled(tablet, poster, chief_complaint="first")
    key = (await press(tablet, poster, first, "_save")).cookies[COOKIE]
    await press(tablet, poster, await filled(tablet, poster, chief_complaint="second"), "_save")
    phone = browser()
    await phone.get(f"{poster}?resume={key}")
    assert "first" in (await phone.get(f"{poster}?draft=on")).text
    assert "second" in (await tablet.get(f"{poster}?draft=on")).text


async def test_another_device_goes_on_by_the_link_after_it_was_asked(browser: New, poster: str) -> None:
    tablet, phone = browser(), browser()
    await press(tablet, poster, await filled(tablet, poster, chief_complaint="昨晚起吐"), "_save")
    found = re.search(r"\?resume=([\w-]+)", (await tablet.get(f"{poster}/draft")).text)
    assert found is not None
    answer = await phone.get(f"{poster}?resume={found[1]}")
    assert (answer.status_code, answer.headers["location"]) == (303, poster), "the key leaves the address"
    assert "昨晚起吐" not in (await phone.get(poster)).text
    assert "昨晚起吐" in (await phone.get(f"{poster}?draft=on")).text
    assert "昨晚起吐" not in (await browser().get(f"{poster}?draft=on")).text


async def test_the_page_for_another_device_says_how_when_nothing_is_saved(browser: New, poster: str) -> None:
    page = await browser().get(f"{poster}/draft")
    assert page.status_code == 200
    assert "Nothing is saved yet" in page.text


async def test_a_link_for_one_person_saves_by_itself_and_shows_it_to_its_holder(browser: New, personal: str) -> None:
    phone, other = browser(), browser()
    fields = await filled(phone, personal, chief_complaint="昨晚起吐")
    saved = await phone.post(f"{personal}/draft", data=fields, headers={"accept": "application/json"})
    assert saved.json()["revision"] == 1
    assert "set-cookie" not in saved.headers
    assert "昨晚起吐" in (await other.get(personal)).text


async def test_of_two_browsers_the_later_is_asked_and_both_are_kept(browser: New, personal: str) -> None:
    one, two = browser(), browser()
    mine, theirs = await filled(one, personal, diet="mine"), await filled(two, personal, diet="theirs")
    assert (await two.post(f"{personal}/draft", data=theirs)).status_code == 200
    refused = await one.post(f"{personal}/draft", data=mine)
    assert (refused.status_code, set(refused.json())) == (409, {"changed_at"})
    page = await press(one, personal, mine, "_save")
    assert page.status_code == 409
    assert "This form was saved on another device" in page.text
    assert form_fields(page.text, "intake")["diet"] == ["mine"]
    led = await press(one, personal, form_fields(page.text, "intake"), "_settle", "theirs")
    assert led.headers["location"] == f"{personal}?draft=on"
    page = await one.get(f"{personal}?draft=on")
    assert form_fields(page.text, "intake")["diet"] == ["theirs"]
    assert "Show the other version" in page.text
    await press(one, personal, form_fields(page.text, "intake"), "_swap")
    assert form_fields((await one.get(personal)).text, "intake")["diet"] == ["mine"]


async def test_sending_over_what_another_device_saved_asks_first(
    browser: New, personal: str, tenant_a: TestTenant
) -> None:
    one, two = browser(), browser()
    mine = await filled(one, personal, diet="mine")
    await two.post(f"{personal}/draft", data=await filled(two, personal, diet="theirs"))
    page = await one.post(personal, data=mine)
    assert page.status_code == 409
    assert form_fields(page.text, "intake")["diet"] == ["mine"]
    async with tenant_a.unit() as uow:
        assert await list_submissions(uow) == []


async def test_a_page_does_not_quarrel_with_its_own_saves(browser: New, personal: str) -> None:
    phone = browser()
    fields = await filled(phone, personal, diet="dry")
    for diet in ("dry", "wet"):
        assert (await phone.post(f"{personal}/draft", data=fields | {"diet": diet})).status_code == 200
    answer = await phone.post(personal, data=fields)
    assert answer.status_code == 422, "judged, for required answers are missing; not refused as another device's"


async def test_a_draft_of_a_link_that_was_taken_back_is_closed(browser: New, tenant_a: TestTenant) -> None:
    link = await made(tenant_a)
    visitor = browser()
    fields = await filled(visitor, f"/q/{link.code}", diet="x")
    async with tenant_a.unit() as uow:
        await revoke_link(uow, link_id=link.link_id)
    for path in (f"/q/{link.code}", f"/q/{link.code}/draft"):
        assert (await visitor.get(path)).status_code == 410
        assert (await visitor.post(path, data=fields)).status_code == 410


async def test_another_site_cannot_save_into_a_draft(browser: New, personal: str) -> None:
    answer = await browser().post(f"{personal}/draft", data={"diet": "x"}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


async def test_a_key_opens_the_draft_of_its_own_link_only(browser: New, poster: str, tenant_a: TestTenant) -> None:
    visitor = browser()
    key = (await press(visitor, poster, await filled(visitor, poster, diet="dry"), "_save")).cookies[COOKIE]
    other = f"/q/{(await made(tenant_a)).code}"
    stranger = browser()
    await stranger.get(f"{other}?resume={key}")
    assert "dry" not in (await stranger.get(f"{other}?draft=on")).text


async def test_more_posts_in_a_minute_than_a_person_sends_are_refused(
    browser: New, personal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.routes.drafts.POSTS_A_MINUTE", 3)
    monkeypatch.setattr("web.routes.intake.POSTS_A_MINUTE", 0)
    visitor = browser()
    for _ in range(3):
        await visitor.post(f"{personal}/draft", data={"_revision": "x"}, headers={"accept": "application/json"})
    answer = await visitor.post(f"{personal}/draft", data={}, headers={"accept": "application/json"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    page = await visitor.post(personal, data={})
    assert page.status_code == 429
    assert "Too many requests" in page.text
