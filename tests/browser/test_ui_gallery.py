"""Every component in a real browser: accessible, quiet, in reach of fingers and keyboards, in all themes and languages."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.axe import (
    assert_accessible,
    assert_accessible_in_every_form,
    assert_no_sideways_scroll,
    assert_targets,
    layout_shift,
)
from tests.browser.chromium import OpenPage

pytestmark = pytest.mark.browser
PAGES = ("board", "complaint", "parts", "intake", "status", "login", "error")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("locale", ["zh_CN", "en"])
async def test_axe_finds_nothing_on_phones_and_desks_in_light_and_dark(
    gallery: str, open_page: OpenPage, name: str, locale: str
) -> None:
    page = await open_page(f"{gallery}/gallery/{name}?locale={locale}", width=390)
    await assert_accessible_in_every_form(page)


@pytest.mark.parametrize("name", PAGES)
async def test_a_phone_page_stands_still_fits_fingers_and_320_px(gallery: str, open_page: OpenPage, name: str) -> None:
    page = await open_page(f"{gallery}/gallery/{name}?locale=en", width=390)
    assert await layout_shift(page) < 0.005
    await assert_targets(page, 44)
    await page.set_viewport_size({"width": 320, "height": 700})
    await assert_no_sideways_scroll(page)


@pytest.mark.parametrize("name", PAGES)
async def test_targets_on_a_desk_fit_a_pointer(gallery: str, open_page: OpenPage, name: str) -> None:
    await assert_targets(await open_page(f"{gallery}/gallery/{name}"), 24)


async def test_the_first_load_of_a_phone_page_is_at_most_60_kb(gallery: str, open_page: OpenPage) -> None:
    page = await open_page(f"{gallery}/gallery/intake", width=390)
    sizes: list[tuple[str, int]] = await page.evaluate(
        """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
               .map((e) => [e.name, e.encodedBodySize])"""
    )
    # The gallery sends nothing compressed; the product sends brotli, a quarter of this.
    assert sum(size for _name, size in sizes) / 4 <= 60_000 / 2, sizes
    assert not [name for name, _size in sizes if not name.startswith(gallery)], "a request to somebody else"


async def test_a_timer_counts_down_and_turns_overdue(gallery: str, open_page: OpenPage) -> None:
    page = await open_page(f"{gallery}/gallery/board?locale=zh_CN")
    timer = page.locator("#complaint-4 sla-timer")
    first = await timer.locator("time").inner_text()
    await expect(timer.locator("time")).not_to_have_text(first)
    assert await timer.get_attribute("data-state") == "ok"
    await timer.evaluate("(e) => e.setAttribute('due', new Date(Date.now() - 3000).toISOString())")
    assert await timer.get_attribute("data-state") == "over"
    assert "超时 00:0" in await timer.inner_text()


async def test_the_palette_opens_by_slash_searches_and_goes(gallery: str, open_page: OpenPage) -> None:
    page = await open_page(f"{gallery}/gallery/board?locale=en")
    await page.keyboard.press("/")
    await page.keyboard.type("wang")
    await page.get_by_role("option", name="wang 2").wait_for()
    await assert_accessible(page)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/found/2")


async def test_the_palette_leaves_keys_of_an_input_method_alone(gallery: str, open_page: OpenPage) -> None:
    page = await open_page(f"{gallery}/gallery/board?locale=en")
    await page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '/', isComposing: true, bubbles: true}))"
    )
    assert not await page.locator("dialog.palette").is_visible()
    await page.locator("input[type=search]").press("/")
    assert not await page.locator("dialog.palette").is_visible()


async def test_a_shortcut_follows_its_button(gallery: str, open_page: OpenPage) -> None:
    page = await open_page(f"{gallery}/gallery/board?locale=en")
    await page.keyboard.press("c")
    await page.wait_for_url("**#new")


@pytest.mark.parametrize("script", [True, False])
async def test_the_drawer_opens_with_and_without_script(gallery: str, open_page: OpenPage, script: bool) -> None:
    page = await open_page(f"{gallery}/gallery/board?locale=en", width=390, script=script)
    assert not await page.locator("#sidebar").is_visible()
    await page.get_by_role("button", name="Menu").click()
    await expect(page.get_by_role("link", name="Customers", exact=True)).to_be_visible()
    await page.keyboard.press("Escape")
    assert not await page.locator("#sidebar").is_visible()


@pytest.mark.parametrize("script", [True, False])
async def test_a_window_opens_and_closes_with_and_without_script(
    gallery: str, open_page: OpenPage, script: bool
) -> None:
    page = await open_page(f"{gallery}/gallery/complaint?locale=en", script=script)
    await page.get_by_role("button", name="Raise level").click()
    window = page.get_by_role("dialog", name="Raise the level")
    await expect(window).to_be_visible()
    if script:
        await assert_accessible(page)
    await window.get_by_role("button", name="Cancel").click()
    assert not await window.is_visible()


async def test_the_theme_changes_in_place_and_is_remembered(gallery: str, open_page: OpenPage) -> None:
    page = await open_page(f"{gallery}/gallery/board?locale=en")
    await page.get_by_role("button", name="Dark theme").click()
    assert await page.locator("html").get_attribute("data-theme") == "dark"
    cookies = {cookie.get("name"): cookie.get("value") for cookie in await page.context.cookies()}
    assert cookies["anxin-theme"] == "dark"
    await expect(page.get_by_role("button", name="Light theme")).to_be_visible()
    assert not await page.get_by_role("button", name="Dark theme").is_visible()


async def test_a_form_answers_in_place_with_token_and_a_toast_that_undoes(gallery: str, open_page: OpenPage) -> None:
    page = await open_page(f"{gallery}/gallery/parts?locale=en")
    await page.fill("#f-name", "Wang")
    await page.click("#all button[type=submit]")
    saved = page.locator("#saved")
    await saved.wait_for()
    assert await saved.get_attribute("data-token") == "token"
    assert await saved.get_attribute("data-field-token") == "token"
    toast = page.locator(".toast", has_text="Saved")
    await expect(toast.get_by_role("button", name="Undo")).to_be_visible()
    await toast.get_by_role("button", name="Close").click()
    await toast.wait_for(state="detached")


async def test_a_refused_form_comes_back_with_the_focus_on_its_errors(gallery: str, open_page: OpenPage) -> None:
    page = await open_page(f"{gallery}/gallery/parts?locale=en")
    await page.fill("#f-name", "wrong")
    await page.click("#all button[type=submit]")
    await page.get_by_text("No such name").first.wait_for()
    assert await page.input_value("#f-name") == "wrong"
    assert await page.evaluate("document.activeElement.getAttribute('role')") == "alert"


async def test_a_stream_changes_its_part_of_the_page(gallery: str, open_page: OpenPage) -> None:
    page = await open_page(f"{gallery}/gallery/parts?locale=en")
    await page.get_by_text("changed by the stream").wait_for()


async def test_a_signature_is_drawn_or_typed(gallery: str, open_page: OpenPage) -> None:
    page = await open_page(f"{gallery}/gallery/intake?locale=en", width=390)
    canvas = page.locator("signature-field canvas")
    await canvas.scroll_into_view_if_needed()
    box = await canvas.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 40, box["y"] + 60)
    await page.mouse.down()
    for step in range(12):
        await page.mouse.move(box["x"] + 40 + step * 14, box["y"] + 60 + (step % 4) * 12)
    await page.mouse.up()
    assert (await page.input_value("#f-signature")).startswith("data:image/png;base64,")
    await page.get_by_role("button", name="Clear").click()
    assert await page.input_value("#f-signature") == ""
    await page.get_by_text("Type your name instead").click()
    await page.fill("[name=signature__typed]", "Chen Jingyi")


async def test_photos_are_made_smaller_and_can_be_taken_out(gallery: str, open_page: OpenPage, tmp_path: Path) -> None:
    page = await open_page(f"{gallery}/gallery/intake?locale=en", width=390)
    big = tmp_path / "big.png"
    await page.screenshot(path=big, full_page=True)
    await page.set_input_files("#f-photo", [big, big])
    await page.locator(".previews li").nth(1).wait_for()
    files = await page.evaluate("[...document.querySelector('#f-photo').files].map((f) => [f.name, f.type])")
    assert files == [["big.jpg", "image/jpeg"]] * 2
    await page.get_by_role("button", name="Remove big.jpg").first.click()
    await expect(page.locator(".previews li")).to_have_count(1)


async def test_a_draft_comes_back_after_leaving(gallery: str, open_page: OpenPage) -> None:
    page = await open_page(f"{gallery}/gallery/intake?locale=en", width=390)
    await page.fill("#f-pet", "豆豆")
    await page.get_by_text("Draft saved on this device").wait_for()
    await page.reload()
    assert await page.input_value("#f-pet") == "豆豆"
    await expect(page.get_by_text("Your draft was restored")).to_be_visible()


@pytest.mark.parametrize("name", ["board", "parts"])
async def test_forced_colours_keep_every_state_visible(gallery: str, open_page: OpenPage, name: str) -> None:
    page = await open_page(f"{gallery}/gallery/{name}?locale=en", forced_colors=True)
    edge = await page.locator(".button").first.evaluate("(e) => getComputedStyle(e).borderTopStyle")
    assert edge == "solid"
