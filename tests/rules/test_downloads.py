"""Files that pages answer with: what a spreadsheet refuses never reaches it."""

import io

from python_calamine import CalamineWorkbook

from web.downloads import csv_download, sheet_title, workbook


def test_a_tab_never_has_a_title_that_spreadsheets_refuse() -> None:
    assert sheet_title("5/6月 [回访]") == "5 6月  回访"
    assert len(sheet_title("长" * 40)) == 31
    assert sheet_title("'") == "-"


def test_numbers_stay_numbers_and_text_is_never_calculated_in_a_workbook() -> None:
    content = workbook({"5/6月": [["姓名", "积分"], ["=1+1", -30], [None, 2.5]], "空": []})
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert book.sheet_names == ["5 6月", "空"]
    assert book.get_sheet_by_name("5 6月").to_python() == [["姓名", "积分"], ["=1+1", -30], ["", 2.5]]


def test_a_download_is_saved_under_its_name_and_kept_by_no_cache() -> None:
    answer = csv_download([["姓名"], ["=1+1"]], "list.csv")
    assert answer.media_type == "text/csv; charset=utf-8"
    assert answer.headers == {"content-disposition": 'attachment; filename="list.csv"', "cache-control": "no-store"}
    assert answer.content.decode("utf-8-sig").splitlines() == ["姓名", "'=1+1"]
