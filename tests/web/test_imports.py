"""Import pages: the pace, stopping and forgetting, own fields among the columns, and the error file as a workbook."""

import io
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from core.clock import now
from core.customers.queries import list_customers
from core.imports import references
from core.imports.queries import BatchRecord, get_batch
from core.imports.rules import beyond, cells, columns, dates, files, matching, reading, rows
from core.imports.rules.files import Layout
from core.imports.rules.plan import Counts, ImportPlan
from core.imports.running import run_chunk
from core.profiles.fields import define_field
from tests.imports import as_clinic
from tests.webapp import Browser
from tests.workplaces import TestTenant
from web.views.imports import KEPT, PROBLEMS, pace_of

Client = Callable[..., Awaitable[Browser]]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await as_clinic(tenant_a)


def batch_of(**values: object) -> BatchRecord:
    said: dict[str, object] = {
        "batch_id": UUID(int=1),
        "number": 1,
        "filename": "x.csv",
        "state": "running",
        "plan": ImportPlan(layout=Layout(kind="csv"), header=columns.Header(1, ("姓名",)), mapping=("name",)),
        "counts": Counts(),
        "rows_total": 10_000,
        "rows_done": 2_000,
        "next_row": 2_002,
        "fault": None,
        "created_at": NOW,
        "created_by_name": "",
        "started_at": NOW,
        "finished_at": None,
    }
    return BatchRecord(**(said | values))  # type: ignore[arg-type] # the test's own


NOW = now()


@pytest.mark.parametrize(
    ("seconds", "values", "words"),
    [
        (10, {}, "每秒 200 行，约剩 40 秒"),
        (10, {"rows_total": 2_200}, "每秒 200 行，约剩 1 秒"),
        (10, {"rows_total": 2_000}, "每秒 200 行，约剩 1 秒"),
        (100, {}, "每秒 20 行，约剩 7 分钟"),
        (4_000, {"rows_done": 10}, "每秒 1 行，约剩 6"),
        (10, {"state": "undoing"}, "每秒 200 行，约剩 40 秒"),
        (10, {"state": "done"}, ""),
        (10, {"rows_done": 0}, ""),
        (0, {}, ""),
        (10, {"started_at": None}, ""),
    ],
)
def test_the_pace_and_the_time_left_are_told_as_soon_as_there_is_something_to_say(
    seconds: int, values: dict[str, object], words: str
) -> None:
    said = pace_of(batch_of(**values), NOW + timedelta(seconds=seconds))
    assert said.startswith(words)
    assert bool(said) == bool(words)
    assert "%" not in said


async def upload(browser: Browser, slug: str, content: bytes, name: str = "x.csv") -> str:
    answer = await browser.send_form(f"/t/{slug}/imports", files={"file": (name, content, "text/csv")})
    return where(answer)


def where(answer: httpx.Response) -> str:
    assert answer.status_code in {200, 204, 303}, answer.text[:500]
    return answer.headers.get("hx-redirect") or answer.headers["location"]


def columns_of(page: str) -> dict[str, object]:
    chosen = re.findall(r'name="(column_\d+)".*?</select>', page, re.DOTALL)
    picked = dict(
        re.findall(r'name="(column_\d+)"(?:(?!</select>).)*?<option value="([^"]+)" selected', page, re.DOTALL)
    )
    return {name: picked.get(name, "") for name in chosen}


async def test_a_run_is_stopped_half_way_and_what_was_written_stays(client: Client, clinic: TestTenant) -> None:
    browser = await client("service_supervisor")
    content = "\n".join(["姓名,手机", *(f"客户{n},1381234{n:04d}" for n in range(120))]).encode()
    here = await upload(browser, clinic.slug, content)
    await browser.send_form(f"{here}/mapping", {"column_0": "name", "column_1": "phone"})
    assert (await browser.send_form(f"{here}/cancel")).status_code == 409
    await browser.send_form(f"{here}/start")
    async with clinic.unit() as uow:
        assert await run_chunk(uow, batch_id=UUID(here.rpartition("/")[2]))
    assert where(await browser.send_form(f"{here}/cancel")) == here
    page = (await browser.get(here)).text
    assert "Stopped half way" in page
    assert f"{here}/undo" in page
    async with clinic.unit() as uow:
        assert not await run_chunk(uow, batch_id=UUID(here.rpartition("/")[2]))
        assert len(await list_customers(uow, limit=200)) == 50
    assert (await browser.send_form(f"{here}/cancel")).status_code == 409
    desk = await client("front_desk")
    for act in ("cancel", "forget"):
        assert (await desk.send_form(f"{here}/{act}")).status_code == 403


async def test_a_remembered_mapping_is_shown_and_forgotten(client: Client, clinic: TestTenant) -> None:
    browser = await client("service_supervisor")
    content = "姓名,手机,来源\n王小美,13812346871,朋友\n".encode()
    first = await upload(browser, clinic.slug, content)
    assert "As last time" not in (await browser.get(first)).text
    await browser.send_form(f"{first}/mapping", {"column_0": "name", "column_1": "phone", "column_2": "tags"})
    again = await upload(browser, clinic.slug, content)
    page = (await browser.get(again)).text
    assert "As last time" in page
    assert columns_of(page)["column_2"] == "tags"
    assert where(await browser.send_form(f"{again}/forget")) == again
    page = (await browser.get(again)).text
    assert "As last time" not in page
    assert columns_of(page)["column_2"] == "note"


async def test_own_fields_stand_among_the_columns_and_new_tags_are_told_before_the_run(
    client: Client, clinic: TestTenant
) -> None:
    async with clinic.unit() as uow:
        await define_field(
            uow, entity_type="subject", label={"zh-CN": "血型", "en": "Blood type"}, kind="number", key="x_blood"
        )
    browser = await client("director")
    here = await upload(
        browser, clinic.slug, "姓名,手机,宠物名,Blood Type,标签\n王小美,13812346871,豆豆,甲,老客户\n".encode()
    )
    page = (await browser.get(here)).text
    assert "Blood type (pet)" in page
    fields = columns_of(page)
    assert list(fields.values()) == ["name", "phone", "pet_name", "own:subject:x_blood", "tags"]
    await browser.send_form(f"{here}/mapping", fields | {"existing": "update"})
    page = (await browser.get(here)).text
    assert "Blood Type: “甲” is no whole number" in page
    assert (await browser.send_form(f"{here}/mapping", fields | {"column_3": "own:subject:x_gone"})).status_code == 422
    assert (await browser.send_form(f"{here}/mapping", fields | {"column_3": ""})).status_code < 400
    page = (await browser.get(f"{here}?outcome=all")).text
    assert "New tags will be made" in page
    assert "New tag “老客户”" in page


def grouped() -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    sheet = book.add_worksheet("客户档案")
    sheet.merge_range(0, 0, 0, 1, "主人")
    sheet.merge_range(0, 2, 0, 3, "宠物")
    for row_no, row in enumerate(
        (
            ["姓名", "电话", "名字", "备注"],
            ["王小美", "见备注", "豆豆", "-2岁"],
            ["李雷", "0138", "来福", ""],
            ["韩梅梅", "13812346873", "咪咪", ""],
        ),
        1,
    ):
        for column, text in enumerate(row):
            sheet.write_string(row_no, column, text)
    book.close()
    return buffer.getvalue()


async def test_the_error_file_is_a_workbook_that_goes_in_again_corrected(client: Client, clinic: TestTenant) -> None:
    browser = await client("director")
    here = await upload(browser, clinic.slug, grouped(), "店.xlsx")
    await browser.send_form(f"{here}/mapping", columns_of((await browser.get(here)).text))
    page = (await browser.get(here)).text
    assert f"{here}/errors.xlsx" in page
    answer = await browser.get(f"{here}/errors.xlsx")
    assert answer.headers["content-type"] == XLSX
    assert answer.headers["cache-control"] == "no-store"
    layout = files.sniff(answer.content)
    assert not files.formula_cells(answer.content, layout.sheet)
    table = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert [row[:3] for row in table] == [
        ["主人", "主人", "宠物"],
        ["姓名", "电话", "名字"],
        ["王小美", "见备注", "豆豆"],
        ["李雷", "0138", "来福"],
    ]
    assert [row[4] for row in table[1:3]] == ["Error", "Phone: “见备注” is no phone number that can be called"]
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"strings_to_formulas": False})
    sheet = book.add_worksheet("x")
    for row_no, row in enumerate(table):
        for column, text in enumerate(row):
            sheet.write(row_no, column, {"见备注": "13812346871", "0138": "13812346872"}.get(str(text), text))
    book.close()
    later = await upload(browser, clinic.slug, buffer.getvalue(), "更正.xlsx")
    fields = columns_of((await browser.get(later)).text)
    assert list(fields.values()) == ["name", "phone", "pet_name", "note", ""]
    await browser.send_form(f"{later}/mapping", fields)
    async with clinic.unit() as uow:
        counts = (await get_batch(uow, UUID(later.rpartition("/")[2]))).counts
    assert (counts.new, counts.error) == (2, 0)


def test_every_reason_has_words() -> None:
    modules = (beyond, cells, dates, matching, reading, rows)
    sources = "".join(Path(str(module.__file__)).read_text() for module in modules)
    codes = set(re.findall(r'CellProblem\("([a-z-]+)"', sources))
    codes |= set(re.findall(r'Problem\([^"\n]*"?\w*"?,? ?"([a-z]+(?:-[a-z]+)+)"', sources))
    codes |= {"own-number", "own-choice", "email-bad", "wechat-bad", "tag-new", "tags-no-room"}
    assert codes <= set(PROBLEMS), codes - set(PROBLEMS)
    told = set(re.findall(r'"((?:has|is|in)-[a-z]+)"', Path(str(references.__file__)).read_text()))
    assert told <= set(KEPT), told - set(KEPT)
