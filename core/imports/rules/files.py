"""Opens an uploaded list by what it holds, not by its name: encoding, delimiter, sheets, and limits on all of them."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from itertools import islice
from typing import Any, Literal

import msgspec
import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 100
MAX_CELL = 32_767
"""Characters; the limit of a spreadsheet's own cell."""
MAX_UNPACKED = 300 * 1024 * 1024
MAX_PARTS = 2_000
ENCODINGS = ("utf-8", "gb18030", "utf-16", "big5")
DELIMITERS = (",", "\t", ";", "|")
FileKind = Literal["csv", "workbook"]
Row = tuple[int, list[str]]


class FileProblem(Exception):
    """Why a file cannot be read; the page says what to do about each code."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """How to read a file: found by `sniff`, or as the person chose."""

    kind: FileKind
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()


def sniff(content: bytes, *, encoding: str = "", delimiter: str = "", sheet: str = "") -> Layout:
    """Say what kind of file this is and how to read it; what the person chose comes before what we find.

    Raises:
        FileProblem: empty, too large, no list at all, protected, or in no encoding that we know.
    """
    if not content.strip(b"\x00\t\r\n "):
        raise FileProblem("file-empty")
    if len(content) > MAX_BYTES:
        raise FileProblem("file-too-large", max=MAX_BYTES // 1024 // 1024)
    if content[:4] == b"PK\x03\x04" or content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        sheets = tuple(name for name, visible in _sheets(content) if visible)
        if not sheets:
            raise FileProblem("file-empty")
        return Layout(kind="workbook", sheet=sheet if sheet in sheets else sheets[0], sheets=sheets)
    if content[:5] == b"%PDF-" or content[:3] in {b"\xff\xd8\xff", b"GIF"} or content[:4] == b"\x89PNG":
        raise FileProblem("not-a-list")
    text, found = decode(content, encoding)
    return Layout(kind="csv", encoding=found, delimiter=delimiter or _delimiter(text))


_LOST = "\ufffd"
# What UTF-8 becomes when a program reads it as GBK and saves the result: the text itself is lost.
_MOJIBAKE = re.compile("锟斤拷|烫烫烫|鐨勫|濮撳悕|鎵嬫満")


def decode(content: bytes, encoding: str = "") -> tuple[str, str]:
    """Return the text and its encoding.

    Raises:
        FileProblem: `wrong-encoding` with the first bad line, or `text-lost` when it was spoiled before it came here.
    """
    if encoding:
        if encoding not in ENCODINGS:
            raise FileProblem("wrong-encoding", encoding=encoding[:20], line=1)
        try:
            return _checked(_decode(content, encoding)), encoding
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            raise FileProblem("wrong-encoding", encoding=encoding, line=line) from None
    for candidate in _candidates(content):
        try:
            return _checked(_decode(content, candidate)), candidate
        except UnicodeDecodeError:
            continue
    raise FileProblem("unknown-encoding")


def _candidates(content: bytes) -> tuple[str, ...]:
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return ("utf-16",)
    sample = content[:2000]
    if sample.count(0) > len(sample) // 4:
        return ("utf-16-le", "utf-16-be") if sample[1::2].count(0) >= sample[::2].count(0) else ("utf-16-be",)
    return ("utf-8", "gb18030", "big5")


def _decode(content: bytes, encoding: str) -> str:
    return content.decode(_codec(content, encoding))


def _codec(content: bytes, encoding: str) -> str:
    if encoding == "utf-16" and content[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-16-le"
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _checked(text: str) -> str:
    if _LOST in text or _MOJIBAKE.search(text[:20_000]):
        raise FileProblem("text-lost")
    return text


# Excel's own first line of a CSV.
_SEPARATOR_LINE = re.compile(r'\A"?sep=([,;|\t])"?[;,\t]*\r?$', re.IGNORECASE | re.MULTILINE)


def _delimiter(text: str) -> str:
    """The delimiter that cuts the first lines into the most columns, most evenly."""
    if told := _SEPARATOR_LINE.match(text):
        return told[1]
    lines = "\n".join(text.splitlines()[:30])
    best, best_score = ",", (0.0, 0)
    for candidate in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(lines), delimiter=candidate) if row]
        except csv.Error:
            continue
        usual = max(set(widths), key=widths.count, default=1)
        score = (widths.count(usual) / max(len(widths), 1), usual) if usual > 1 else (0.0, 0)
        if score > best_score:
            best, best_score = candidate, score
    return best


def _sheets(content: bytes) -> list[tuple[str, bool]]:
    workbook = _open(content)
    return [(sheet.name, str(sheet.visible).endswith("Visible")) for sheet in workbook.sheets_metadata]


def _open(content: bytes) -> CalamineWorkbook:
    if content[:4] == b"PK\x03\x04":
        _refuse_bombs(content)
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(content))
    except CalamineError as error:
        raise FileProblem("file-protected" if "assword" in str(error) else "not-a-list") from None


def _refuse_bombs(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile:
        raise FileProblem("file-broken") from None
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise FileProblem("file-unpacks-too-large")


def read_rows(content: bytes, layout: Layout, *, limit: int | None = None) -> Iterator[Row]:
    """Yield (row number as the file's own program shows it, cells as text) of every row that is not empty.

    Raises:
        FileProblem: more rows or columns than we take, or a broken file.
    """
    rows = _csv_rows(content, layout) if layout.kind == "csv" else _sheet_rows(content, layout.sheet)
    filled = (row for row in rows if any(cell.strip() for cell in row[1]))
    for count, row in enumerate(islice(filled, limit), 1):
        if count > MAX_ROWS + 1:
            raise FileProblem("too-many-rows", max=MAX_ROWS)
        if len(row[1]) > MAX_COLUMNS and any(cell.strip() for cell in row[1][MAX_COLUMNS:]):
            raise FileProblem("too-many-columns", max=MAX_COLUMNS)
        yield row


def _csv_rows(content: bytes, layout: Layout) -> Iterator[Row]:
    """Piece by piece: the whole text of a large list would take five times its bytes."""
    encoding = layout.encoding if layout.encoding in ENCODINGS else decode(content)[1]
    text = io.TextIOWrapper(io.BytesIO(content), encoding=_codec(content, encoding), newline="")
    line = 1
    try:
        told = _SEPARATOR_LINE.match(text.readline(200).rstrip("\n"))
        text.seek(0)
        reader = csv.reader(text, delimiter=layout.delimiter or ",")
        for cells in reader:
            if line > 1 or not told:
                yield line, cells
            line = reader.line_num + 1
    except UnicodeDecodeError:
        raise FileProblem("wrong-encoding", encoding=encoding, line=line) from None
    except csv.Error:
        raise FileProblem("file-broken", line=line) from None


def _sheet_rows(content: bytes, sheet: str) -> Iterator[Row]:
    workbook = _open(content)
    try:
        opened = workbook.get_sheet_by_name(sheet) if sheet in workbook.sheet_names else workbook.get_sheet_by_index(0)
        # Rows come from the sheet's first one on, but columns only from the first that holds anything.
        gap = [""] * (opened.start[1] if opened.start else 0)
        for number, cells in enumerate(opened.iter_rows(), 1):
            yield number, gap + [_text(cell) for cell in cells]
    except CalamineError:
        raise FileProblem("file-broken") from None


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


_CELL_WITH_FORMULA = re.compile(rb'<c r="([A-Z]{1,3})(\d+)"[^>]*>\s*<f[ >/]')


def formula_cells(content: bytes, sheet: str) -> frozenset[tuple[int, int]]:
    """Return (row from 1, column from 0) of every cell of an xlsx sheet whose value was calculated."""
    if content[:4] != b"PK\x03\x04":
        return frozenset()
    names = [name for name, _ in _sheets(content)]
    position = names.index(sheet) if sheet in names else 0
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        path = _sheet_path(archive, position)
        xml = archive.read(path) if path else b""
    return frozenset((int(row), _column(letters)) for letters, row in _CELL_WITH_FORMULA.findall(xml))


_SHEET_TAG = re.compile(rb"<sheet [^>]*?r:id=\"([^\"]+)\"")
_RELATION = re.compile(rb"<Relationship [^>]*>")


def _sheet_path(archive: zipfile.ZipFile, position: int) -> str:
    """The part that holds a sheet; the order of parts is not the order of sheets."""
    try:
        ids = _SHEET_TAG.findall(archive.read("xl/workbook.xml"))
        relations = _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels"))
    except KeyError:
        return ""
    wanted = b'Id="' + ids[position] + b'"' if position < len(ids) else b"\x00"
    for relation in relations:
        target = re.search(rb'Target="([^"]+)"', relation)
        if wanted in relation and target:
            path = target[1].decode("utf-8", "replace").removeprefix("/")
            return path if path.startswith("xl/") else f"xl/{path}"
    return ""


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def write_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """A CSV that spreadsheets open as it is: UTF-8 with BOM, and no cell that they would calculate."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([[safe_cell(cell) for cell in row] for row in rows])
    return buffer.getvalue().encode("utf-8-sig")


def write_workbook(rows: Sequence[Sequence[str]], title: str) -> bytes:
    """A workbook in which every cell is a text: phones keep their digits, and nothing is calculated or followed."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, options)
    sheet = book.add_worksheet(title)
    plain = book.add_format({"num_format": "@"})
    sheet.set_column(0, max(map(len, rows), default=1) - 1, 16, plain)
    for row_no, row in enumerate(rows):
        for column, text in enumerate(row):
            if text:
                sheet.write_string(row_no, column, text[:MAX_CELL], plain)
    book.close()
    return buffer.getvalue()


def safe_cell(text: str) -> str:
    """Text that a spreadsheet would take for a formula, behind an apostrophe."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
