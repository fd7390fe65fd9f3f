"""The main job as people do it: import, customer, intake by QR, purchase; at a desk and on a phone."""

import re
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.browser.desk import Desk, OpenDesk, OpenPhone, zh

pytestmark = pytest.mark.browser
SAMPLES = Path(__file__).parents[1] / "samples"
WIDTHS = pytest.mark.parametrize("width", [1366, 390])


async def _read_file(desk: Desk, file: str) -> None:
    await desk.open("Imports")
    await desk.page.set_input_files("[name=file]", SAMPLES / file)
    await desk.press("Read the file")
    await desk.page.wait_for_url(re.compile(r"/imports/[0-9a-f-]{36}"))
    await desk.page.locator("select[name=column_0]").wait_for()


async def _check_rows(desk: Desk, outcome: str = "Needs correction") -> int:
    """Look at the dry run and return how many rows come out like this."""
    await desk.press("Check the rows")
    await desk.see(zh("Nothing has been written yet"))
    tile = desk.page.locator("#rows nav.segmented a", has_text=zh(outcome)).first
    found = re.search(r"\d+", await tile.inner_text())
    assert found
    return int(found[0])


async def _import_rows(desk: Desk) -> None:
    await desk.page.get_by_role("button", name=re.compile(zh("Import %(n)s rows") % {"n": r"\d+"})).click()
    await desk.see(zh("The import is done"))


async def _find_customer(desk: Desk, words: str) -> None:
    await desk.open("Customers")
    await desk.page.get_by_role("searchbox").first.fill(words)
    await desk.page.wait_for_url(re.compile(r"q="))


@WIDTHS
async def test_the_director_imports_what_the_clinic_exports_and_takes_it_back(desk: OpenDesk, width: int) -> None:
    director = await desk("director", "xingfu" if width == 390 else "dongying", width=width)
    page = director.page
    await _read_file(director, "clinic_members_gb18030.csv")
    chosen = page.get_by_label(zh("%(column)s goes to") % {"column": "姓名"})
    assert await chosen.input_value() == "name", "GB18030 was read and the column recognised"
    refused = await _check_rows(director)
    assert refused > 0
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name=zh("Error file (CSV)")).click()
    lines = (await (await waiting.value).path()).read_bytes().decode("utf-8-sig").splitlines()
    assert len(lines) == refused + 1, "each refused row stands in the file, under the header"
    await _import_rows(director)
    await _find_customer(director, "蒋婷婷")
    await page.locator("#customer-table .row-link").first.click()
    assert await director.heading() == "蒋婷婷"
    await director.see("米粒")
    await expect(page.locator("#card")).to_contain_text("1,999.99")
    assert await page.locator(".timeline-item").count() >= 2
    await director.open("Imports")
    await page.get_by_role("link", name="clinic_members_gb18030.csv").first.click()
    await director.press("Undo the import")
    await director.press("Undo the import", within="dialog#undo")
    await director.see(zh("The import was undone"))
    await _find_customer(director, "蒋婷婷")
    await director.see(zh("Nobody found"))


async def test_a_workbook_with_merged_headings_comes_in_by_its_columns(desk: OpenDesk) -> None:
    director = await desk("director", "xingfu")
    await _read_file(director, "branch_customers.xlsx")
    chosen = await director.page.locator("select[name^=column_]").evaluate_all("all => all.map((one) => one.value)")
    assert "name" in chosen
    assert "phone" in chosen
    assert await _check_rows(director, "Left out") == 1, "the line of totals under the list"
    await _import_rows(director)
    await _find_customer(director, "邹佳琪")
    await director.page.locator("#customer-table .row-link").first.click()
    await director.see("蛋挞")


def _new_phone() -> str:
    return f"139{uuid4().int % 10**8:08d}"


async def _add_customer(desk: Desk, surname: str, pet: str) -> str:
    """Return the full name, which nobody else has."""
    name = surname + uuid4().hex[:6]
    await desk.open("Customers")
    await desk.page.get_by_role("link", name=zh("New customer")).click()
    await desk.page.fill("[name=full_name]", name)
    await desk.page.fill("[name=phone]", _new_phone())
    await desk.page.fill("[name=pet_name]", pet)
    await desk.page.select_option("[name=species]", "dog")
    await desk.press("Save")
    await desk.page.wait_for_url(re.compile(r"/customers/[0-9a-f-]{36}$"))
    return name


async def _draw(page: Page) -> None:
    canvas = page.locator(".signature-pad canvas")
    await canvas.scroll_into_view_if_needed()
    box = await canvas.bounding_box()
    assert box
    await page.mouse.move(box["x"] + 20, box["y"] + 60)
    await page.mouse.down()
    for step in range(1, 8):
        await page.mouse.move(box["x"] + 20 + 20 * step, box["y"] + 60 + 15 * (-1) ** step)
    await page.mouse.up()


async def _fill_intake(page: Page, *, script: bool = True) -> None:
    await page.get_by_label("犬", exact=True).check()
    await page.get_by_label("体重").fill("28.5")
    allergy = page.get_by_role("group", name="有没有过敏")
    await allergy.get_by_label("有", exact=True).check()
    if script:
        await page.locator("[name=allergies]").fill("青霉素")
    await page.get_by_label("主诉：哪里不舒服").fill("昨晚八点起吐了三次")
    await page.locator("[name=onset]").fill("2026-11-01")
    await page.locator("[name=course]").fill("越来越没精神")
    await page.get_by_role("group", name="以前得过什么病").get_by_label("无", exact=True).check()
    await page.get_by_role("group", name="正在用或用过的药").get_by_label("无", exact=True).check()
    await page.locator("[name=diet]").fill("狗粮")
    await page.get_by_role("group", name="运动").get_by_label("只在室内").check()


@WIDTHS
async def test_the_owner_fills_the_form_behind_the_code_and_the_doctor_reads_it(
    desk: OpenDesk, phone: OpenPhone, width: int
) -> None:
    front_desk = await desk("front_desk", width=width)
    name = await _add_customer(front_desk, "钱", "雪糕")
    await front_desk.press("Hand over the form")
    await expect(front_desk.page.locator(".qr-code svg")).to_be_visible()
    link = await front_desk.page.locator(".qr a.link").get_attribute("href")
    assert link
    owner = await phone(link)
    await expect(owner.locator("[name=owner_name]")).to_have_value(name)  # what is known is filled in
    await expect(owner.locator("[name=pet_name]")).to_have_value("雪糕")
    await _fill_intake(owner)
    await _draw(owner)
    await owner.get_by_role("button", name=zh("Send"), exact=True).click()
    await owner.get_by_role("heading", name=zh("Thank you")).wait_for()
    assert (await owner.request.get(link)).status == 410, "the link was good for one sending"

    doctor = await desk("doctor", width=width)
    await doctor.open("Forms")
    row = doctor.page.locator("#submissions tbody tr", has_text=name)
    await expect(row).to_contain_text("7 / 8")
    await expect(row).to_contain_text("过敏")
    await row.locator(".row-link").click()
    await doctor.see("主人写明过敏：青霉素")
    await expect(doctor.page.locator("aside.stack")).to_contain_text("社交")
    await doctor.see("昨晚八点起吐了三次")


async def test_the_form_works_on_a_phone_without_script(desk: OpenDesk, phone: OpenPhone) -> None:
    front_desk = await desk("front_desk")
    await front_desk.open("Forms")
    await front_desk.page.locator("main").get_by_role("link", name=zh("Links and QR codes")).click()
    await front_desk.press("Make a link")
    link = await front_desk.page.locator(".qr a.link").first.get_attribute("href")
    assert link
    name = f"何无脚本{uuid4().hex[:4]}"
    owner = await phone(link, script=False)
    await owner.locator("[name=owner_name]").fill(name)
    await owner.locator("[name=owner_phone]").fill(_new_phone())
    await owner.locator("[name=pet_name]").fill("静静")
    await _fill_intake(owner, script=False)
    await owner.get_by_text(zh("Type your name instead")).click()
    await owner.locator("[name=signature__typed]").fill(name)
    send = owner.locator(".form-actions").get_by_role("button", name=zh("Send"), exact=True)
    await send.click()
    # Only now does the server know that there is an allergy to be named.
    await owner.locator("[name=allergies]").fill("青霉素")
    await expect(owner.locator("[name=diet]")).to_have_value("狗粮")  # what was typed is kept
    if not await owner.locator("[name=signature__typed]").is_visible():
        await owner.get_by_text(zh("Type your name instead")).click()
    await owner.locator("[name=signature__typed]").fill(name)
    await send.click()
    await owner.get_by_role("heading", name=zh("Thank you")).wait_for()
    await front_desk.open("Forms")
    await expect(front_desk.page.locator("#submissions tbody tr", has_text=name)).to_contain_text("静静")


@WIDTHS
async def test_five_hundred_yuan_make_a_silver_member_who_pays_nine_tenths(desk: OpenDesk, width: int) -> None:
    front_desk = await desk("front_desk", width=width)
    page = front_desk.page
    await _add_customer(front_desk, "何", "元宝")
    await front_desk.press("Record a purchase")
    bill = page.locator("dialog#purchase")
    await bill.locator("[name=amount]").fill("500")
    await bill.locator("[name=description]").fill("疫苗")
    await front_desk.press("Record it", within="dialog#purchase")
    await page.locator("#toasts", has_text="¥500.00").wait_for()
    card = page.locator("#card")
    await expect(card).to_contain_text("银卡")
    await expect(card).to_contain_text("9折")
    await expect(page.locator(".page-header")).to_contain_text("银卡")
    await front_desk.see(zh("Is now %(tier)s").split("%")[0].strip())
    await page.locator("#toasts").get_by_role("button", name=zh("Undo")).click()
    await expect(card).to_contain_text("普通")
