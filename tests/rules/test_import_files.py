"""Files of lists without a database: sheets, encodings, formulas, and everything too large or broken."""

import io
import zipfile
from datetime import datetime

import pytest
import xlsxwriter

from core.imports.rules import files
from core.imports.rules.files import FileProblem, Layout, decode, formula_cells, read_rows, sniff


def workbook(*, hide: bool = False, empty: bool = False) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    first, second = book.add_worksheet("一"), book.add_worksheet("二")
    if not empty:
        second.write_row(2, 1, ["x", 1.5, True])
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        second.write_datetime(3, 1, datetime(2020, 4, 28), day)  # noqa: DTZ001 - a spreadsheet knows no zone
        second.write_datetime(3, 2, datetime(2020, 4, 28, 9, 30), book.add_format({"num_format": "yyyy-mm-dd hh:mm"}))  # noqa: DTZ001 - same
        second.write_formula(4, 26, "=1+1", None, 2)
    if hide:
        second.activate()
        first.hide()
    book.close()
    return buffer.getvalue()


def test_cells_of_a_sheet_keep_their_place_and_their_meaning() -> None:
    content = workbook()
    layout = sniff(content, sheet="二")
    assert (layout.sheets, layout.sheet) == (("一", "二"), "二")
    rows = list(read_rows(content, layout))
    assert rows[0] == (3, ["", "x", "1.5", "1", *[""] * 23])
    assert rows[1][1][1:3] == ["2020-04-28", "2020-04-28 09:30:00"]
    assert formula_cells(content, "二") == {(5, 26)}
    assert formula_cells(content, "nowhere") == frozenset()
    assert formula_cells(b"a,b", "二") == frozenset()
    assert list(read_rows(content, Layout(kind="workbook", sheet="nowhere"))) == []


def test_a_hidden_sheet_is_not_offered() -> None:
    assert sniff(workbook(hide=True)).sheets == ("二",)


def rezip(content: bytes, drop: str = "", change: tuple[str, bytes, bytes] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            data = old.read(part)
            if change and part.filename == change[0]:
                data = data.replace(change[1], change[2])
            if part.filename != drop:
                new.writestr(part.filename, data)
    return buffer.getvalue()


def test_a_workbook_whose_inner_list_is_odd_has_no_known_formulas() -> None:
    rels = "xl/_rels/workbook.xml.rels"
    content = workbook()
    absolute = rezip(content, change=(rels, b'Target="worksheets', b'Target="/xl/worksheets'))
    assert formula_cells(absolute, "二") == {(5, 26)}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert files._sheet_path(archive, 9) == ""
    with zipfile.ZipFile(io.BytesIO(rezip(content, drop=rels))) as archive:
        assert files._sheet_path(archive, 0) == ""


def test_a_sheet_that_is_no_xml_is_told() -> None:
    broken = rezip(workbook(), change=("xl/worksheets/sheet2.xml", b"<sheetData>", b"<sheetData><row r='x'"))
    with pytest.raises(FileProblem, match="file-broken"):
        list(read_rows(broken, Layout(kind="workbook", sheet="二")))


def test_a_workbook_that_unpacks_to_far_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = workbook()
    monkeypatch.setattr(files, "MAX_UNPACKED", 100)
    with pytest.raises(FileProblem, match="file-unpacks-too-large"):
        sniff(content)


def test_a_workbook_whose_sheets_are_all_hidden_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_sheets", lambda _: [("一", False)])
    with pytest.raises(FileProblem, match="file-empty"):
        sniff(workbook())


def test_more_rows_and_columns_than_we_take_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_ROWS", 2)
    monkeypatch.setattr(files, "MAX_COLUMNS", 2)
    layout = Layout(kind="csv", encoding="utf-8", delimiter=",")
    assert len(list(read_rows(b"a,b\n1,2\n3,4\n", layout))) == 3
    with pytest.raises(FileProblem, match="too-many-rows"):
        list(read_rows(b"a,b\n1,2\n3,4\n5,6\n", layout))
    assert len(list(read_rows(b"a,b,\n", layout))) == 1
    with pytest.raises(FileProblem, match="too-many-columns"):
        list(read_rows(b"a,b,c\n", layout))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_found(encoding: str) -> None:
    assert decode("name,phone\nAnna,13812345678\n".encode(encoding))[1] == encoding
    assert decode("姓名,手机".encode("utf-16"), "utf-16")[0] == "姓名,手机"
    assert decode("姓名,手机".encode("utf-16-le"), "utf-16")[0] == "姓名,手机"


def test_big5_is_read_when_it_is_chosen_or_nothing_else_fits() -> None:
    assert decode("姓名,電話".encode("big5"), "big5")[0] == "姓名,電話"
    with pytest.raises(FileProblem, match="unknown-encoding"):
        decode(b"a\xff\xff")


def test_a_broken_quote_is_told_with_its_line() -> None:
    with pytest.raises(FileProblem, match="file-broken"):
        list(read_rows(b'a,b\n"' + b"x" * 140_000, Layout(kind="csv", encoding="utf-8", delimiter=",")))
    assert sniff(b'a,b\n"' + b"x" * 140_000).delimiter == ","


def test_a_line_without_separators_still_has_one_column() -> None:
    assert sniff("姓名\n王小美\n".encode()).delimiter == ","
