"""An administrator designs a form by keyboard, a customer fills it in on a phone, and the answer stands on the submission."""

import re
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import assert_accessible_in_every_form, assert_no_sideways_scroll
from tests.browser.desk import OpenDesk, OpenPhone, Windows, zh

pytestmark = pytest.mark.browser
QUESTION = "绝育了吗"


async def _open_desk(page: Page) -> None:
    await page.locator("main").get_by_role("link", name=zh("Design forms")).click()
    await page.locator("main").get_by_role("link", name=re.compile("就诊登记")).click()
    await page.locator("#desk").wait_for()


async def _press(page: Page, selector: str) -> None:
    """Press a button with the keyboard only."""
    await page.locator(selector).focus()
    await page.keyboard.press("Enter")


async def _back_to_the_plugins(page: Page) -> None:
    first = page.locator("#history form[action$='/revisions/0/restore'] button")
    if await first.count():
        await first.click()
        await page.locator("dialog[open]").get_by_role("button", name=zh("Confirm")).click()
        await page.locator("#toasts", has_text=zh("The form is as its plugin brings it again")).wait_for()


async def test_a_question_goes_from_the_builder_over_the_phone_to_the_submission(
    desk: OpenDesk, phone: OpenPhone
) -> None:
    director = await desk("director", "xingfu")
    page = director.page
    await director.open("Forms")
    await _open_desk(page)

    # Up by the arrow: the focus stays with the field, so that Enter moves it on.
    await _press(page, "#field-urgent-signs-up button")
    await expect(page.locator(".design-diff")).to_contain_text(zh("Stands in another place"))
    lines = page.locator('.design-lines[data-section="complaint"] > li')
    await expect(lines.first).to_have_attribute("data-path", "urgent_signs")
    await expect(page.locator("#field-urgent-signs :focus")).to_have_count(1)

    await _press(page, "#add-pet")
    await page.locator("#panel").get_by_role("link", name=zh("One of several")).press("Enter")
    await page.locator("#panel-form [name=label_zh]").fill(QUESTION)
    await page.locator("#panel-form [name=label_en]").fill("Neutered")
    await page.locator("#panel-form [name=options]").fill("已绝育 | Yes\n未绝育 | No")
    await page.locator("#panel-form button[type=submit]").press("Enter")
    await expect(page.locator("#preview")).to_contain_text(QUESTION)
    await expect(page.locator("#field-x-neutered")).to_contain_text(zh("Your own"))
    await page.reload()
    await expect(page.locator("#preview")).to_contain_text(QUESTION)
    await _press(page, "#publish button")
    await page.locator("#toasts", has_text=zh("Undo")).wait_for()
    await assert_accessible_in_every_form(page)
    await page.set_viewport_size({"width": 1366, "height": 860})

    await director.open("Forms")
    await page.locator("main").get_by_role("link", name=zh("Links and QR codes")).click()
    await director.press("Make a link")
    link = await page.locator(".qr a.link").first.get_attribute("href")
    assert link
    name = f"何绝育{uuid4().hex[:4]}"
    owner = await phone(link)
    group = owner.get_by_role("group", name=re.compile(QUESTION))
    await group.get_by_label("已绝育").check()
    await owner.get_by_label("犬", exact=True).check()
    await owner.locator("[name=pet_name]").fill("团团")
    await owner.locator("[name=chief_complaint]").fill("复查")
    await owner.locator("[name=owner_name]").fill(name)
    await owner.locator("[name=owner_phone]").fill(f"139{uuid4().int % 10**8:08d}")
    await owner.get_by_text(zh("Type your name instead")).click()
    await owner.locator("[name=signature__typed]").fill(name)
    await owner.locator(".form-actions").get_by_role("button", name=zh("Send"), exact=True).click()
    await owner.get_by_role("heading", name=zh("Thank you")).wait_for()

    await director.open("Forms")
    await page.locator("#submissions tbody tr", has_text=name).locator(".row-link").click()
    await director.see(QUESTION)
    await director.see("已绝育")

    await director.open("Forms")
    await _open_desk(page)
    await _back_to_the_plugins(page)
    await expect(page.locator("#field-x-neutered")).to_have_count(0)


async def test_the_builder_works_without_script_and_on_a_phone(desk: OpenDesk, windows: Windows) -> None:
    director = await desk("director", "dongying", width=390)
    await director.open("Forms")
    await _open_desk(director.page)
    await assert_no_sideways_scroll(director.page)
    context = director.page.context
    plain = await windows.open(390, script=False)
    await plain.context.add_cookies(await context.cookies())  # type: ignore[arg-type] # what one gives the other takes
    await plain.goto(director.page.url)
    await plain.locator("#field-diet-down button").click()
    await expect(plain.locator(".design-diff")).to_contain_text(zh("Stands in another place"))
    await plain.locator("#undo button").click()
    await expect(plain.locator(".design-diff")).to_have_count(0)
