"""Answers that are files to keep: lists as CSV, sheets as a workbook, and the headers with which a browser saves them."""

import io
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

import xlsxwriter
from litestar import Response

from core.imports.rules.files import MAX_CELL, write_csv

MEDIA: Final = {
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
MAX_TITLE: Final = 31
"""Characters; the limit of a spreadsheet's own tabs, which refuse some characters altogether."""
_BAD_IN_TITLE: Final = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
Cell = str | float | None


def download(content: bytes, name: str) -> Response[bytes]:
    """Answer with a file that no cache keeps; the end of its name says what it is."""
    # A header holds no Chinese: such a name goes percent-encoded (RFC 6266).
    named = f'filename="{name}"' if name.isascii() else f"filename*=UTF-8''{quote(name, safe='')}"
    headers = {"content-disposition": f"attachment; {named}", "cache-control": "no-store"}
    return Response(content, status_code=200, media_type=MEDIA[name.rpartition(".")[2]], headers=headers)


def csv_download(rows: Sequence[Sequence[str]], name: str) -> Response[bytes]:
    """Answer with a list, its headings first."""
    return download(write_csv(rows), name)


def sheet_title(text: str) -> str:
    """A title that a spreadsheet takes."""
    return text.translate(_BAD_IN_TITLE).strip()[:MAX_TITLE] or "-"


def workbook(sheets: Mapping[str, Sequence[Sequence[Cell]]], *, wrapped: bool = False) -> bytes:
    """Return sheets by their titles, the headings first and frozen; numbers stay numbers, what begins with = stays text."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, options)
    style = book.add_format({"text_wrap": True, "valign": "top"}) if wrapped else None
    for title, rows in sheets.items():
        sheet = book.add_worksheet(sheet_title(title))
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, max(map(len, rows), default=1) - 1, 22 if wrapped else 18)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, column, value[:MAX_CELL], style)
                elif value is not None:
                    sheet.write_number(number, column, value, style)
    book.close()
    return buffer.getvalue()
